/** Attacks on every data plane: none passes through, none keeps others waiting. */
import { connect as connectHttp2, constants, type ClientHttp2Session } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { limits } from './limits.ts';
import { askFor, askRaw } from './testing/backends.ts';
import { PlaneStage, type PlaneKind } from './testing/plane-stage.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const missing = (process.env['STADION_MISSING_PARTS'] ?? '').split(',');
const kinds: readonly PlaneKind[] = missing.includes('haproxy') ? ['embedded'] : ['embedded', 'haproxy'];

describe.each(kinds)('the %s data plane under attack', (kind) => {
  let stage: PlaneStage;
  /** What the service was asked. */
  const asked: string[] = [];
  beforeAll(async () => {
    stage = await PlaneStage.start(kind);
    const service = await stage.backends.start((request, response, body) => {
      asked.push(request.url ?? '');
      response.end(String(body.length));
    });
    await stage.route([service]);
    await stage.carried();
  });
  afterAll(async () => {
    await stage.stop();
  });
  const http = (): number => stage.ports['http'] ?? 0;

  it('lets no second request pass inside the body of one', async () => {
    const inner = 'GET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n';
    const host = 'Host: a.test\r\nConnection: close\r\n';
    const tricks = [
      `POST / HTTP/1.1\r\n${host}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`,
      `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`,
      `POST / HTTP/1.1\r\n${host}Content-Length: 0\r\nContent-Length: ${String(inner.length)}\r\n\r\n${inner}`,
      `POST / HTTP/1.1\r\n${host}Transfer-Encoding: xchunked\r\nContent-Length: 0\r\n\r\n${inner}`,
      `POST / HTTP/1.1\r\n${host}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${inner}`,
      `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n-1\r\n${inner}0\r\n\r\n`,
    ];
    asked.splice(0);
    await Promise.all(tricks.map((text) => askRaw(http(), text)));
    expect(asked).not.toContain('/smuggled');
  });

  it('refuses what names two hosts, and heads that are too large', async () => {
    asked.splice(0);
    expect(await askRaw(http(), 'GET / HTTP/1.1\r\nHost: a.test\r\nHost: b.test\r\n\r\n')).toMatch(/^HTTP\/1\.1 400/);
    const bomb = `X-Bomb: ${'x'.repeat(limits.headerBytes * 2)}`;
    expect(await askRaw(http(), `GET / HTTP/1.1\r\nHost: a.test\r\n${bomb}\r\nConnection: close\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 4(00|31)/,
    );
    expect(asked).toEqual([]);
  });

  it('serves others while many hold back the ends of their heads, and closes on those', async () => {
    const slow = await Promise.all(Array.from({ length: 300 }, () => trickle(http())));
    const answers = await Promise.all(Array.from({ length: 50 }, () => askFor(http(), '/')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    await expect
      .poll(() => slow.filter(({ closed }) => !closed).length, { timeout: limits.headTimeoutMs + 8_000, interval: 200 })
      .toBe(0);
  });

  it('serves others while clients open and reset streams, and sends those away', async () => {
    const attackers = await Promise.all([1, 2].map(() => openSession(http())));
    const path = { [constants.HTTP2_HEADER_AUTHORITY]: 'a.test', [constants.HTTP2_HEADER_PATH]: '/reset' };
    for (const session of attackers) {
      for (let count = 0; count < limits.resetsPerSecond * 5 && !session.destroyed; count += 1) {
        const stream = session.request(path);
        stream.on('error', () => undefined);
        stream.close(constants.NGHTTP2_CANCEL);
      }
    }
    const answers = await Promise.all(Array.from({ length: 20 }, () => askFor(http(), '/')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    // HAProxy takes such streams for so little that it lets them be.
    if (kind === 'embedded') {
      await expect.poll(() => attackers.every(({ destroyed }) => destroyed), { timeout: 30_000 }).toBe(true);
    }
    for (const session of attackers) session.destroy();
  });
});

/** A connection whose head never ends. */
async function trickle(port: number): Promise<Socket> {
  return await new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write('GET / HTTP/1.1\r\nHost: a.test\r\nX-Slow: ');
      socket.off('error', reject);
      socket.on('error', () => undefined);
      socket.resume();
      resolve(socket);
    });
    socket.once('error', reject);
  });
}

function openSession(port: number): Promise<ClientHttp2Session> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(`http://127.0.0.1:${String(port)}`);
    session.once('error', reject);
    session.once('connect', () => {
      session.off('error', reject);
      session.on('error', () => undefined);
      resolve(session);
    });
  });
}
