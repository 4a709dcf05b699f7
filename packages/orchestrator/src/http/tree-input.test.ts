/**
 * Trees of groups and pods, good ones and nonsense, sent to a whole orchestrator: whatever is sent is done as a whole or
 * refused and changes nothing, and what was answered is there after a crash.
 */
import { posix } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { specOf } from '../core/app/spec.ts';
import { podOf } from '../core/pod/run-spec.ts';
import type { TestPlatform } from '../engine/testing/platform.ts';
import { EngineServer } from './testing/engine-server.ts';
import {
  expectRestored,
  expectSameOutside,
  expectScaled,
  expectSound,
  expectUpdated,
  type Body,
  type PlainRoot,
} from './testing/naive-tree.ts';

const NAMES = ['a', 'b', 'c'];
const id = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom(...NAMES) },
  { weight: 2, arbitrary: fc.constantFrom('/a', '/a/b', '/b/c', './a', 'a/b', '../a', '/a/b/c') },
  { weight: 1, arbitrary: fc.constantFrom('', '/', '..', 'A', 'tasks', 'a_b', '-', 'a/', '//b') },
);
const dependencies = fc.array(fc.constantFrom('a', 'b', '/a', '/b', '../c', '/a/b', '/none', '..'), { maxLength: 1 });
const single = {
  labels: { MARATHON_SINGLE_INSTANCE_APP: 'true' },
  upgradeStrategy: { minimumHealthCapacity: 0, maximumOverCapacity: 0 },
};
const app = fc
  .tuple(
    fc.record(
      {
        id,
        cmd: fc.constantFrom('run', 'other'),
        instances: fc.nat(2),
        cpus: fc.constant(0.01),
        dependencies: fc.option(dependencies, { freq: 1 }),
        role: fc.constantFrom('*', '*', '*', '*', 'a', 'x'),
      },
      { requiredKeys: ['id', 'cmd'] },
    ),
    fc.constantFrom({}, {}, single, { labels: { toString: 'a', constructor: 'b' } }),
  )
  .map(([plain, more]): Body => ({ ...plain, ...more }));
const pod = fc.record(
  {
    id,
    containers: fc.array(
      fc.record({ name: fc.constantFrom(...NAMES), exec: fc.constant({ command: { shell: 'run' } }) }),
      { minLength: 1, maxLength: 2 },
    ),
    scaling: fc.record({ kind: fc.constant('fixed'), instances: fc.nat(1) }),
    environment: fc.constantFrom({ A: 'b' }, { A: 'c' }, { valueOf: 'd' }, { 'a-b': 'c' }),
  },
  { requiredKeys: ['id', 'containers'] },
);
const rarely = { freq: 8, nil: null };
const enforceRole = fc.oneof({ weight: 8, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.boolean() });
const { group } = fc.letrec<{ group: Body }>((tie) => ({
  group: fc.oneof(
    { maxDepth: 3 },
    fc.record(
      {
        id,
        apps: fc.uniqueArray(app, { maxLength: 3, selector: (each) => each['id'] }),
        dependencies: fc.option(dependencies, rarely),
        enforceRole,
      },
      { requiredKeys: ['id'] },
    ),
    fc.record(
      {
        id,
        apps: fc.array(app, { maxLength: 1 }),
        groups: fc.uniqueArray(tie('group'), { maxLength: 3, selector: (each) => each['id'] }),
        dependencies,
      },
      { requiredKeys: ['id', 'groups'] },
    ),
  ),
}));
const path = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom('', '/a', '/a', '/b', '/a/b', '/a/b/c') },
  { weight: 1, arbitrary: fc.constantFrom('/b/../a', '/A', '//c//') },
);
const nonsense = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(null, [], {}, [null], 1e300, -1, 1.5, '__proto__', { apps: [[]] }, { groups: [{ groups: {} }] }),
);
/** What is there at the beginning. */
const FIRST = {
  apps: [{ id: 'd', cmd: 'run', cpus: 0.01 }],
  groups: [
    { id: 'a', apps: [{ id: 'a', cmd: 'run', cpus: 0.01, instances: 2 }], groups: [{ id: 'b', apps: [] }] },
    { id: 'b', dependencies: ['/a'], apps: [{ id: 'b', cmd: 'run', cpus: 0.01, ...single }] },
  ],
};

