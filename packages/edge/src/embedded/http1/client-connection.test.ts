import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { delay } from '@stadion/base';
import { systemTimers } from '@stadion/base/system';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limits } from '../../limits.ts';
import type { Reply } from '../reply.ts';
import { ClientConnection, LOOK_MS, type ClientHandler } from './client-connection.ts';

let server: Server;
let client: Socket;
let accepted: Promise<Socket>;
beforeEach(async () => {
  server = createServer({ allowHalfOpen: true });
  accepted = new Promise((resolve) => server.once('connection', resolve));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  client = connect((server.address() as AddressInfo).port, '127.0.0.1');
});
afterEach(() => {
  client.destroy();
  server.close();
});

/** The connection, and what it hands on. */
async function serve(handler: Partial<ClientHandler> = {}): Promise<ClientConnection> {
  return new ClientConnection(await accepted, {
    nowMs: () => 0,
    isDraining: () => false,
    request: () => undefined,
    upgrade: () => undefined,
    ...handler,
  });
}

/** What the client gets until the connection ends. */
async function heard(): Promise<number> {
  let size = 0;
  client.on('data', (chunk: Buffer) => (size += chunk.length));
  await new Promise((resolve) => client.once('close', resolve));
  return size;
}

const SIZE = 32 * 1024 * 1024;
const HEAD = ['content-length', String(SIZE)];
const lookForLong = (connection: ClientConnection): void => {
  for (let count = 0; count * LOOK_MS <= limits.clientIdleMs * 2; count += 1) connection.look();
};

describe('a client that takes its time', () => {
  /** The connection, once it has handed on a request, and the reply to that. */
  async function asked(): Promise<[ClientConnection, Reply]> {
    let tell: (reply: Reply) => void = () => undefined;
    const replied = new Promise<Reply>((resolve) => (tell = resolve));
    const connection = await serve({ request: (_incoming, reply) => tell(reply) });
    client.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    return [connection, await replied];
  }

  it('gets all of the last answer on its connection', async () => {
    const [speaker, reply] = await asked();
    reply.start(200, HEAD);
    reply.end(Buffer.alloc(SIZE));
    lookForLong(speaker);
    expect(await heard()).toBeGreaterThan(SIZE);
  });

  it('and says that it has nothing more to say, gets it as well', async () => {
    const [, reply] = await asked();
    reply.start(200, HEAD);
    reply.end(Buffer.alloc(SIZE));
    const ended = new Promise((resolve) => void accepted.then((socket) => socket.once('end', resolve)));
    client.end();
    await ended;
    expect(await heard()).toBeGreaterThan(SIZE);
  });

  it('is not sent ever more of an answer in small pieces', async () => {
    const [, reply] = await asked();
    reply.start(200, []);
    const piece = Buffer.alloc(16 * 1024);
    let mayGoOn = true;
    for (let count = 0; count < 4_000 && mayGoOn; count += 1) {
      mayGoOn = reply.write(piece);
      await delay(systemTimers, 0);
    }
    expect(mayGoOn).toBe(false);
    const drained = new Promise<void>((resolve) => reply.onDrain(resolve));
    client.resume();
    await drained;
  });
});

it('what comes after a change of the protocol is no request', async () => {
  const requests: string[] = [];
  const joined = new Promise<string>((resolve) => {
    void serve({
      request: ({ target }) => requests.push(target),
      upgrade: (_incoming, _socket, rest) => resolve(rest.toString()),
    });
  });
  const upgrade = 'GET /socket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n';
  const rest = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n';
  client.write(`${upgrade}${rest}`);
  expect(await joined).toBe(rest);
  await delay(systemTimers, 0);
  expect(requests).toEqual([]);
});
