import { gunzipSync } from 'node:zlib';
import type { Clock, Timers } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';
import { expect, test } from 'vitest';
import { makeApp } from '../core/app/testing/make-app.ts';
import { FakeServer } from './testing/fake-server.ts';

/** The machine's time, counting how often somebody lets others work. */
class CountingTime implements Clock, Timers {
  turns = 0;
  now = (): number => systemClock.now();
  monotonic = (): number => systemClock.monotonic();
  after(delayMs: number, callback: () => void) {
    this.turns += 1;
    return systemTimers.after(delayMs, callback);
  }
}

function serverWith(count: number, time: CountingTime): FakeServer {
  const server = new FakeServer({ time });
  const upserts = Array.from({ length: count }, (_, index) =>
    makeApp({ id: `/group-${String(index % 10)}/app-${String(index).padStart(5, '0')}`, cmd: 'run' }),
  );
  server.engine.root.apply({ upserts, removals: [] });
  for (const app of upserts) server.engine.addTask(app);
  return server;
}

test.each(['/v2/apps', '/v2/groups', '/v2/tasks', '/v2/apps?embed=apps.tasks'])(
  '%s of 3000 apps comes in turns, and is whole',
  async (url) => {
    const time = new CountingTime();
    const server = serverWith(3000, time);
    const { body, headers } = await server.ask('GET', url);
    expect(JSON.stringify(body).split('/app-').length).toBeGreaterThan(3000);
    expect(headers['transfer-encoding']).toBe('chunked');
    expect(time.turns).toBeGreaterThan(5);
  },
);

test('long and short answers are compressed when the client likes it', async () => {
  const server = serverWith(500, new CountingTime());
  for (const [accept, encoding] of [
    ['gzip', 'gzip'],
    ['br, gzip;q=0.5', 'gzip'],
    ['gzip;q=0', undefined],
    ['br', undefined],
  ] as const) {
    for (const url of ['/v2/apps', '/v2/info']) {
      const headers = { 'accept-encoding': accept };
      const answer = await server.http.inject({ method: 'GET', url, headers });
      expect(answer.headers['content-encoding']).toBe(encoding);
      const bytes = encoding === undefined ? answer.rawPayload : gunzipSync(answer.rawPayload);
      expect(JSON.parse(bytes.toString())).toHaveProperty(url === '/v2/info' ? 'name' : 'apps');
    }
  }
});

test('apps may go while a list of them is being written', async () => {
  const time = new CountingTime();
  const server = serverWith(2000, time);
  const asked = server.ask('GET', '/v2/apps');
  server.engine.root.apply({ upserts: [], removals: ['/group-9/app-01999', '/group-0/app-00000'] });
  expect((await asked).body).toHaveProperty('apps');
});

test('a client that leaves in the middle ends the work', async () => {
  const time = new CountingTime();
  const server = serverWith(5000, time);
  const address = await server.http.listen({ host: '127.0.0.1', port: 0 });
  try {
    const abort = new AbortController();
    const answer = await fetch(`${address}/v2/apps`, { signal: abort.signal });
    abort.abort();
    await expect(answer.text()).rejects.toThrow();
    expect((await fetch(`${address}/ping`)).status).toBe(200);
  } finally {
    await server.http.close();
  }
});

test('a server that stops still gives the answers that it has begun', async () => {
  const time = new CountingTime();
  const server = serverWith(5000, time);
  const address = await server.http.listen({ host: '127.0.0.1', port: 0 });
  const answer = await fetch(`${address}/v2/apps`);
  const [body] = await Promise.all([answer.json(), server.http.close()]);
  expect((body as { apps: unknown[] }).apps).toHaveLength(5000);
});