interface Sent {
  readonly kind: 'update' | 'scale' | 'version' | 'patch' | 'delete' | 'pod' | 'raw' | 'plan';
  readonly method: 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly body: unknown;
  readonly force: boolean;
}

/** Some member somewhere is nonsense. */
function spoiled(body: fc.Arbitrary<Body>): fc.Arbitrary<unknown> {
  return fc.tuple(body, fc.nat(), nonsense).map(([good, at, junk]) => {
    const keys = Object.keys(good);
    const key = keys[at % Math.max(1, keys.length)];
    return key === undefined ? junk : { ...good, [key]: junk };
  });
}

const force = fc.constantFrom(true, true, true, false);
const onGroup = path.map((where) => `/v2/groups${where}`);
const put = fc.constant('PUT' as const);
const writes = fc.constantFrom('PUT' as const, 'PUT' as const, 'PUT' as const, 'POST' as const);
const withoutId = group.map(({ id: _id, ...rest }) => rest);

function kindOf(
  weight: number,
  kind: Sent['kind'],
  parts: Readonly<Record<'method' | 'url' | 'body', fc.Arbitrary<unknown>>>,
): { readonly weight: number; readonly arbitrary: fc.Arbitrary<Sent> } {
  return { weight, arbitrary: fc.record({ kind: fc.constant(kind), ...parts, force }) as fc.Arbitrary<Sent> };
}

const sent: fc.Arbitrary<Sent> = fc.oneof(
  kindOf(6, 'update', { method: writes, url: onGroup, body: fc.oneof(withoutId, withoutId, group) }),
  kindOf(1, 'scale', {
    method: put,
    url: onGroup,
    body: fc.record({ scaleBy: fc.constantFrom(0, 0.5, 1.5, 3, 1e300) }),
  }),
  kindOf(3, 'version', { method: put, url: onGroup, body: fc.record({ version: fc.nat(9) }) }),
  kindOf(1, 'patch', { method: fc.constant('PATCH'), url: onGroup, body: fc.record({ enforceRole: fc.boolean() }) }),
  kindOf(1, 'delete', {
    method: fc.constant('DELETE'),
    url: fc.constantFrom('/v2/groups/a', '/v2/groups/a/b', '/v2/groups', '/v2/pods/c', '/v2/pods/a/a'),
    body: fc.constant(undefined),
  }),
  kindOf(3, 'pod', { method: fc.constant('POST'), url: fc.constant('/v2/pods'), body: pod }),
  {
    weight: 3,
    arbitrary: fc
      .tuple(pod, fc.constantFrom('/a', '/a/a', '/a/b/c', '/b/a', '/c'), force)
      .map(([body, podId, isForced]): Sent => {
        return { kind: 'pod', method: 'PUT', url: `/v2/pods${podId}`, body: { ...body, id: podId }, force: isForced };
      }),
  },
  kindOf(1, 'plan', {
    method: fc.constant('POST'),
    url: fc.constant('/v2/plan'),
    body: fc.oneof(fc.record({ group }), fc.record({ apps: fc.array(app, { maxLength: 3 }) }), fc.record({ app })),
  }),
  kindOf(2, 'raw', {
    method: writes,
    url: fc.oneof(onGroup, fc.constantFrom('/v2/pods', '/v2/pods/a')),
    body: fc.oneof(spoiled(group), spoiled(pod), nonsense),
  }),
);

