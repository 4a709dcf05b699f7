import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FakeServer } from './testing/fake-server.ts';

const app = (more: string): string => `{"id":"web","cmd":"run",${more}}`;

test.each([
  ['a prototype key', '{"__proto__":{"admin":true},"id":"web","cmd":"run"}'],
  ['a prototype label', app('"labels":{"__proto__":"x"}')],
  ['deep nesting', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
  ['a deep list', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
  ['a number without end', app('"cpus":1e999')],
  ['too many instances', app('"instances":1e20')],
  ['negative memory', app('"mem":-1')],
  ['a port out of range', app('"ports":[70000]')],
  ['ports twice', app('"ports":[80,80]')],
  ['more than all cores of the world', app('"cpus":1e15')],
  ['an id with NUL', '{"id":"a\\u0000b","cmd":"run"}'],
  ['an id of a megabyte', `{"id":"${'a'.repeat(1_000_000)}","cmd":"run"}`],
  ['a lone surrogate as id', '{"id":"\\ud800","cmd":"run"}'],
  ['a regular expression that never ends', app(`"constraints":[["hostname","LIKE","${'(a+)+'.repeat(500)}"]]`)],
])('%s is refused with 4xx', async (_what, body) => {
  const answer = await new FakeServer().ask('POST', '/v2/apps', body);
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.status).toBeLessThan(500);
});

test('an id that climbs out ends at the root', async () => {
  const server = new FakeServer();
  expect((await server.ask('POST', '/v2/apps', { id: '../../../etc/passwd', cmd: 'run' })).status).toBe(201);
  expect(server.engine.root.app('/etc/passwd')).toBeDefined();
  expect((await server.ask('POST', '/v2/apps', { id: 'a/..', cmd: 'run' })).status).toBe(422);
});

test('lone surrogates and control characters in texts are kept as they are', async () => {
  const server = new FakeServer();
  const labels = { a: '\ud800', 'b\n': '\u0001' };
  expect((await server.ask('POST', '/v2/apps', { id: 'web', cmd: 'run', labels })).status).toBe(201);
  expect((await server.ask('GET', '/v2/apps/web')).body).toMatchObject({ app: { labels } });
});

test('labels with names of Object.prototype are labels', async () => {
  const server = new FakeServer();
  const labels = { constructor: 'a', hasOwnProperty: 'b', toString: 'c' };
  expect((await server.ask('POST', '/v2/apps', { id: 'web', cmd: 'run', labels })).status).toBe(201);
  expect((await server.ask('GET', '/v2/apps?label=constructor%3D%3Da')).body).toMatchObject({ apps: [{ labels }] });
});

test('ten thousand labels are kept; a definition beyond its limit is refused by name', async () => {
  const server = new FakeServer();
  const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`label-${String(index)}`, 'x']));
  expect((await server.ask('POST', '/v2/apps', { id: 'web', cmd: 'run', labels: many })).status).toBe(201);
  const answer = await server.ask('POST', '/v2/apps', { id: 'b', cmd: 'run', labels: { a: 'x'.repeat(600_000) } });
  expect(answer.status).toBe(422);
  expect(answer.text).toContain('the limit for one definition is 524288');
});

test('whatever the path, the answer is never a 500', async () => {
  const server = new FakeServer();
  const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...methods),
      fc.constantFrom('/v2/apps/', '/v2/queue/', '/v2/groups/', '/v2/tasks', '/v2/deployments/', '/'),
      fc.webPath(),
      async (method, prefix, path) => {
        const answer = await server.http.inject({ method, url: prefix + path });
        expect(answer.statusCode).toBeLessThan(500);
      },
    ),
    { numRuns: 300 },
  );
});

test('whatever the JSON, the answer is never a 500', async () => {
  const server = new FakeServer();
  const keys = ['id', 'cmd', 'container', 'docker', 'image', 'networks', 'ports', 'env', 'healthChecks', 'labels'];
  const { node } = fc.letrec<{ node: unknown }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 4 },
      fc.jsonValue({ maxDepth: 1 }),
      fc.array(tie('node'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...keys), tie('node'), { maxKeys: 5 }),
    ),
  }));
  await fc.assert(
    fc.asyncProperty(node, async (body) => {
      const answer = await server.ask('POST', '/v2/apps', { id: 'web', cmd: 'run', container: body });
      expect(answer.status).toBeLessThan(500);
      const whole = await server.ask('PUT', '/v2/apps/web', JSON.stringify(body));
      expect(whole.status).toBeLessThan(500);
    }),
    { numRuns: 300 },
  );
});

test('whatever the JSON, a group or plan is never a 500, and what is refused changes nothing', async () => {
  const server = new FakeServer();
  await server.ask('POST', '/v2/groups', { id: '/g', apps: [{ id: 'a', cmd: 'run' }], groups: [{ id: 'b' }] });
  const keys = ['id', 'apps', 'groups', 'dependencies', 'scaleBy', 'version', 'enforceRole', 'cmd', 'app', 'group'];
  const text = fc.constantFrom('/g', 'a', '/g/b', '..', '/', 'b', 'run', '2026-01-01T00:00:01.000Z');
  const { node } = fc.letrec<{ node: unknown }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 4 },
      fc.oneof(text, fc.jsonValue({ maxDepth: 1 })),
      fc.array(tie('node'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...keys), tie('node'), { maxKeys: 5 }),
    ),
  }));
  const methods = fc.constantFrom(
    ['PUT', '/v2/groups/g'] as const,
    ['PUT', '/v2/groups'] as const,
    ['POST', '/v2/groups'] as const,
    ['PATCH', '/v2/groups/g'] as const,
    ['POST', '/v2/plan'] as const,
    ['PUT', '/v2/policies/g'] as const,
  );
  await fc.assert(
    fc.asyncProperty(methods, node, async ([method, url], body) => {
      const before = server.engine.root.version;
      const answer = await server.ask(method, url, JSON.stringify(body));
      expect(answer.status).toBeLessThan(500);
      if (answer.status >= 400 || url === '/v2/plan') expect(server.engine.root.version).toBe(before);
    }),
    { numRuns: 500 },
  );
});
