/** Requests at a fixed rate over connections that stay open, whether or not answers come: what a queue costs shows. */
import { connect, type Socket } from 'node:net';
import { systemClock } from '@stadion/base/system';

/** How to ask. */
export interface OfferedLoad {
  readonly port: number;
  readonly host: string;
  readonly perSecond: number;
  readonly seconds: number;
  readonly connections: number;
}

const TICK_MS = 2;

/** @returns the latencies in milliseconds, from when each request was due */
export async function offer({ port, host, perSecond, seconds, connections }: OfferedLoad): Promise<readonly number[]> {
  const latencies: number[] = [];
  const lines = await Promise.all(Array.from({ length: connections }, () => Line.open(port, host, latencies)));
  const startedAt = systemClock.monotonic();
  const total = perSecond * seconds;
  let sent = 0;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const now = systemClock.monotonic();
      const due = Math.min(total, Math.floor(((now - startedAt) * perSecond) / 1000));
      for (; sent < due; sent += 1) {
        lines[sent % connections]?.ask(startedAt + (sent * 1000) / perSecond);
      }
      if (sent < total || lines.some(({ isWaiting }) => isWaiting)) return;
      clearInterval(timer);
      resolve();
    }, TICK_MS);
  });
  for (const line of lines) line.close();
  return latencies;
}

/** One connection: one request at a time, the others wait for their turn. */
class Line {
  private readonly socket: Socket;
  private readonly request: string;
  private readonly waiting: number[] = [];
  private isBusy = false;

  private constructor(socket: Socket, host: string, latencies: number[]) {
    this.socket = socket;
    this.request = `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const head = text.indexOf('\r\n\r\n');
      const length = Number(/content-length: *(\d+)/i.exec(text)?.[1] ?? 0);
      if (head < 0 || text.length < head + 4 + length) return;
      if (!text.startsWith('HTTP/1.1 200')) throw new Error(`An answer is wrong: ${text.slice(0, 100)}`);
      text = '';
      latencies.push(systemClock.monotonic() - (this.waiting.shift() ?? 0));
      this.isBusy = false;
      this.next();
    });
  }

  static open(port: number, host: string, latencies: number[]): Promise<Line> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => resolve(new Line(socket, host, latencies)));
    });
  }

  get isWaiting(): boolean {
    return this.waiting.length > 0;
  }

  ask(dueAt: number): void {
    this.waiting.push(dueAt);
    this.next();
  }

  close(): void {
    this.socket.destroy();
  }

  private next(): void {
    if (this.isBusy || this.waiting.length === 0) return;
    this.isBusy = true;
    this.socket.write(this.request);
  }
}
