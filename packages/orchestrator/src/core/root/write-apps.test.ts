import type { AppInput } from '@stadion/contract/orchestrator';
import { beforeEach, describe, expect, test } from 'vitest';
import { standardServicePorts, servicePortsOf } from '../app/service-ports.ts';
import { standardDefaults } from '../app/spec.ts';
import { deleteApp, restartApp, scaleDown } from './change-apps.ts';
import type { ChangeContext } from './change.ts';
import { FakeRoot } from './testing/fake-root.ts';
import { createApp, writeApps, type AppWrite, type WriteMode } from './write-apps.ts';

const context: ChangeContext = { defaults: standardDefaults, servicePorts: standardServicePorts, seed: 1 };
const put: WriteMode = { isPartial: true, missing: 'create' };
const patch: WriteMode = { isPartial: true, missing: 'reject' };
const replace: WriteMode = { isPartial: false, missing: 'create' };
const cmd = 'run';
let root = new FakeRoot();

beforeEach(() => {
  root = new FakeRoot();
});

function create(input: AppInput) {
  return root.run(createApp(input, context));
}

function write(mode: WriteMode, ...inputs: readonly (AppInput & { id: string })[]) {
  const at = (index: number): string => (inputs.length === 1 ? '' : `/(${String(index)})`);
  const writes = inputs.map((input, index): AppWrite => ({ id: input.id, input, at: at(index) }));
  return root.run(writeApps(writes, mode, context));
}

function violated(outcome: ReturnType<typeof create>): readonly string[] {
  if (outcome.ok || outcome.rejection.kind !== 'invalid') return [];
  return (outcome.rejection.violations ?? []).map(({ path }) => path);
}

describe('creating', () => {
  test('stores the app in canonical form under its absolute id', () => {
    expect(create({ id: 'shop/../web', cmd })).toMatchObject({ ok: true, value: { created: ['/web'] } });
    expect(root.app('/web')).toMatchObject({ id: '/web', version: '2026-01-01T00:00:01.000Z' });
  });

  test('refuses an id that is taken', () => {
    create({ id: 'web', cmd });
    expect(create({ id: '/web', cmd })).toEqual({
      ok: false,
      rejection: { kind: 'exists', message: 'An app with id [/web] already exists.' },
    });
  });

  test('refuses a missing or impossible id', () => {
    expect(violated(create({ cmd }))).toEqual(['/id']);
    expect(violated(create({ id: 'Web', cmd }))).toEqual(['/id']);
    expect(violated(create({ id: '..', cmd }))).toEqual(['/id']);
  });

  test('refuses a volume of somebody else that another app has, unless it is shared', () => {
    const volume = (name: string, more: object = {}) => ({
      type: 'MESOS' as const,
      volumes: [
        {
          containerPath: '/data',
          mode: 'RW' as const,
          external: { name, provider: 'dvdi', options: { 'dvdi/driver': 'rexray' }, ...more },
        },
      ],
    });
    expect(create({ id: '/a', cmd, container: volume('one') }).ok).toBe(true);
    expect(violated(create({ id: '/b', cmd, container: volume('one') }))).toEqual(['/container/volumes']);
    expect(create({ id: '/b', cmd, container: volume('two') }).ok).toBe(true);
    expect(create({ id: '/c', cmd, container: volume('three', { shared: true }) }).ok).toBe(true);
    expect(create({ id: '/d', cmd, container: volume('three', { shared: true }) }).ok).toBe(true);
    expect(write(put, { id: '/a', mem: 64 }).ok).toBe(true);
    const both = [
      { id: '/e', cmd, container: volume('four') },
      { id: '/f', cmd, container: volume('four') },
    ];
    expect(violated(write(put, ...both))).toEqual(['/container/volumes']);
  });

  test('refuses another role for what keeps volumes, unless somebody insists', () => {
    const volumes = [{ containerPath: 'data', mode: 'RW' as const, persistent: { size: 1 } }];
    const input = { id: '/team/db', cmd, container: { type: 'MESOS' as const, volumes } };
    create(input);
    expect(violated(write(put, { id: '/team/db', role: 'team' }))).toEqual(['/role']);
    const insisting = { ...context, force: true };
    expect(root.run(writeApps([{ id: '/team/db', input: { role: 'team' }, at: '' }], put, insisting)).ok).toBe(true);
    expect(root.app('/team/db')?.role).toBe('team');
    create({ id: '/team/web', cmd });
    expect(write(put, { id: '/team/web', role: 'team' }).ok).toBe(true);
  });

  test('refuses the id of a group, and an id below an app', () => {
    create({ id: '/a/b', cmd });
    expect(violated(create({ id: '/a', cmd }))).toEqual(['/id']);
    expect(violated(create({ id: '/a/b/c', cmd }))).toEqual(['/id']);
  });

  test('chooses the same service ports when it is called again', () => {
    const change = createApp({ id: 'web', cmd }, context);
    expect(change(root, 'v')).toEqual(change(root, 'v'));
  });

  test('ignores a version in the body', () => {
    create({ id: 'web', cmd, version: '2020-01-01T00:00:00.000Z' });
    expect(root.app('/web')?.version).toBe('2026-01-01T00:00:01.000Z');
  });
});

