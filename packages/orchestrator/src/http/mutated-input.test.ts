import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FakeServer } from './testing/fake-server.ts';

/** Definitions that use most of what there is; each is valid as it stands. */
const APP = {
  id: '/web',
  cmd: 'run',
  instances: 2,
  env: { A: 'b', S: { secret: 's' } },
  secrets: { s: { source: '/s' } },
  constraints: [['hostname', 'LIKE', 'n.*']],
  fetch: [{ uri: 'http://a.example/b.tgz', extract: true }],
  container: {
    type: 'DOCKER',
    docker: { image: 'nginx', parameters: [{ key: 'a', value: 'b' }] },
    portMappings: [{ containerPort: 80, hostPort: 0, name: 'http', labels: { a: 'b' } }],
    volumes: [{ containerPath: '/a', hostPath: '/b', mode: 'RO' }],
  },
  networks: [{ mode: 'container/bridge' }],
  healthChecks: [{ protocol: 'HTTP', portIndex: 0, path: '/' }],
  readinessChecks: [{ name: 'ready', portName: 'http', httpStatusCodesForReady: [200] }],
  upgradeStrategy: { minimumHealthCapacity: 1, maximumOverCapacity: 1, canary: { instances: 1 } },
  unreachableStrategy: { inactiveAfterSeconds: 1, expungeAfterSeconds: 2 },
  labels: { a: 'b' },
  dependencies: ['/g'],
};
const SMALL = {
  id: 'a',
  args: ['run'],
  check: { exec: { command: { shell: 'true' } } },
  ports: [0],
  uris: ['http://a/b'],
};
const GROUP = {
  id: '/g/new',
  apps: [SMALL, { ...SMALL, id: 'b', dependencies: ['a'] }],
  groups: [{ id: 'in', apps: [SMALL], dependencies: ['../a'] }],
  dependencies: ['/g/old'],
};
const POD = {
  id: '/pod',
  labels: { a: 'b' },
  environment: { A: 'b', S: { secret: 's' } },
  secrets: { s: { source: '/s' } },
  containers: [
    {
      name: 'one',
      exec: { command: { argv: ['run'] }, overrideEntrypoint: false },
      resources: { cpus: 1, mem: 64 },
      endpoints: [{ name: 'http', hostPort: 0, protocol: ['tcp'], labels: { a: 'b' } }],
      healthCheck: { http: { endpoint: 'http', path: '/', scheme: 'HTTP' } },
      check: { tcp: { endpoint: 'http' } },
      volumeMounts: [{ name: 'v', mountPath: 'v' }],
      artifacts: [{ uri: 'http://a.example/b' }],
      lifecycle: { killGracePeriodSeconds: 3 },
    },
  ],
  volumes: [{ name: 'v' }],
  networks: [{ mode: 'host' }],
  scaling: { kind: 'fixed', instances: 1 },
  scheduling: {
    backoff: { backoff: 1, backoffFactor: 1.5, maxLaunchDelay: 10 },
    upgrade: { minimumHealthCapacity: 1, maximumOverCapacity: 1 },
    placement: { constraints: [{ fieldName: 'hostname', operator: 'UNIQUE' }] },
    killSelection: 'OLDEST_FIRST',
  },
  executorResources: { cpus: 0.1, mem: 32, disk: 10 },
};

type Path = readonly (string | number)[];

/** Every place in a document, the document itself first. */
function places(value: unknown, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...at, key]))];
}

/** The document with something else at a place; undefined takes it out. */
function changed(value: unknown, [key, ...rest]: Path, junk: unknown): unknown {
  if (key === undefined) return junk;
  if (Array.isArray(value)) {
    return value.map((inner, index) => (index === Number(key) ? changed(inner, rest, junk) : inner));
  }
  return { ...(value as object), [key]: changed((value as Readonly<Record<string, unknown>>)[key], rest, junk) };
}

const JUNK = fc.oneof(
  fc.constantFrom(undefined, null, '', '/', '..', '/web', '\0', -1, 0, 1e9, 1.5, true, [], {}, [[]], [{}], '__proto__'),
  fc.jsonValue({ maxDepth: 2 }),
);

test.each([
  ['POST', '/v2/apps', APP],
  ['PUT', '/v2/apps/web', APP],
  ['PUT', '/v2/apps', [APP, { ...APP, id: '/other' }]],
  ['POST', '/v2/groups', GROUP],
  ['PUT', '/v2/groups/g/new', GROUP],
  ['POST', '/v2/pods', POD],
  ['PUT', '/v2/pods/pod', POD],
  ['POST', '/v2/plan', { app: APP }],
] as const)(
  '%s %s: a good body with nonsense in one or two places is done or refused, whole',
  async (method, url, good) => {
    const all = places(good);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(all.length - 1), JUNK), { minLength: 0, maxLength: 2 }),
        async (changes) => {
          const server = new FakeServer();
          await server.ask('POST', '/v2/groups', { id: '/g', groups: [{ id: 'old' }] });
          const before = server.engine.root.version;
          const body = changes.reduce<unknown>((document, [index, junk]) => {
            const path = all[index] ?? [];
            // The place may have gone with the one before.
            return places(document).some((place) => place.join('/') === path.join('/'))
              ? changed(document, path, junk)
              : document;
          }, good);
          const answer = await server.ask(method, url, body === undefined ? '' : JSON.stringify(body));
          expect(answer.status).toBeLessThan(500);
          const isDone = answer.status < 300;
          if (changes.length === 0) expect(isDone, answer.text).toBe(true);
          expect(server.engine.root.version !== before).toBe(isDone && url !== '/v2/plan');
          if (!isDone) expect([...server.engine.root.specs()]).toEqual([]);
        },
      ),
      { numRuns: 60, examples: [[[]]] },
    );
  },
);
