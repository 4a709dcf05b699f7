/** A name server that knows one SRV name, for tests: every other name does not exist. */
import { Buffer } from 'node:buffer';
import { createSocket, type Socket } from 'node:dgram';

/** The server. */
export class SrvServer {
  ports: readonly number[] = [];
  private socket: Socket | undefined;
  private port = 0;

  get address(): string {
    return `127.0.0.1:${String(this.port)}`;
  }

  /** Listens; after a stop on the same port again. */
  async start(): Promise<void> {
    const socket = createSocket('udp4');
    this.socket = socket;
    socket.on('message', (query, { port, address }) => socket.send(this.answer(query), port, address));
    await new Promise<void>((resolve) => socket.bind(this.port, '127.0.0.1', resolve));
    this.port = socket.address().port;
  }

  stop(): Promise<void> {
    const { socket } = this;
    this.socket = undefined;
    return new Promise((resolve) => (socket === undefined ? resolve() : socket.close(() => resolve())));
  }

  private answer(query: Buffer): Buffer {
    let end = 12;
    while ((query[end] ?? 0) !== 0) end += 1 + (query[end] ?? 0);
    const question = query.subarray(12, end + 5);
    const code = this.ports.length === 0 ? 3 : 0;
    const head = Buffer.from([query[0] ?? 0, query[1] ?? 0, 0x85, 0x80 | code, 0, 1, 0, this.ports.length, 0, 0, 0, 0]);
    return Buffer.concat([head, question, ...this.ports.map(record)]);
  }
}

/** `127.0.0.1` is no host name, but what Node's resolver gives back as it came. */
const TARGET = Buffer.concat([...['127', '0', '0', '1'].map((label) => Buffer.from(`\0${label}`)), Buffer.alloc(1)]);
for (let at = 0; at < TARGET.length - 1;) {
  const next = TARGET.indexOf(0, at + 1);
  TARGET[at] = next - at - 1;
  at = next;
}

/** Owner by pointer, SRV, IN, TTL 0, priority 0, weight 1. */
function record(port: number): Buffer {
  const fixed = [0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 0, 0, 6 + TARGET.length, 0, 0, 0, 1, port >> 8, port & 255];
  return Buffer.concat([Buffer.from(fixed), TARGET]);
}
