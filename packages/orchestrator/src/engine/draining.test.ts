import { describe, expect, it } from 'vitest';
import type { AppSpec } from '../core/app/spec.ts';
import { appSpec } from './testing/definitions.ts';
import { TestPlatform, valueOf } from './testing/platform.ts';

const portDefinitions = [{ port: 10_000, protocol: 'tcp' as const, name: 'default' }];

function web(more: Partial<AppSpec> = {}): AppSpec {
  return appSpec('/web', { portDefinitions, ...more });
}

async function running(spec: AppSpec, config = {}): Promise<TestPlatform> {
  const platform = await TestPlatform.started({ config });
  valueOf(await platform.put([spec]));
  await platform.quiet();
  platform.events.length = 0;
  return platform;
}

function changes(platform: TestPlatform): string[] {
  return platform
    .ofType('instance_serving_changed_event')
    .map(({ serving, draining, reason }) => `${String(serving)} ${String(draining)} ${reason}`);
}

describe('an instance that serves and is to go', () => {
  it('is announced as draining, runs on for ten seconds, and is killed then', async () => {
    const platform = await running(web({ instances: 2 }));
    const before = platform.time.now();
    valueOf(await platform.put([web({ instances: 1 })]));
    await platform.time.advance(9_000);
    expect(changes(platform)).toEqual(['false true draining']);
    expect(platform.master.alive('web')).toHaveLength(2);
    expect(platform.ofType('instance_changed_event')).toEqual([]);
    await platform.quiet();
    expect(platform.time.now() - before).toBeGreaterThanOrEqual(10_000);
    expect(platform.master.alive('web')).toHaveLength(1);
    expect(changes(platform)).toEqual(['false true draining', 'false false killing']);
  });

  it('has the time that its app asks for', async () => {
    const upgradeStrategy = { minimumHealthCapacity: 1, maximumOverCapacity: 1, drainSeconds: 60 };
    const platform = await running(web({ instances: 2, upgradeStrategy }));
    valueOf(await platform.put([web({ instances: 1, upgradeStrategy })]));
    await platform.time.advance(59_000);
    expect(platform.master.alive('web')).toHaveLength(2);
    await platform.quiet();
    expect(platform.master.alive('web')).toHaveLength(1);
  });

  it.each([
    ['nobody can reach it', appSpec('/web', { instances: 2 }), {}],
    ['the platform is set so', web({ instances: 2 }), { drainMs: 0 }],
    [
      'its app says so',
      web({
        instances: 2,
        upgradeStrategy: { minimumHealthCapacity: 1, maximumOverCapacity: 1, drainSeconds: 0 },
      }),
      {},
    ],
  ])('is killed at once where %s', async (_why, spec, config) => {
    const platform = await running(spec, config);
    valueOf(await platform.put([{ ...spec, instances: 1 }]));
    await platform.time.advance(100);
    expect(platform.master.alive('web')).toHaveLength(1);
    expect(changes(platform)).toEqual(['false false killing']);
  });

  it('is killed at once when it does not serve yet', async () => {
    const platform = await TestPlatform.started();
    platform.master.script = () => ({ kind: 'run', startMs: 600_000 });
    valueOf(await platform.put([web()]));
    await platform.time.advance(100);
    valueOf(await platform.remove('/web', { force: true }));
    await platform.time.advance(100);
    expect(platform.master.alive('web')).toEqual([]);
  });

  it('drains on after a crash, no longer than it would have', async () => {
    const platform = await running(web({ instances: 2 }));
    const before = platform.time.now();
    valueOf(await platform.put([web({ instances: 1 })]));
    await platform.time.advance(5_000);
    await platform.crash();
    await platform.time.advance(4_000);
    expect(platform.master.alive('web')).toHaveLength(2);
    await platform.quiet();
    expect(platform.time.now() - before).toBeLessThan(11_000);
    expect(platform.master.alive('web')).toHaveLength(1);
  });

  it('is killed at once by somebody who kills it by name', async () => {
    const platform = await running(web({ instances: 2 }));
    valueOf(await platform.put([web({ instances: 1 })]));
    await platform.time.advance(100);
    const drains = platform.engine.view.instances('/web').find(({ goal }) => goal !== 'Running');
    valueOf(await platform.settle(platform.engine.killInstances([drains?.id ?? ''], { wipe: false })));
    await platform.time.advance(100);
    expect(platform.master.alive('web')).toHaveLength(1);
    expect(platform.engine.view.deployments()).toEqual([]);
  });
});