describe('updating', () => {
  beforeEach(() => {
    create({ id: 'web', cmd, instances: 2, labels: { a: 'b' } });
  });

  test('keeps what is absent, and the service port', () => {
    const before = root.app('/web');
    expect(write(put, { id: '/web', cmd: 'other', ports: [0] }).ok).toBe(true);
    expect(root.app('/web')).toMatchObject({ cmd: 'other', labels: { a: 'b' } });
    expect(before && servicePortsOf(before)).toEqual(root.app('/web')?.portDefinitions?.map(({ port }) => port));
  });

  test('replaces the whole app when asked to', () => {
    write(replace, { id: '/web', cmd: 'other' });
    expect(root.app('/web')).toMatchObject({ cmd: 'other', labels: {}, instances: 1 });
  });

  test('creates what is missing, unless told not to', () => {
    expect(write(put, { id: '/new', cmd })).toMatchObject({ ok: true, value: { created: ['/new'] } });
    expect(write(patch, { id: '/none', cmd })).toEqual({
      ok: false,
      rejection: { kind: 'not-found', message: "App '/none' does not exist" },
    });
  });

  test('leaves out an app that does not change', () => {
    expect(write(put, { id: '/web', cmd })).toMatchObject({ ok: true, value: { upserts: [] } });
  });

  test('writes several apps, or none of them', () => {
    const refused = write(put, { id: '/one', cmd }, { id: '/two', cmd, healthChecks: [{ portIndex: 9 }] });
    expect(violated(refused)).toEqual(['/(1)/healthChecks(0)/portIndex']);
    expect(root.app('/one')).toBeUndefined();
    expect(write(put, { id: '/one', cmd }, { id: '/two', cmd }).ok).toBe(true);
  });

  test('gives apps of one command different service ports', () => {
    const narrow = { ...context, servicePorts: { min: 10_000, max: 10_002 } };
    const writes = ['/one', '/two'].map((id): AppWrite => ({ id, input: { id, cmd, ports: [0] }, at: '' }));
    root = new FakeRoot();
    root.run(writeApps(writes, put, narrow));
    const ports = root.apps().flatMap(servicePortsOf);
    expect(new Set(ports).size).toBe(2);
  });
});

