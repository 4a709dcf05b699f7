import { describe, expect, it } from 'vitest';
import { RESERVATION_SCAN_MS } from './limits.ts';
import { appSpec } from './testing/definitions.ts';
import { TestPlatform, valueOf } from './testing/platform.ts';

const CHECK = {
  protocol: 'TCP' as const,
  portIndex: 0,
  gracePeriodSeconds: 300,
  intervalSeconds: 60,
  timeoutSeconds: 20,
  maxConsecutiveFailures: 3,
  delaySeconds: 15,
};

describe('deploying', () => {
  it('launches what is asked for and finishes the deployment', async () => {
    const platform = await TestPlatform.started();
    valueOf(await platform.put([appSpec('/web', { instances: 5 })]));
    expect(platform.engine.view.deployments()).toHaveLength(1);
    expect(await platform.quiet()).toBe(true);
    expect(platform.running('/web')).toBe(5);
    expect(platform.master.alive('web')).toHaveLength(5);
    expect(platform.ofType('deployment_success')).toHaveLength(1);
  });

  it('scales up and down, killing those named first', async () => {
    const platform = await TestPlatform.started();
    valueOf(await platform.put([appSpec('/web', { instances: 2 })]));
    await platform.quiet();
    valueOf(await platform.put([appSpec('/web', { instances: 6 })]));
    await platform.quiet();
    expect(platform.master.alive('web')).toHaveLength(6);
    const keep = platform.engine.view.instances('/web')[5]?.id ?? '';
    const others = platform.engine.view.instances('/web').filter(({ id }) => id !== keep);
    valueOf(
      await platform.put([appSpec('/web', { instances: 1 })], {
        victims: new Map([['/web', others.map(({ id }) => id)]]),
      }),
    );
    await platform.quiet();
    expect(platform.engine.view.instances('/web').map(({ id }) => id)).toEqual([keep]);
    expect(platform.master.launched).toHaveLength(6);
  });

  it('ends the youngest of very many, over several turns', async () => {
    const platform = await TestPlatform.started({ agents: 10, cpus: 500 });
    valueOf(await platform.put([appSpec('/web', { instances: 3_000 })]));
    await platform.quiet();
    const oldest = new Set(
      platform.engine.view
        .instances('/web')
        .slice(0, 400)
        .map(({ id }) => id),
    );
    valueOf(await platform.put([appSpec('/web', { instances: 500 })]));
    expect(await platform.quiet()).toBe(true);
    const left = platform.engine.view.instances('/web').map(({ id }) => id);
    expect(left).toHaveLength(500);
    expect(left.filter((id) => oldest.has(id))).toHaveLength(400);
  });

  it('gives a change that changes nothing a deployment that is over at once', async () => {
    const platform = await TestPlatform.started();
    valueOf(await platform.put([appSpec('/web')]));
    await platform.quiet();
    const { version, deploymentId } = valueOf(await platform.put([appSpec('/web')]));
    await platform.time.advance(10);
    expect(platform.engine.view.deployments()).toEqual([]);
    expect(platform.ofType('deployment_success').at(-1)).toMatchObject({ id: deploymentId });
    expect(platform.app('/web')?.version).not.toBe(version);
    expect(platform.master.launched).toHaveLength(1);
  });

  it('begins with what others depend on', async () => {
    const platform = await TestPlatform.started();
    platform.master.script = (task) => ({ kind: 'run', startMs: task.name === 'db' ? 5000 : 5 });
    valueOf(await platform.put([appSpec('/web', { dependencies: ['/db'] }), appSpec('/db')]));
    await platform.time.advance(4000);
    expect(platform.engine.view.instances('/web')).toEqual([]);
    await platform.quiet();
    expect(platform.running('/web')).toBe(1);
  });

  it('tells its story in the order of Marathon', async () => {
    const platform = await TestPlatform.started();
    valueOf(await platform.put([appSpec('/a/web')]));
    await platform.quiet();
    const names = platform.events.map(({ eventType }) => eventType);
    expect(names).toEqual([
      'scheduler_registered_event',
      'group_change_success',
      'deployment_info',
      'deployment_step_success',
      'deployment_info',
      'instance_changed_event',
      'instance_changed_event',
      'status_update_event',
      'instance_changed_event',
      'instance_serving_changed_event',
      'deployment_step_success',
      'deployment_success',
    ]);
    expect(platform.ofType('group_change_success')[0]?.groupId).toBe('/a');
    const conditions = platform.ofType('instance_changed_event').map(({ condition }) => condition);
    expect(conditions).toEqual(['Scheduled', 'Provisioned', 'Running']);
  });

  it('removes an app; what is left are its group and what past roots show', async () => {
    const platform = await TestPlatform.started();
    valueOf(await platform.put([appSpec('/a/web', { instances: 3 })]));
    await platform.quiet();
    expect(platform.engine.view.root.isGroup('/a')).toBe(true);
    valueOf(await platform.remove('/a/web'));
    expect(platform.app('/a/web')).toBeUndefined();
    // As in Marathon a group stays until somebody removes it.
    expect(platform.engine.view.root.isGroup('/a')).toBe(true);
    await platform.quiet();
    await platform.time.advance(100);
    expect(platform.master.alive()).toHaveLength(0);
    const kinds = (await platform.storedKeys()).map((key) => key.split('/')[1]);
    expect([...new Set(kinds)]).toEqual(['ended-deployments', 'framework', 'groups', 'history', 'root', 'versions']);
    expect(platform.ofType('app_terminated_event')).toHaveLength(1);
  });

  it('keeps as many versions as configured, and those in use', async () => {
    const platform = await TestPlatform.started({ config: { maxVersionsPerApp: 3 } });
    for (let instances = 1; instances <= 6; instances += 1) {
      valueOf(await platform.put([appSpec('/web', { instances })]));
      await platform.quiet();
    }
    const versions = platform.engine.view.root.appVersions('/web');
    const inUse = new Set(platform.engine.view.instances('/web').map(({ appVersion }) => appVersion));
    for (const version of inUse) expect(versions).toContain(version);
    expect(versions[0]).toBe(platform.app('/web')?.version);
    expect([...versions].sort().reverse()).toEqual(versions);
  });

  it('runs 3,000 instances, in few ACCEPTs', async () => {
    const platform = await TestPlatform.started({ agents: 20, cpus: 1000 });
    valueOf(await platform.put([appSpec('/web', { instances: 3000 })]));
    expect(await platform.quiet()).toBe(true);
    expect(platform.running('/web')).toBe(3000);
    const accepts = platform.master.calls.filter(({ type }) => type === 'ACCEPT');
    expect(accepts.length).toBeLessThan(100);
  });
});

