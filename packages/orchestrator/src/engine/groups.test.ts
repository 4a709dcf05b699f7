import type { AppInput } from '@stadion/contract/orchestrator';
import { describe, expect, it } from 'vitest';
import { appSpec } from './testing/definitions.ts';
import { TestPlatform, valueOf } from './testing/platform.ts';
import { stampVersion } from '../core/app/app-version.ts';
import type { GroupEdit } from '../core/root/group.ts';
import { standardServicePorts } from '../core/app/service-ports.ts';
import { standardDefaults, type AppSpec } from '../core/app/spec.ts';
import { writeApps } from '../core/root/write-apps.ts';
import { ROOT_VERSIONS_MAX } from './limits.ts';

async function change(
  platform: TestPlatform,
  specs: readonly AppSpec[],
  groups: readonly GroupEdit[] = [],
  removals: readonly string[] = [],
): Promise<{ version: string; deploymentId: string }> {
  return valueOf(
    await platform.settle(
      platform.engine.changeRoot(
        (root, version) => ({
          ok: true,
          value: { upserts: specs.map((spec) => stampVersion(spec, root.app(spec.id), version)), removals, groups },
        }),
        { force: false },
      ),
    ),
  );
}

function group(id: string, ...dependencies: string[]): GroupEdit {
  return { id, to: { dependencies, enforceRole: false } };
}

describe('groups', () => {
  it('order a deployment: all of what a group depends on is up before anything in the group starts', async () => {
    const platform = await TestPlatform.started();
    platform.master.script = (task) => ({ kind: 'run', startMs: task.name.includes('db') ? 5000 : 5 });
    const specs = [appSpec('/shop/front/web'), appSpec('/shop/data/db'), appSpec('/shop/data/cache')];
    await change(platform, specs, [group('/shop/front', '/shop/data')]);
    await platform.time.advance(4000);
    expect(platform.running('/shop/data/cache')).toBe(1);
    expect(platform.engine.view.instances('/shop/front/web')).toEqual([]);
    expect(await platform.quiet()).toBe(true);
    expect(platform.running('/shop/front/web')).toBe(1);
  });

  it('survive a crash, with dependencies, past roots and the versions of apps that are gone', async () => {
    const platform = await TestPlatform.started();
    await change(platform, [appSpec('/a/web', { cmd: 'one' }), appSpec('/b')], [group('/a', '/b'), group('/empty')]);
    await platform.quiet();
    const before = platform.engine.view.root.version;
    await change(platform, [], [group('/a'), { id: '/empty', to: undefined }], ['/a/web']);
    await platform.quiet();
    await platform.crash();
    const { root } = platform.engine.view;
    expect(root.isGroup('/empty')).toBe(false);
    expect(root.group('/a')?.dependencies).toEqual([]);
    const past = root.rootAt(before);
    expect(past?.group('/a')?.dependencies).toEqual(['/b']);
    expect([...(past?.groups() ?? [])]).toEqual(['/a', '/empty']);
    expect([...(past?.apps() ?? [])].map(({ id, cmd }) => `${id} ${cmd ?? ''}`)).toEqual([
      '/a/web one',
      '/b sleep 1000',
    ]);
    expect(root.rootVersions()[1]).toBe(before);
  });

  it('are remembered for so many changes and no more, and so is what is stored of them', async () => {
    const platform = await TestPlatform.started();
    await change(platform, [appSpec('/gone')]);
    await platform.quiet();
    await change(platform, [], [], ['/gone']);
    await platform.quiet();
    for (let index = 0; index < ROOT_VERSIONS_MAX + 1; index += 1) {
      await change(platform, [appSpec('/web', { instances: 0, labels: { revision: String(index) } })]);
      await platform.quiet();
    }
    const keys = await platform.storedKeys();
    expect(keys.filter((key) => key.includes('/history/'))).toHaveLength(ROOT_VERSIONS_MAX);
    expect(platform.engine.view.root.rootVersions()).toHaveLength(ROOT_VERSIONS_MAX + 1);
    await platform.crash();
    await platform.time.advance(1000);
    expect((await platform.storedKeys()).filter((key) => key.includes('gone'))).toEqual([]);
  });

  it('that a deployment made go with it when it is reverted, unless something else is in them', async () => {
    const platform = await TestPlatform.started({ agents: 1, cpus: 1 });
    const { deploymentId } = await change(platform, [appSpec('/a/b/web', { cpus: 100 })], [group('/a/extra')]);
    await change(platform, [appSpec('/a/other', { instances: 0 })]);
    valueOf(await platform.settle(platform.engine.cancelDeployment(deploymentId, { force: false })));
    await platform.quiet();
    const { root } = platform.engine.view;
    expect([...root.groups()]).toEqual(['/a']);
    expect([...root.apps()].map(({ id }) => id)).toEqual(['/a/other']);
  });

  it('a way back may close a circle of dependencies: it is gone, and does not stand in the way of what changes none', async () => {
    const platform = await TestPlatform.started();
    await change(platform, [appSpec('/a'), appSpec('/b', { dependencies: ['/a'] })]);
    await platform.quiet();
    const put = (input: AppInput & { id: string }) => {
      const context = { defaults: standardDefaults, servicePorts: standardServicePorts, seed: 1 };
      const written = writeApps([{ id: input.id, input, at: '' }], { isPartial: true, missing: 'reject' }, context);
      return platform.settle(platform.engine.changeRoot(written, { force: false }));
    };
    const { deploymentId } = valueOf(await put({ id: '/b', dependencies: [], cpus: 100 }));
    valueOf(await put({ id: '/a', dependencies: ['/b'] }));
    valueOf(await platform.settle(platform.engine.cancelDeployment(deploymentId, { force: false })));
    expect(await platform.quiet()).toBe(true);
    expect(['/a', '/b'].map((id) => platform.app(id)?.dependencies)).toEqual([['/b'], ['/a']]);
    valueOf(await put({ id: '/a', instances: 2 }));
    expect(await platform.quiet()).toBe(true);
    expect(platform.running('/a')).toBe(2);
    expect(JSON.stringify(await put({ id: '/a', dependencies: ['/b', '/a'] }))).toContain('/a -> /a');
    valueOf(await put({ id: '/a', dependencies: [] }));
  });

  it('can be planned without being changed', async () => {
    const platform = await TestPlatform.started();
    const { version } = platform.engine.view.root;
    const planned = valueOf(
      platform.engine.planChange((_root, next) => ({
        ok: true,
        value: { upserts: [stampVersion(appSpec('/web'), undefined, next)], removals: [] },
      })),
    );
    expect(planned.steps.map(({ actions }) => actions.map(({ action }) => action))).toEqual([
      ['StartApplication'],
      ['ScaleApplication'],
    ]);
    expect(planned.apps).toMatchObject([{ id: '/web', from: undefined }]);
    expect(platform.engine.view.root.version).toBe(version);
  });
});
