import { describe, expect, it } from 'vitest';
import { appSpec } from './testing/definitions.ts';
import { TestPlatform, valueOf } from './testing/platform.ts';

describe('a rolling restart', () => {
  const healthChecks = [
    {
      protocol: 'HTTP' as const,
      gracePeriodSeconds: 300,
      intervalSeconds: 10,
      timeoutSeconds: 5,
      maxConsecutiveFailures: 3,
    },
  ];
  const alive = { index: 0, alive: true, consecutive_failures: 0, last_success: 1, exhausted: false };

  /** Lets new tasks become healthy one after the other, and watches the bounds after every timer. */
  async function roll(platform: TestPlatform, minHealthy: number, maxTotal: number): Promise<void> {
    const seen = new Set<string>();
    let least = Number.POSITIVE_INFINITY;
    let most = 0;
    const isDone = await platform.time.advanceUntil(() => {
      const tasks = platform.master.alive('web');
      const ending = new Set(
        platform.engine.view
          .instances('/web')
          .filter(({ goal }) => goal !== 'Running')
          .map(({ id }) => id),
      );
      const healthy = tasks.filter(
        ({ info, health }) => health?.[0]?.alive === true && !ending.has(info.task_id.value.replace(/\._app.*/, '')),
      );
      least = Math.min(least, healthy.length);
      most = Math.max(most, tasks.length);
      for (const { info, state } of tasks) {
        if (state !== 'TASK_RUNNING' || seen.has(info.task_id.value)) continue;
        seen.add(info.task_id.value);
        platform.time.after(1000, () => {
          platform.master.setHealth(info.task_id.value, [alive]);
        });
      }
      return platform.engine.view.deployments().length === 0;
    }, 600_000);
    expect(isDone).toBe(true);
    expect(least).toBeGreaterThanOrEqual(minHealthy);
    expect(most).toBeLessThanOrEqual(maxTotal);
  }

  it.each([
    { min: 1, over: 0, minHealthy: 4, maxTotal: 5 },
    { min: 0.5, over: 0, minHealthy: 2, maxTotal: 4 },
    { min: 1, over: 0.5, minHealthy: 4, maxTotal: 6 },
    { min: 0.75, over: 0.25, minHealthy: 3, maxTotal: 5 },
  ])('keeps $minHealthy healthy and at most $maxTotal in all (min $min, over $over)', async (bounds) => {
    const upgradeStrategy = { minimumHealthCapacity: bounds.min, maximumOverCapacity: bounds.over };
    const spec = appSpec('/web', { instances: 4, healthChecks, upgradeStrategy });
    const platform = await TestPlatform.started();
    valueOf(await platform.put([spec]));
    await roll(platform, 0, 4);
    const before = new Set(platform.master.launched);
    valueOf(await platform.put([{ ...spec, cmd: 'new' }]));
    await roll(platform, bounds.minHealthy, bounds.maxTotal);
    await platform.time.advance(1000);
    const tasks = platform.master.alive('web');
    expect(tasks).toHaveLength(4);
    expect(tasks.some(({ info }) => before.has(info.task_id.value))).toBe(false);
  });

  it('waits until new instances are ready, and shows their answers', async () => {
    const readinessChecks = [
      {
        name: 'ready',
        protocol: 'HTTP' as const,
        path: '/',
        portName: 'http-api',
        intervalSeconds: 1,
        timeoutSeconds: 1,
        httpStatusCodesForReady: [200],
        preserveLastResponse: true,
      },
    ];
    const platform = await TestPlatform.started();
    const portDefinitions = [{ port: 0, protocol: 'tcp' as const, name: 'http-api' }];
    valueOf(await platform.put([appSpec('/web', { readinessChecks, portDefinitions })]));
    await platform.time.advance(5000);
    const [task] = platform.master.alive('web');
    const taskId = task?.info.task_id.value ?? '';
    platform.master.setHealth(taskId, [], [{ name: 'ready', ready: false }]);
    await platform.time.advance(100);
    const [deployment] = platform.engine.view.deployments();
    expect(deployment?.readinessCheckResults.get('/web')).toEqual([{ name: 'ready', taskId, ready: false }]);
    platform.master.setHealth(taskId, [], [{ name: 'ready', ready: true }]);
    await platform.time.advance(100);
    expect(platform.engine.view.deployments()).toEqual([]);
  });

  it('kills what stays unhealthy, says why, and replaces it at once', async () => {
    const platform = await TestPlatform.started();
    valueOf(await platform.put([appSpec('/web', { healthChecks, backoffSeconds: 100 })]));
    await platform.time.advance(1000);
    const taskId = platform.master.launched[0] ?? '';
    platform.master.setHealth(taskId, [alive]);
    await platform.time.advance(100);
    expect(platform.engine.view.deployments()).toEqual([]);
    platform.master.setHealth(taskId, [
      {
        ...alive,
        alive: false,
        consecutive_failures: 3,
        last_failure: 2,
        last_failure_cause: 'HTTP 500',
        exhausted: true,
      },
    ]);
    await platform.time.advance(1000);
    expect(platform.master.launched).toHaveLength(2);
    expect(platform.engine.view.lastTaskFailure('/web')).toMatchObject({
      state: 'TASK_KILLED',
      message: 'Task was killed since health check failed. Reason: HTTP 500',
    });
    const names = platform.events.map(({ eventType }) => eventType);
    const from = names.indexOf('failed_health_check_event');
    expect(names.slice(from - 1, from + 3)).toEqual([
      'instance_health_changed_event',
      'failed_health_check_event',
      'health_status_changed_event',
      'unhealthy_instance_kill_event',
    ]);
  });

  it('replaces old instances that wait for a place or fail, without a word from them', async () => {
    const platform = await TestPlatform.started();
    const upgradeStrategy = { minimumHealthCapacity: 1, maximumOverCapacity: 0 };
    valueOf(await platform.put([appSpec('/web', { instances: 2, cpus: 1000, upgradeStrategy })]));
    await platform.time.advance(1000);
    valueOf(await platform.put([appSpec('/web', { instances: 2, upgradeStrategy })], { force: true }));
    expect(await platform.quiet()).toBe(true);
    expect(platform.running('/web')).toBe(2);
  });

  it('goes on with a rollout that force cut short', async () => {
    const upgradeStrategy = { minimumHealthCapacity: 1, maximumOverCapacity: 0 };
    const platform = await TestPlatform.started();
    valueOf(await platform.put([appSpec('/web', { instances: 3, upgradeStrategy })]));
    await platform.quiet();
    const before = new Set(platform.master.launched);
    platform.master.script = () => ({ kind: 'run', startMs: 10_000 });
    valueOf(await platform.put([appSpec('/web', { instances: 3, cmd: 'new', upgradeStrategy })]));
    await platform.time.advance(15_000);
    valueOf(await platform.put([appSpec('/web', { instances: 4, cmd: 'new', upgradeStrategy })], { force: true }));
    expect(await platform.quiet()).toBe(true);
    const tasks = platform.master.alive('web');
    expect(tasks).toHaveLength(4);
    expect(tasks.some(({ info }) => before.has(info.task_id.value))).toBe(false);
  });
});