describe('while something waits for a place', () => {
  it('says why, and takes its place when there is one', async () => {
    const platform = await TestPlatform.started({ agents: 1, cpus: 2 });
    valueOf(await platform.put([appSpec('/big', { instances: 3 })]));
    await platform.time.advance(2000);
    const [item] = platform.engine.view.queue({ lastUnusedOffers: true });
    expect(item).toMatchObject({ count: 1, delay: { overdue: true } });
    expect(item?.why?.summary).toContain('waits');
    const [first] = platform.master.alive('big');
    platform.master.end(first?.info.task_id.value ?? '', 'TASK_FINISHED');
    await platform.time.advance(60_000);
    expect(platform.master.alive('big')).toHaveLength(2);
  });

  it('in a role of its own, leaves the usual one asleep, which would be offered everything first', async () => {
    const platform = await TestPlatform.started();
    await platform.time.advance(RESERVATION_SCAN_MS);
    const before = platform.master.calls.length;
    valueOf(await platform.put([appSpec('/team/web', { role: 'team' })]));
    await platform.time.advance(5000);
    const calls = platform.master.calls.slice(before);
    const update = calls.find((call) => call.type === 'UPDATE_FRAMEWORK');
    expect(update?.update_framework.framework_info.roles).toContain('team');
    const revived = calls.flatMap((call) => (call.type === 'REVIVE' ? (call.revive?.roles ?? ['every']) : []));
    expect([...new Set(revived)]).toEqual(['team']);
    // Until something waits there too.
    valueOf(await platform.put([appSpec('/web')]));
    await platform.until(() => platform.running('/web') === 1);
  });

  it('wants no offers when nothing does, and wants them again at once', async () => {
    const platform = await TestPlatform.started();
    expect(platform.master.calls.map(({ type }) => type)).toContain('SUPPRESS');
    // Reservations that nobody knows of are looked for first.
    await platform.time.advance(RESERVATION_SCAN_MS);
    const callsWhenIdle = platform.master.calls.length;
    await platform.time.advance(100_000);
    expect(platform.master.calls).toHaveLength(callsWhenIdle);
    const before = platform.time.monotonic();
    valueOf(await platform.put([appSpec('/web')]));
    await platform.until(() => platform.running('/web') === 1);
    expect(platform.time.monotonic() - before).toBeLessThan(60);
  });

  it('launches an app beside one that can never be placed', async () => {
    const platform = await TestPlatform.started();
    valueOf(await platform.put([appSpec('/huge', { cpus: 1000 })]));
    await platform.time.advance(3000);
    valueOf(await platform.put([appSpec('/web')]));
    expect(await platform.until(() => platform.running('/web') === 1, 1000)).toBe(true);
    expect(platform.engine.view.deployments()).toHaveLength(1);
  });
});

