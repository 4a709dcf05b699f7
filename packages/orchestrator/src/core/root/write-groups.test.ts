import { describe, expect, test, beforeEach } from 'vitest';
import type { AppInput } from '@stadion/contract/orchestrator';
import { standardServicePorts } from '../app/service-ports.ts';
import { standardDefaults } from '../app/spec.ts';
import { decodeGroup } from './decode-group.ts';
import { FakeRoot } from './testing/fake-root.ts';
import { createApp } from './write-apps.ts';
import { createPod, deletePod } from './write-pods.ts';
import { deleteApp } from './change-apps.ts';
import { createGroup, deleteGroup, setEnforceRole, updateGroup } from './write-groups.ts';
import { changed, type ChangeContext } from './change.ts';

const context: ChangeContext = { defaults: standardDefaults, servicePorts: standardServicePorts, seed: 1 };
const cmd = 'run';
let root = new FakeRoot();

beforeEach(() => {
  root = new FakeRoot();
});

function read(body: object) {
  const decoded = decodeGroup(body as Parameters<typeof decodeGroup>[0]);
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.violations));
  return decoded.value;
}

function post(id: string, body: object) {
  return root.run(createGroup(id, read(body), context));
}

function put(id: string, body: object) {
  return root.run(updateGroup(id, read(body), context));
}

function app(input: AppInput) {
  return root.run(createApp(input, context));
}

function pod(id: string, name = 'one') {
  return root.run(createPod({ id, containers: [{ name, exec: { command: { shell: cmd } } }] }, context));
}

function violated(outcome: ReturnType<typeof put>): readonly string[] {
  if (outcome.ok || outcome.rejection.kind !== 'invalid') return [];
  return (outcome.rejection.violations ?? []).map(({ path, errors }) => `${path} ${errors.join()}`);
}

function ids(groupId = '/'): string[] {
  return [...root.groups(groupId), ...root.apps(groupId).map(({ id }) => id)].sort();
}

const shop = {
  id: '/shop',
  groups: [
    {
      id: 'data',
      apps: [
        { id: 'db', cmd },
        { id: '/shop/data/cache', cmd, instances: 2 },
      ],
    },
    { id: 'front', dependencies: ['/shop/data'], apps: [{ id: 'web', cmd, instances: 3 }] },
  ],
};

describe('creating a group', () => {
  test('creates everything in it, ids relative to the group around them', () => {
    expect(post('/shop', shop)).toMatchObject({
      ok: true,
      value: { created: ['/shop/data/db', '/shop/data/cache', '/shop/front/web'] },
    });
    expect(ids()).toEqual([
      '/shop',
      '/shop/data',
      '/shop/data/cache',
      '/shop/data/db',
      '/shop/front',
      '/shop/front/web',
    ]);
    expect(root.group('/shop/front')).toMatchObject({ dependencies: ['/shop/data'], enforceRole: false });
  });

  test('may create an empty one, which then exists', () => {
    post('/empty', {});
    expect(root.isGroup('/empty')).toBe(true);
  });

  test('refuses an id that is taken, in the words of Marathon', () => {
    post('/shop', {});
    app({ id: '/web', cmd });
    expect(post('/shop', {})).toMatchObject({
      rejection: { kind: 'exists', message: 'Group /shop is already created. Use PUT to change this group.' },
    });
    expect(post('/web', {})).toMatchObject({
      rejection: { kind: 'exists', message: 'An app with the path /web already exists.' },
    });
    expect(post('/', {})).toMatchObject({ rejection: { kind: 'exists' } });
  });

  test('says where in the tree an app is wrong, and creates nothing', () => {
    const body = {
      groups: [
        {
          id: 'a',
          apps: [
            { id: 'x', cmd },
            { id: 'y', cmd, healthChecks: [{ portIndex: 9 }] },
          ],
        },
      ],
    };
    expect(violated(post('/g', body))).toEqual([expect.stringMatching(/^\/groups\(0\)\/apps\(1\)\/healthChecks/)]);
    expect(ids()).toEqual([]);
  });

  test.each([
    [{ apps: [{ id: '/elsewhere/x', cmd }] }, "/apps(0)/id Identifier is not child of '/g'"],
    [{ apps: [{ id: 'deep/x', cmd }] }, "/apps(0)/id Identifier is not child of '/g'"],
    [{ groups: [{ id: '/elsewhere' }] }, "/groups(0)/id Identifier is not child of '/g'"],
    [{ apps: [{ cmd }] }, '/apps(0)/id error.path.missing'],
    [{ groups: [{}] }, '/groups(0)/id error.path.missing'],
    [
      {
        apps: [
          { id: 'x', cmd },
          { id: '/g/x', cmd },
        ],
      },
      '/apps(1)/id /g/x occurs more than once',
    ],
    [{ apps: [{ id: 'x', cmd }], groups: [{ id: 'x' }] }, '/groups(0)/id /g/x occurs more than once'],
    [{ groups: [{ id: 'x', scaleBy: 2 }] }, '/groups(0)/scaleBy is only possible for the outermost group'],
    [
      { groups: [{ id: 'x', enforceRole: true }] },
      '/groups(0)/enforceRole is only possible for a group directly below the root',
    ],
    [{ dependencies: ['/nowhere'] }, '/dependencies(0) there is no app or group with the id /nowhere'],
    [{ scaleBy: 2, apps: [] }, '/scaleBy must be the only member beside the id'],
    [{ version: '2026-01-01T00:00:00.000Z', scaleBy: 1 }, '/scaleBy must be the only member beside the id'],
  ])('refuses %j', (body, wrong) => {
    expect(violated(put('/g', body))).toEqual([wrong]);
    expect(ids()).toEqual([]);
  });

  test('refuses an id that is none', () => {
    expect(violated(put('/Shop', {}))[0]).toMatch(/^\/id must fully match/);
  });
});

