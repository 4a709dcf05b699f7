/** Every route of the contract, with ids that are there and ids that are not, any query and any body, on a whole orchestrator. */
import { orchestratorRoutes, type Route } from '@stadion/contract/orchestrator';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EngineServer } from './testing/engine-server.ts';

/** Streams do not end by themselves, and these ask other rooms, which are not here. */
const ELSEWHERE = /^\/v2\/(events$|cluster|names|edge)/;
const routes = Object.values<Route>(orchestratorRoutes).filter(({ path }) => !ELSEWHERE.test(path));

/** Stands for an id of a task, an instance or a deployment that there is. */
const KNOWN = '@known';
const word = fc.oneof(
  fc.constant(KNOWN),
  fc.constantFrom('web', 'g', 'g/inner', 'pod', 'none', '..', '*', 'toString', '__proto__', '::status', '%2F', '%00'),
  fc.string({ maxLength: 5 }).map(encodeURIComponent),
);
const query = fc.dictionary(
  fc.constantFrom('force', 'scale', 'wipe', 'embed', 'label', 'id', 'limit', 'planToken', 'after', 'status', 'app'),
  fc.constantFrom('true', 'false', '', '-1', '1e9', 'apps.tasks', 'a==b', 'x', '2026-01-01T00:00:00.000Z'),
  { maxKeys: 3 },
);
const body = fc.oneof(
  fc.constant(undefined),
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(
    { ids: ['web.instance-00000000-0000-4000-8000-000000000000._app.1'] },
    { lock: { reason: 'x' } },
    { windows: [{ days: ['mon'], from: '01:00', to: '02:00' }] },
    { logger: 'root', level: 'debug' },
    { id: '/new', cmd: 'run' },
    { instances: 2 },
    { enforceRole: true },
    ['web.instance-1'],
  ),
);
const asked = fc.record({
  route: fc.constantFrom(...routes),
  words: fc.array(word, { minLength: 4, maxLength: 4 }),
  which: fc.nat(),
  query,
  body,
});

test('whatever is asked of any route is answered, never with 500, and the orchestrator lives on', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(asked, { minLength: 1, maxLength: 20 }), async (requests) => {
      const server = await EngineServer.started();
      await server.ask('PUT', '/v2/groups', {
        apps: [{ id: 'web', cmd: 'run', cpus: 0.1, instances: 2 }],
        groups: [{ id: 'g', groups: [{ id: 'inner', apps: [{ id: 'app', cmd: 'run', cpus: 1000 }] }] }],
      });
      const pod = {
        id: '/pod',
        containers: [{ name: 'a', exec: { command: { shell: 'run' } }, resources: { cpus: 0.1 } }],
      };
      await server.ask('POST', '/v2/pods', pod);
      await server.platform.time.advance(100);
      for (const { route, words, which, query: asking, body: sent } of requests) {
        const { view } = server.platform.engine;
        const known = [
          ...view.deployments().map(({ id }) => id),
          ...server.platform.master.launched,
          ...view.instances('/pod').map(({ id }) => id),
          ...view.root.rootVersions(),
        ];
        const rest = words.map((each) => (each === KNOWN ? (known[which % known.length] ?? 'none') : each));
        const path = route.path.replaceAll(/\{[a-zA-Z]+\}/g, () => rest.shift() ?? 'none');
        const url = `${path}?${new URLSearchParams(asking).toString()}`;
        const { status, text } = await server.ask(route.method, url, sent);
        expect(status, `${route.method} ${url} ${text}`).not.toBe(500);
      }
      await server.platform.time.advance(1000);
      expect(server.platform.fatal).toEqual([]);
      expect((await server.ask('GET', '/v2/apps')).status).toBe(200);
    }),
    { numRuns: 100 },
  );
});