describe('deployments that meet', () => {
  it('are refused, naming the one that holds the app', async () => {
    const platform = await TestPlatform.started();
    const first = valueOf(await platform.put([appSpec('/huge', { cpus: 1000 })]));
    expect(await platform.put([appSpec('/huge', { cpus: 1 })])).toEqual({
      ok: false,
      rejection: { kind: 'locked', deploymentIds: [first.deploymentId] },
    });
  });

  it('with force end the one in the way', async () => {
    const platform = await TestPlatform.started();
    const first = valueOf(await platform.put([appSpec('/huge', { cpus: 1000 })]));
    valueOf(await platform.put([appSpec('/huge', { cpus: 1 })], { force: true }));
    await platform.quiet();
    expect(platform.running('/huge')).toBe(1);
    expect(platform.ofType('deployment_failed')).toMatchObject([{ id: first.deploymentId }]);
  });

  it('of other apps go on side by side, up to the limit', async () => {
    const platform = await TestPlatform.started({ config: { maxRunningDeployments: 2 } });
    valueOf(await platform.put([appSpec('/huge', { cpus: 1000 })]));
    valueOf(await platform.put([appSpec('/web', { cpus: 1000 })]));
    expect(await platform.put([appSpec('/more')])).toEqual({
      ok: false,
      rejection: { kind: 'too-many-deployments', limit: 2 },
    });
  });

  it('can be cancelled and reverted', async () => {
    const platform = await TestPlatform.started();
    valueOf(await platform.put([appSpec('/web', { instances: 2, cmd: 'good' })]));
    await platform.quiet();
    platform.master.script = () => ({ kind: 'silent' });
    const bad = valueOf(
      await platform.put([appSpec('/web', { instances: 4, cmd: 'bad' }), appSpec('/new', { cpus: 1000 })]),
    );
    await platform.time.advance(1000);
    platform.master.script = () => ({ kind: 'run' });
    const revert = valueOf(await platform.settle(platform.engine.cancelDeployment(bad.deploymentId, { force: false })));
    expect(revert?.deploymentId).not.toBe(bad.deploymentId);
    expect(await platform.quiet()).toBe(true);
    expect(platform.app('/new')).toBeUndefined();
    expect(platform.app('/web')).toMatchObject({ instances: 2, cmd: 'good' });
    expect(platform.app('/web')?.version).toBe(revert?.version);
    await platform.time.advance(1000);
    expect(platform.running('/web')).toBe(2);
    expect(platform.master.alive()).toHaveLength(2);
  });

  it('can be cancelled by force, keeping what they did', async () => {
    const platform = await TestPlatform.started();
    const { deploymentId } = valueOf(
      await platform.put([appSpec('/web', { instances: 2 }), appSpec('/huge', { cpus: 1000 })]),
    );
    await platform.time.advance(1000);
    valueOf(await platform.settle(platform.engine.cancelDeployment(deploymentId, { force: true })));
    expect(platform.engine.view.deployments()).toEqual([]);
    expect(platform.running('/web')).toBe(2);
    expect(platform.app('/huge')).toBeDefined();
    const unknown = await platform.settle(platform.engine.cancelDeployment('nobody', { force: false }));
    expect(unknown).toMatchObject({ ok: false, rejection: { kind: 'not-found' } });
  });

  it('take a stopped app back when its removal is cut short', async () => {
    const platform = await TestPlatform.started();
    platform.master.killMs = 60_000;
    valueOf(await platform.put([appSpec('/web', { instances: 2 })]));
    await platform.quiet();
    const { deploymentId } = valueOf(await platform.remove('/web'));
    await platform.time.advance(1000);
    valueOf(await platform.settle(platform.engine.cancelDeployment(deploymentId, { force: false })));
    await platform.quiet();
    expect(platform.running('/web')).toBe(2);
  });
});