describe('updating a group', () => {
  beforeEach(() => {
    post('/shop', shop);
  });

  test('takes the apps given for all there are, and leaves groups alone when none are given', () => {
    const before = root.app('/shop/data/db');
    expect(put('/shop/data', { apps: [{ id: 'db', cmd }] })).toMatchObject({
      ok: true,
      value: { upserts: [], removals: ['/shop/data/cache'] },
    });
    expect(root.app('/shop/data/db')).toBe(before);
    expect(root.app('/shop/front/web')).toBeDefined();
  });

  test('takes the groups given for all there are, with everything in the others', () => {
    put('/shop', { groups: [{ id: 'data' }] });
    expect(ids()).toEqual(['/shop', '/shop/data', '/shop/data/cache', '/shop/data/db']);
  });

  test('replaces an app as a whole', () => {
    put('/shop/front', { apps: [{ id: 'web', cmd: 'other' }] });
    expect(root.app('/shop/front/web')).toMatchObject({ cmd: 'other', instances: 1 });
    expect(root.group('/shop/front')?.dependencies).toEqual(['/shop/data']);
  });

  test('creates what is missing', () => {
    expect(put('/new/inner', { apps: [{ id: 'x', cmd }] }).ok).toBe(true);
    expect(root.isGroup('/new')).toBe(true);
  });

  test('scales every app in it, rounding up', () => {
    put('/shop', { scaleBy: 1.5 });
    const instances = Object.fromEntries(root.apps().map((one) => [one.id, one.instances]));
    expect(instances).toEqual({ '/shop/data/db': 2, '/shop/data/cache': 3, '/shop/front/web': 5 });
    put('/shop', { scaleBy: 0 });
    expect(root.apps().every((one) => one.instances === 0)).toBe(true);
    expect(put('/none', { scaleBy: 2 })).toMatchObject({ rejection: { kind: 'not-found' } });
    app({
      id: '/shop/single',
      cmd,
      labels: { MARATHON_SINGLE_INSTANCE_APP: 'true' },
      upgradeStrategy: { minimumHealthCapacity: 0, maximumOverCapacity: 0 },
    });
    expect(violated(put('/shop', { scaleBy: 2 }))[0]).toMatch(/^\/scaleBy of \/shop\/single: must be at most 1/);
    put('/shop/data', { apps: [{ id: 'db', cmd, instances: 1000 }] });
    expect(violated(put('/shop', { scaleBy: 1e6 }))[0]).toMatch(/^\/scaleBy makes/);
  });

  test('refuses groups that depend on themselves, directly, through members and through others', () => {
    expect(violated(put('/shop/data', { dependencies: ['/shop/data'] }))[0]).toMatch(/cyclic/);
    expect(violated(put('/shop/data', { dependencies: ['/shop/front'] }))[0]).toMatch(/cyclic/);
    expect(violated(put('/shop/data', { dependencies: ['/shop/front/web'] }))[0]).toMatch(/cyclic/);
    app({ id: '/other', cmd, dependencies: ['/shop/front'] });
    expect(violated(put('/shop/data', { dependencies: ['/other'] }))[0]).toMatch(/cyclic/);
    expect(put('/shop/front', { dependencies: [] }).ok).toBe(true);
    expect(put('/shop/data', { dependencies: ['/shop/front'] }).ok).toBe(true);
  });

  test('also while nothing is in them, since whatever came to be there would wait for itself', () => {
    for (const dependencies of [['/empty'], ['empty'], ['..'], ['./inner'], ['/']]) {
      expect(violated(put('/empty', { dependencies, groups: [{ id: 'inner' }] }))[0]).toMatch(
        /^\/dependencies .*cyclic/,
      );
    }
    put('/one', {});
    put('/two', { dependencies: ['/one'] });
    put('/one', { dependencies: ['/two'] });
    expect(pod('/one/pod').ok).toBe(true);
    expect(JSON.stringify(pod('/two/pod'))).toMatch(/cyclic/);
  });

  test('an app may not come to depend on itself through a group above it', () => {
    expect(app({ id: '/shop/front/api', cmd }).ok).toBe(true);
    const outcome = app({ id: '/shop/data/loop', cmd, dependencies: ['/shop/front/api'] });
    expect(JSON.stringify(outcome)).toMatch(/cyclic/);
  });
});