describe('a restart', () => {
  it('lets the old drain once the new serve', async () => {
    const platform = await running(web());
    valueOf(await platform.put([web({ cmd: 'new' })]));
    await platform.quiet();
    expect(changes(platform)).toEqual(['true false serving', 'false true draining', 'false false killing']);
  });

  it('that leaves nobody to take over does not lengthen the gap by draining', async () => {
    const upgradeStrategy = { minimumHealthCapacity: 0, maximumOverCapacity: 0 };
    const platform = await running(web({ upgradeStrategy }));
    valueOf(await platform.put([web({ upgradeStrategy, cmd: 'new' })]));
    await platform.time.advance(1_000);
    expect(platform.engine.view.deployments()).toEqual([]);
    expect(changes(platform)).toEqual(['false false killing', 'true false serving']);
  });
});

it('what serves is told at every change: health, readiness, kills, ends', async () => {
  const healthChecks = [
    {
      protocol: 'MESOS_TCP' as const,
      gracePeriodSeconds: 300,
      intervalSeconds: 10,
      timeoutSeconds: 5,
      maxConsecutiveFailures: 3,
    },
  ];
  const platform = await TestPlatform.started();
  valueOf(await platform.put([web({ healthChecks, backoffSeconds: 100 })]));
  await platform.time.advance(1000);
  const taskId = platform.master.launched[0] ?? '';
  expect(changes(platform)).toEqual(['false false health-unknown']);
  const result = { index: 0, alive: true, consecutive_failures: 0, last_success: 1, exhausted: false };
  platform.master.setHealth(taskId, [result]);
  await platform.time.advance(100);
  platform.master.setHealth(taskId, [{ ...result, alive: false, consecutive_failures: 1, last_failure: 2 }]);
  await platform.time.advance(100);
  platform.master.setHealth(taskId, [result]);
  await platform.time.advance(100);
  platform.master.end(taskId, 'TASK_FAILED');
  await platform.time.advance(100);
  expect(changes(platform)).toEqual([
    'false false health-unknown',
    'true false serving',
    'false false unhealthy',
    'true false serving',
    'false false ended',
  ]);
  const ids = platform.ofType('instance_serving_changed_event').map((event) => event.taskId);
  expect(new Set(ids)).toEqual(new Set([taskId]));
});

describe('an instance that drains', () => {
  /** What agents say: which tasks nobody is connected to. */
  async function asked(unusedTasks: (agentId: string) => Promise<ReadonlySet<string>>): Promise<TestPlatform> {
    const platform = await TestPlatform.started({ config: { drainMs: 60_000 }, unusedTasks });
    valueOf(await platform.put([web({ instances: 3 })]));
    await platform.quiet();
    valueOf(await platform.put([web({ instances: 1 })]));
    return platform;
  }
  const taskIds = (platform: TestPlatform): string[] =>
    platform.engine.view.instances('/web').map((instance) => `${instance.id}._app.1`);

  it('is ended as soon as nobody was connected three times in a row, and who is used has the whole time', async () => {
    const unused = new Set<string>();
    let looks = 0;
    const platform = await asked(() => {
      looks += 1;
      return Promise.resolve(unused);
    });
    const [first = '', ...others] = taskIds(platform);
    for (const id of others) unused.add(id);
    await platform.time.advance(2_500);
    expect(platform.master.alive('web')).toHaveLength(3);
    unused.clear();
    await platform.time.advance(1_000);
    for (const id of others) unused.add(id);
    await platform.time.advance(2_000);
    // Somebody was there in between: it is counted anew.
    expect(platform.master.alive('web')).toHaveLength(3);
    unused.delete(others[0] ?? '');
    await platform.time.advance(2_000);
    expect(platform.master.alive('web')).toHaveLength(2);
    await platform.time.advance(60_000);
    expect(platform.master.alive('web')).toHaveLength(1);
    expect(taskIds(platform)).toEqual([first]);
    const before = looks;
    await platform.time.advance(60_000);
    expect(looks).toBe(before);
  });

  it('has the whole time where the agent cannot be asked, or cannot tell', async () => {
    let isThere = false;
    const platform = await asked(() => (isThere ? Promise.resolve(new Set()) : Promise.reject(new Error('gone'))));
    await platform.time.advance(30_000);
    isThere = true;
    await platform.time.advance(29_000);
    expect(platform.master.alive('web')).toHaveLength(3);
    await platform.time.advance(2_000);
    expect(platform.master.alive('web')).toHaveLength(1);
  });
});
