import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { systemTimers } from '@stadion/base/system';
import { VirtualTime } from '@stadion/base/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ServicePolicy } from '../../core/model.ts';
import { limits } from '../../limits.ts';
import type { Exchange } from '../exchange.ts';
import type { Attempt, AttemptListener, Outgoing } from './attempt.ts';
import { sendHttp1 } from './http1-attempt.ts';
import { Http1Pools } from './http1-pools.ts';

/** What a try came to. */
class Ear implements AttemptListener {
  said = '';
  attempt: Attempt | undefined = undefined;
  readonly over: Promise<string>;
  private tell: (outcome: string) => void = () => undefined;

  constructor() {
    this.over = new Promise((resolve) => (this.tell = resolve));
  }

  onSent(): void {
    this.said += 'sent ';
  }

  onHead(status: number): boolean {
    this.said += `${String(status)} `;
    return true;
  }

  onChunk(chunk: Buffer): boolean {
    this.said += `${chunk.toString()} `;
    return true;
  }

  onEnd(): void {
    this.tell(`${this.said}end`);
  }

  onFailure(error: unknown): void {
    this.tell(`${this.said}${String((error as { readonly code?: string }).code)}`);
  }
}

const LARGE = 1024 * 1024;

/** Takes a piece at a time, and keeps all of them as they were given. */
class SlowEar extends Ear {
  readonly pieces: Buffer[] = [];
  /** Pieces that came while it had asked for none. */
  unasked = 0;
  private isAsking = true;

  override onChunk(chunk: Buffer): boolean {
    this.pieces.push(chunk);
    if (!this.isAsking) this.unasked += 1;
    this.isAsking = false;
    systemTimers.after(0, () => {
      this.isAsking = true;
      this.attempt?.resume();
    });
    return false;
  }
}

const policy = { scheme: 'http', connectTimeoutMs: 1_000, answerTimeoutMs: 5_000 } as ServicePolicy;
let time: VirtualTime;
let pools: Http1Pools;
let server: Server;
let sockets: Socket[];
let heard: ((socket: Socket) => void)[];

beforeEach(async () => {
  time = new VirtualTime();
  pools = new Http1Pools({ timers: time, nowMs: () => time.monotonic() });
  sockets = [];
  heard = [];
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', () => heard.shift()?.(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  pools.close();
  server.close();
});

function send(change: Partial<Outgoing> = {}, ear = new Ear()): Ear {
  const { port } = server.address() as AddressInfo;
  const target = { id: `127.0.0.1:${String(port)}`, host: '127.0.0.1', port } as Outgoing['server'];
  const outgoing: Outgoing = {
    exchange: {} as Exchange,
    server: target,
    policy,
    method: 'GET',
    target: '/',
    headers: ['host', 'x'],
    body: { kind: 'none' },
    ...change,
  };
  ear.attempt = sendHttp1(pools.of(target, policy), outgoing, ear);
  return ear;
}

/** The next request that the server hears. */
const nextRequest = (): Promise<Socket> => new Promise((resolve) => heard.push(resolve));
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

describe('a pool of connections', () => {
  it('uses the one that was used last, and opens another where all are busy', async () => {
    const first = nextRequest();
    const one = send();
    const second = nextRequest();
    const socket = await first;
    const other = send();
    (await second).write(ok);
    socket.write(ok);
    expect([await one.over, await other.over]).toEqual(['sent 200 ok end', 'sent 200 ok end']);
    const third = nextRequest();
    const again = send();
    (await third).write(ok);
    await again.over;
    expect(sockets).toHaveLength(2);
  });

  it('gives up on a server that does not answer in time, and not on one that has begun', async () => {
    const begun = nextRequest();
    const slow = send();
    const socket = await begun;
    const asked = nextRequest();
    const mute = send();
    await asked;
    const head = new Promise((resolve) => (slow.onHead = () => (resolve(undefined), true)));
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n');
    await head;
    await time.advance(policy.answerTimeoutMs + 1_000);
    expect(await mute.over).toBe('sent ANSWER_TIMEOUT');
    socket.write('late');
    expect(await slow.over).toBe('sent late end');
  });

  it('opens a new one when the last has idled for longer than its server keeps it', async () => {
    for (const keepsSeconds of [2, 2]) {
      const asked = nextRequest();
      const ear = send();
      (await asked).write(`HTTP/1.1 204 X\r\nKeep-Alive: timeout=${String(keepsSeconds)}\r\n\r\n`);
      await ear.over;
      await time.advance(1_100);
    }
    expect(sockets).toHaveLength(2);
  });

  it('lets what is under way finish when a server takes nothing more, and then has no connection to it', async () => {
    const asked = nextRequest();
    const ear = send();
    const socket = await asked;
    const { port } = server.address() as AddressInfo;
    pools.release({ id: `127.0.0.1:${String(port)}` } as Outgoing['server']);
    const closed = new Promise((resolve) => socket.once('end', resolve));
    socket.write(ok);
    expect(await ear.over).toBe('sent 200 ok end');
    await closed;
  });

  it('makes tries wait beyond its limit, and forgets those that are given up', async () => {
    const busy = Array.from({ length: limits.connectionsPerServer }, () => send());
    await expect.poll(() => sockets.length).toBe(limits.connectionsPerServer);
    const waiting = send();
    sockets[0]?.write(ok);
    const asked = nextRequest();
    expect(await busy[0]?.over).toBe('sent 200 ok end');
    (await asked).write(ok);
    expect(await waiting.over).toBe('sent 200 ok end');
    expect(sockets).toHaveLength(limits.connectionsPerServer);
  });

  it('keeps what comes on two connections at once apart, and asks for more only when there is room', async () => {
    const ears = ['a', 'b'].map((letter) => {
      heard.push((socket) =>
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${String(LARGE)}\r\n\r\n${letter.repeat(LARGE)}`),
      );
      return send({}, new SlowEar()) as SlowEar;
    });
    for (const ear of ears) expect(await ear.over).toBe('sent 200 end');
    const bodies = ears.map(({ pieces }) => Buffer.concat(pieces).toString());
    expect(bodies.toSorted().map((body) => body === body.charAt(0).repeat(LARGE))).toEqual([true, true]);
    expect(bodies[0]?.charAt(0)).not.toBe(bodies[1]?.charAt(0));
    expect(ears.map(({ unasked }) => unasked)).toEqual([0, 0]);
  });

  it('sends nothing that could be read as two requests', async () => {
    const bad: readonly Partial<Outgoing>[] = [
      { target: '/ HTTP/1.1\r\nX: y' },
      { target: '/a b' },
      { method: 'GET /' },
      { headers: ['host', 'x\r\nX: y'] },
      { headers: ['host', 'x', 'X\r\nY', 'z'] },
      { headers: ['host', 'ж'] },
    ];
    for (const change of bad) expect(await send(change).over).toBe('BAD_REQUEST');
  });
});