describe('a circle that is there, as a way back may leave one', () => {
  beforeEach(() => {
    put('/one', { apps: [{ id: 'a', cmd }] });
    put('/two', { apps: [{ id: 'b', cmd }], dependencies: ['/one'] });
    app({ id: '/alone', cmd });
    root.run(() => changed([], { groups: [{ id: '/one', to: { dependencies: ['/two'], enforceRole: false } }] }));
  });

  test('does not stand in the way of what closes none', () => {
    const { dependencies = [] } = root.group('/one') ?? {};
    expect(dependencies).toEqual(['/two']);
    expect(put('/one', { apps: [{ id: 'a', cmd: 'other' }], dependencies: ['/two'] }).ok).toBe(true);
    expect(put('/one', { dependencies: ['/two', '/alone'] }).ok).toBe(true);
    expect(put('/one', { dependencies: [] }).ok).toBe(true);
  });

  test('is no leave to close another, or to join it', () => {
    expect(violated(put('/one', { dependencies: ['/two', '/one/a'] }))[0]).toMatch(/cyclic/);
    expect(violated(put('/one', { apps: [{ id: 'new', cmd }] }))[0]).toMatch(/cyclic.*\/one\/new/);
    expect(app({ id: '/more', cmd, dependencies: ['/two'] }).ok).toBe(true);
    expect(violated(put('/two', { dependencies: ['/one', '/more'] }))[0]).toMatch(/cyclic.*\/more/);
  });
});

