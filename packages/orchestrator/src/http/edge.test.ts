import { expect, test } from 'vitest';
import { FakeServer } from './testing/fake-server.ts';

test('the edge is asked below fixed paths, with queries', async () => {
  const asked: string[] = [];
  const server = new FakeServer({
    edge: async (method, path, query) => {
      asked.push(`${method} ${path}?${query.toString()}`);
      return { status: 200, body: { kind: 'json', value: {} } };
    },
  });
  await server.ask('GET', '/v2/edge/routes');
  await server.ask('GET', '/v2/edge/test?url=http%3A%2F%2Fshop.test%2F');
  await server.ask('GET', '/v2/edge/certificates');
  expect(asked).toEqual(['GET /v1/routes?', 'GET /v1/test?url=http%3A%2F%2Fshop.test%2F', 'GET /v1/certificates?']);
  expect((await server.ask('GET', '/v2/edge/overrides')).status).toBe(404);
});

test('without an edge it is a bad gateway that says what to do', async () => {
  const without = await new FakeServer().ask('GET', '/v2/edge/routes');
  expect(without).toMatchObject({ status: 502 });
  expect(JSON.stringify(without.body)).toContain('--edge-url');
});