describe('instances that end', () => {
  it('are launched again after a pause that grows, and the failure is kept', async () => {
    const platform = await TestPlatform.started();
    platform.master.script = () => ({ kind: 'fail', lifeMs: 1 });
    valueOf(await platform.put([appSpec('/bad')]));
    await platform.time.advance(16_000);
    // After 1, 2, 4 and 8 seconds.
    expect(platform.master.launched).toHaveLength(5);
    expect(new Set(platform.master.launched.map((id) => id.replace(/\._app\.\d+$/, ''))).size).toBe(1);
    expect(platform.engine.view.lastTaskFailure('/bad')).toMatchObject({
      state: 'TASK_FAILED',
      message: 'Command exited with status 1',
      taskId: platform.master.launched.at(-1),
    });
    const [item] = platform.engine.view.queue({ lastUnusedOffers: false });
    expect(item?.delay.overdue).toBe(false);
    expect(item?.why?.summary).toContain('delay');
  });

  it('are launched at once when the pause is reset', async () => {
    const platform = await TestPlatform.started();
    platform.master.script = () => ({ kind: 'fail', lifeMs: 1 });
    valueOf(await platform.put([appSpec('/bad', { backoffSeconds: 100 })]));
    await platform.time.advance(1000);
    expect(platform.master.launched).toHaveLength(1);
    valueOf(await platform.settle(platform.engine.resetDelay('/bad')));
    await platform.time.advance(1000);
    expect(platform.master.launched).toHaveLength(2);
    expect(await platform.settle(platform.engine.resetDelay('/none'))).toMatchObject({ ok: false });
  });

  it('pause also while instances of another configuration run', async () => {
    const platform = await TestPlatform.started();
    valueOf(await platform.put([appSpec('/web', { instances: 2 })]));
    await platform.quiet();
    platform.master.script = () => ({ kind: 'fail', lifeMs: 1 });
    // They never get healthy, so the old ones stay.
    const healthChecks = [{ ...CHECK, maxConsecutiveFailures: 0 }];
    valueOf(await platform.put([appSpec('/web', { instances: 2, backoffSeconds: 100, healthChecks })]));
    await platform.time.advance(2_000);
    const calls = platform.master.calls.length;
    await platform.time.advance(20_000);
    // Nothing may be launched: no offer is wanted.
    expect(platform.master.calls.length - calls).toBeLessThan(5);
    const [item] = platform.engine.view.queue({ lastUnusedOffers: false });
    expect(item?.delay.overdue).toBe(false);
  });

  it('by a kill are replaced without a pause', async () => {
    const platform = await TestPlatform.started();
    valueOf(await platform.put([appSpec('/web', { instances: 2, backoffSeconds: 100 })]));
    await platform.quiet();
    const [first] = platform.engine.view.instances('/web');
    const told = valueOf(
      await platform.settle(platform.engine.killInstances([first?.id ?? '', 'nobody'], { wipe: false })),
    );
    expect(told.map(({ id }) => id)).toEqual([first?.id]);
    expect(platform.running('/web')).toBe(1);
    await platform.until(() => platform.running('/web') === 2, 1000);
    expect(platform.master.launched).toHaveLength(3);
    expect(platform.engine.view.lastTaskFailure('/web')).toBeUndefined();
    expect(platform.engine.view.deployments()).toEqual([]);
  });

  it.each(['TASK_KILLED', 'TASK_GONE_BY_OPERATOR'] as const)(
    'by the drain of an agent (%s) are replaced without a pause, and are no failures',
    async (state) => {
      const platform = await TestPlatform.started();
      platform.master.script = () => ({ kind: 'fail', lifeMs: 1 });
      valueOf(await platform.put([appSpec('/web', { backoffSeconds: 20 })]));
      await platform.time.advance(1_000);
      const failure = platform.engine.view.lastTaskFailure('/web');
      platform.master.script = () => ({ kind: 'run' });
      await platform.until(() => platform.running('/web') === 1, 30_000);
      const taskId = platform.master.alive('web')[0]?.info.task_id.value ?? '';
      platform.master.end(taskId, state, '', 'REASON_AGENT_DRAINING');
      expect(await platform.until(() => platform.master.launched.length === 3, 500)).toBe(true);
      expect(platform.engine.view.lastTaskFailure('/web')).toEqual(failure);
    },
  );

  it('by a kill with wipe are replaced by others', async () => {
    const platform = await TestPlatform.started();
    valueOf(await platform.put([appSpec('/web')]));
    await platform.quiet();
    const [first] = platform.engine.view.instances('/web');
    valueOf(await platform.settle(platform.engine.killInstances([first?.id ?? ''], { wipe: true })));
    await platform.time.advance(1000);
    expect(platform.running('/web')).toBe(1);
    expect(platform.engine.view.instances('/web')[0]?.id).not.toBe(first?.id);
  });

  it('are asked to again until they do', async () => {
    const platform = await TestPlatform.started();
    platform.master.killMs = 100_000;
    valueOf(await platform.put([appSpec('/web')]));
    await platform.quiet();
    valueOf(await platform.remove('/web'));
    await platform.time.advance(95_000);
    expect(platform.master.calls.filter(({ type }) => type === 'KILL')).toHaveLength(4);
  });

  it('unheard of for too long are killed and launched again', async () => {
    const platform = await TestPlatform.started();
    platform.master.script = () => ({ kind: 'silent' });
    valueOf(await platform.put([appSpec('/mute')]));
    await platform.time.advance(299_000);
    expect(platform.master.launched).toHaveLength(1);
    await platform.time.advance(30_000);
    expect(platform.master.launched).toHaveLength(2);
  });
});