test('whatever is sent as a tree or a pod is done whole or refused and changes nothing, and survives a crash', async () => {
  let accepted = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(sent, { minLength: 1, maxLength: 20 }), async (requests) => {
      const server = await EngineServer.started();
      const { platform } = server;
      const roots = new Map<string, PlainRoot>();
      const first: Sent = { kind: 'update', method: 'PUT', url: '/v2/groups', body: FIRST, force: false };
      expect((await send(server, first, [])).status).toBe(200);
      let before = plainRoot(platform);
      roots.set(platform.engine.view.root.version, before);
      for (const request of requests) {
        const { version } = platform.engine.view.root;
        const { status, body } = await send(server, request, [...roots.keys()]);
        expect(status, JSON.stringify(body)).toBeLessThan(500);
        const after = plainRoot(platform);
        if (status >= 400 || request.kind === 'plan') {
          refused += status >= 400 ? 1 : 0;
          expect(platform.engine.view.root.version).toBe(version);
          expect(after).toEqual(before);
          continue;
        }
        accepted += 1;
        expectSound(after);
        expectAsSent(request, body, before, after, roots);
        roots.set(platform.engine.view.root.version, after);
        before = after;
      }
      await platform.crash();
      expect(plainRoot(platform)).toEqual(before);
      expect(platform.fatal).toEqual([]);
    }),
    { numRuns: 250 },
  );
  // Neither half of the claim may become empty.
  expect(Math.min(accepted, refused)).toBeGreaterThan(150);
}, 120_000);

async function send(
  server: EngineServer,
  { kind, method, url, body, force: isForced }: Sent,
  versions: readonly string[],
): Promise<{ readonly status: number; readonly body: unknown }> {
  const payload = kind === 'version' ? { version: versionAt(versions, body) } : body;
  const { status } = await server.ask(method, `${url}?force=${String(isForced)}`, payload);
  return { status, body: payload };
}

function versionAt(versions: readonly string[], body: unknown): string {
  const { version } = body as { readonly version: number };
  return versions.at(-1 - (version % versions.length)) ?? '';
}

function plainRoot({ engine }: TestPlatform): PlainRoot {
  const { root } = engine.view;
  return {
    specs: new Map(
      [...root.specs()].map((spec) => [
        spec.id,
        {
          isPod: podOf(spec) !== undefined,
          cmd: spec.cmd,
          instances: spec.instances,
          text: JSON.stringify(specOf(spec)),
          dependencies: spec.dependencies ?? [],
        },
      ]),
    ),
    groups: new Map(
      [...root.groups()].map((groupId) => {
        const { dependencies: named = [], enforceRole = false } = root.group(groupId) ?? {};
        return [groupId, { dependencies: named, enforceRole }];
      }),
    ),
  };
}

function expectAsSent(
  { kind, url, method }: Sent,
  body: unknown,
  before: PlainRoot,
  after: PlainRoot,
  roots: ReadonlyMap<string, PlainRoot>,
): void {
  const target = posix.resolve('/', url.replace(/^\/v2\/(groups|pods)\/?/, ''));
  if (url.startsWith('/v2/pods')) {
    if (method === 'DELETE') expect(after.specs.has(target)).toBe(false);
    else expectPod(body as Body, before, after);
    return;
  }
  const { id: named = null, ...members } = (body ?? {}) as Body;
  const groupId = named === null ? target : posix.resolve(target, named as string);
  switch (kind) {
    case 'patch':
      expect(after.groups.get(target)?.enforceRole).toBe((body as Body)['enforceRole']);
      expect(after.specs).toEqual(before.specs);
      return;
    case 'delete':
      expect(
        [...after.specs.keys(), ...after.groups.keys()].filter(
          (each) => each === target || each.startsWith(`${target === '/' ? '' : target}/`),
        ),
      ).toEqual([]);
      expectSameOutside(target, before, after);
      return;
    default:
      if (typeof members['scaleBy'] === 'number') expectScaled(groupId, members['scaleBy'], before, after);
      else if (typeof members['version'] === 'string') {
        const then = roots.get(members['version']);
        if (then !== undefined) expectRestored(groupId, then, after);
      } else expectUpdated(groupId, members, before, after);
      expectSameOutside(groupId, before, after);
  }
}

function expectPod(body: Body, before: PlainRoot, after: PlainRoot): void {
  const podId = posix.resolve('/', String(body['id']));
  const spec = after.specs.get(podId);
  expect(spec?.isPod).toBe(true);
  const containers = body['containers'] as readonly { name: string }[];
  for (const { name } of containers) expect(spec?.text).toContain(`"name":"${name}"`);
  expectSameOutside(podId, before, after);
}