describe('rolling back', () => {
  const first = '2026-01-01T00:00:01.000Z';

  beforeEach(() => {
    create({ id: 'web', cmd });
    write(put, { id: '/web', cmd: 'other', instances: 4 });
  });

  test('restores a version under a new version', () => {
    write(put, { id: '/web', version: first });
    expect(root.app('/web')).toMatchObject({ cmd, instances: 1, version: '2026-01-01T00:00:03.000Z' });
  });

  test('takes any way of writing the time', () => {
    expect(write(put, { id: '/web', version: '2026-01-01T01:00:01+01:00' }).ok).toBe(true);
  });

  test('refuses other members beside the version', () => {
    expect(violated(write(put, { id: '/web', version: first, cmd }))).toEqual(['/version']);
  });

  test('refuses versions that never were, or are no times', () => {
    expect(write(put, { id: '/web', version: '2020-01-01T00:00:00.000Z' })).toMatchObject({
      rejection: { kind: 'not-found', message: "App '/web' does not exist in version 2020-01-01T00:00:00.000Z" },
    });
    expect(write(put, { id: '/web', version: 'latest' })).toMatchObject({ rejection: { kind: 'invalid' } });
  });

  test('does not happen with a full replacement or a new app', () => {
    expect(write(replace, { id: '/web', version: first, cmd: 'third' }).ok).toBe(true);
    expect(root.app('/web')?.cmd).toBe('third');
  });
});

describe('dependencies', () => {
  test('may be apps, groups, and apps of the same command', () => {
    create({ id: '/db/main', cmd });
    expect(create({ id: '/web', cmd, dependencies: ['/db', '/db/main'] }).ok).toBe(true);
    expect(write(put, { id: '/one', cmd, dependencies: ['/two'] }, { id: '/two', cmd }).ok).toBe(true);
  });

  test('must exist, unless they were accepted before', () => {
    expect(violated(create({ id: '/web', cmd, dependencies: ['/db'] }))).toEqual(['/dependencies(0)']);
    create({ id: '/db', cmd });
    create({ id: '/web', cmd, dependencies: ['/db'] });
    root.run(deleteApp('/db'));
    expect(write(put, { id: '/web', instances: 2 }).ok).toBe(true);
  });

  test('must not go round in a circle', () => {
    create({ id: '/a', cmd });
    create({ id: '/b', cmd, dependencies: ['/a'] });
    create({ id: '/g/c', cmd, dependencies: ['/b'] });
    expect(violated(write(put, { id: '/a', dependencies: ['/g'] }))).toEqual(['/dependencies']);
    expect(violated(write(put, { id: '/a', dependencies: ['/a'] }))).toEqual(['/dependencies']);
    expect(write(put, { id: '/a', dependencies: [] }).ok).toBe(true);
  });

  test('a circle is shown', () => {
    create({ id: '/a', cmd });
    create({ id: '/b', cmd, dependencies: ['/a'] });
    const outcome = write(put, { id: '/a', dependencies: ['/b'] });
    expect(JSON.stringify(outcome)).toContain('/a -> /b -> /a');
  });
});

describe('other commands', () => {
  beforeEach(() => {
    create({ id: 'web', cmd, instances: 3 });
  });

  test('deletes an app that exists', () => {
    expect(root.run(deleteApp('/web'))).toMatchObject({ ok: true, value: { removals: ['/web'] } });
    expect(root.run(deleteApp('/web'))).toMatchObject({ rejection: { kind: 'not-found' } });
  });

  test('restarts by a new configuration', () => {
    root.run(restartApp('/web'));
    expect(root.app('/web')).toMatchObject({
      version: '2026-01-01T00:00:02.000Z',
      versionInfo: {
        lastScalingAt: '2026-01-01T00:00:01.000Z',
        lastConfigChangeAt: '2026-01-01T00:00:02.000Z',
      },
    });
    expect(root.run(restartApp('/none'))).toMatchObject({ rejection: { kind: 'not-found' } });
  });

  test('scales down, never below 0', () => {
    root.run(scaleDown(new Map([['/web', 2]])));
    expect(root.app('/web')?.instances).toBe(1);
    root.run(scaleDown(new Map([['/web', 2]])));
    expect(root.app('/web')?.instances).toBe(0);
    expect(root.run(scaleDown(new Map([['/none', 1]])))).toMatchObject({
      rejection: { kind: 'not-found', message: "Path '/none' does not exist" },
    });
  });
});