describe('restoring a group', () => {
  test('brings back apps, their definitions, groups and dependencies, under new versions', () => {
    post('/shop', shop);
    const version = root.version;
    put('/shop', {
      groups: [
        {
          id: 'data',
          apps: [
            { id: 'db', cmd: 'other' },
            { id: 'new', cmd },
          ],
        },
      ],
    });
    put('/elsewhere', { apps: [{ id: 'x', cmd }] });
    expect(put('/shop', { version }).ok).toBe(true);
    expect(ids('/shop')).toEqual(['/shop/data', '/shop/data/cache', '/shop/data/db', '/shop/front', '/shop/front/web']);
    expect(root.app('/shop/data/db')).toMatchObject({ cmd, version: root.version });
    expect(root.group('/shop/front')?.dependencies).toEqual(['/shop/data']);
    expect(root.app('/elsewhere/x')).toBeDefined();
  });

  test('brings back pods too, and ends those that were not there', () => {
    pod('/shop/pod');
    const version = root.version;
    root.run(deletePod('/shop/pod'));
    pod('/shop/other');
    expect(put('/shop', { version }).ok).toBe(true);
    expect(root.specs('/shop').map(({ id }) => id)).toEqual(['/shop/pod']);
  });

  test('refuses what would not hold: an app where a group was, a pod where an app was, a circle', () => {
    app({ id: '/a/web', cmd });
    app({ id: '/b/api', cmd, dependencies: ['/a/web'] });
    const version = root.version;
    root.run(deleteGroup('/a'));
    app({ id: '/a', cmd });
    expect(violated(put('/a', { version }))[0]).toMatch(/^\/id there already is an app/);
    root.run(deleteApp('/a'));
    pod('/a/web');
    expect(violated(put('/a', { version }))[0]).toMatch(/^\/version \/a\/web was/);
    root.run(deletePod('/a/web'));
    root.run(deleteGroup('/b'));
    app({ id: '/b/api', cmd });
    app({ id: '/a/web', cmd, dependencies: ['/b/api'] });
    expect(violated(put('/b', { version }))[0]).toMatch(/cyclic/);
  });

  test('refuses versions in which the group was not there, and what is no time', () => {
    const before = root.version;
    post('/shop', {});
    for (const version of [before, '2020-01-01T00:00:00.000Z', 'latest']) {
      expect(put('/shop', { version })).toMatchObject({ rejection: { kind: 'invalid' } });
    }
  });
});

describe('groups and apps share their ids', () => {
  test('an app takes the place of an empty group, not of one with something in it', () => {
    post('/shop/inner', {});
    expect(app({ id: '/shop', cmd }).ok).toBe(true);
    expect(ids()).toEqual(['/shop']);
    expect(root.isGroup('/shop')).toBe(false);
    expect(violated(put('/shop/inner', { apps: [{ id: 'x', cmd }] }))).not.toEqual([]);
    post('/other', { apps: [{ id: 'x', cmd }] });
    expect(app({ id: '/other', cmd }).ok).toBe(false);
  });

  test('a pod takes the place of an empty group too, and no group comes to be where a pod is', () => {
    post('/shop/inner', {});
    expect(pod('/shop').ok).toBe(true);
    expect(ids()).toEqual([]);
    for (const id of ['/shop', '/shop/inner']) {
      expect(violated(put(id, {}))[0]).toMatch(/^\/id there already is an app or a pod/);
    }
    expect(post('/shop', {})).toMatchObject({ rejection: { kind: 'exists' } });
    expect(violated(put('/', { groups: [{ id: 'shop' }] }))[0]).toMatch(/^\/groups\(0\)\/id/);
  });

  test('a group stays when its last app goes, until it is deleted', () => {
    app({ id: '/a/b/c', cmd });
    expect(root.run(deleteGroup('/none'))).toMatchObject({
      rejection: { kind: 'not-found', message: "Group '/none' does not exist" },
    });
    expect(root.run(deleteGroup('/a/b'))).toMatchObject({ ok: true, value: { removals: ['/a/b/c'] } });
    expect(ids()).toEqual(['/a']);
    app({ id: '/x', cmd });
    root.run(deleteGroup('/'));
    expect(ids()).toEqual([]);
  });
});

describe('a group that enforces its role', () => {
  test('gives its name to new apps, and takes no other', () => {
    put('/dev', { enforceRole: true });
    app({ id: '/dev/web', cmd });
    expect(root.app('/dev/web')?.role).toBe('dev');
    expect(app({ id: '/dev/other', cmd, role: '*' }).ok).toBe(false);
    root.run(setEnforceRole('/dev', false));
    expect(app({ id: '/dev/other', cmd, role: '*' }).ok).toBe(true);
    expect(root.run(setEnforceRole('/dev/web', true))).toMatchObject({ rejection: { kind: 'not-found' } });
  });
});
