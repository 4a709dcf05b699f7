import { expect, test } from 'vitest';
import { FakeServer } from './testing/fake-server.ts';

test('the name server is asked below fixed paths, with queries and escaped ids', async () => {
  const asked: string[] = [];
  const server = new FakeServer({
    names: async (method, path, query) => {
      asked.push(`${method} ${path}?${query.toString()}`);
      return { status: 200, body: { kind: 'json', value: {} } };
    },
  });
  await server.ask('GET', '/v2/names/status');
  await server.ask('GET', '/v2/names/records?text=web&limit=5');
  await server.ask('GET', '/v2/names/lookup?name=web.marathon.mesos&type=A');
  await server.ask('GET', '/v2/names/queries');
  await server.ask('GET', '/v2/names/rotation');
  await server.ask('PUT', '/v2/names/rotation/web.a%3Fb');
  await server.ask('DELETE', '/v2/names/rotation/web.a');
  expect(asked).toEqual([
    'GET /v1/status?',
    'GET /v1/names?text=web&limit=5',
    'GET /v1/lookup?name=web.marathon.mesos&type=A',
    'GET /v1/queries?',
    'GET /v1/rotation?',
    'PUT /v1/rotation/web.a%3Fb?',
    'DELETE /v1/rotation/web.a?',
  ]);
  asked.length = 0;
  expect((await server.ask('PUT', '/v2/names/rotation/..%2F..%2Fmetrics')).status).toBe(404);
  expect(asked).toEqual([]);
});

test('without a name server, or with one that does not answer, it is a bad gateway', async () => {
  const without = await new FakeServer().ask('GET', '/v2/names/status');
  expect(without).toMatchObject({ status: 502 });
  expect(JSON.stringify(without.body)).toContain('--dns-url');
  const broken = new FakeServer({
    names: async () => {
      throw new Error('no route');
    },
  });
  expect(await broken.ask('GET', '/v2/names/status')).toMatchObject({ status: 502, body: { message: 'no route' } });
});
