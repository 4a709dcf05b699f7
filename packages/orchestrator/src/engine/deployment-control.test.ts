import { beforeEach, describe, expect, it } from 'vitest';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import type { AppSpec } from '../core/app/spec.ts';
import type { DeploymentControl } from '../engine.ts';
import { appSpec } from './testing/definitions.ts';
import { TestPlatform, valueOf } from './testing/platform.ts';

type Strategy = AppDefinition['upgradeStrategy'];

let platform: TestPlatform;

function web(strategy: Partial<Strategy> = {}, more: Partial<AppSpec> = {}): AppSpec {
  const upgradeStrategy = { minimumHealthCapacity: 1, maximumOverCapacity: 0, ...strategy };
  return appSpec('/web', { instances: 4, upgradeStrategy, ...more });
}

/** Puts `/web` there, then changes it. */
async function upgrade(strategy: Partial<Strategy> = {}, more: Partial<AppSpec> = {}): Promise<string> {
  valueOf(await platform.put([web(strategy)]));
  await platform.quiet();
  return valueOf(await platform.put([web(strategy, { cmd: 'new', ...more })], { by: 'ann' })).deploymentId;
}

async function control(id: string, action: DeploymentControl) {
  return platform.settle(platform.engine.controlDeployment(id, action, 'bob'));
}

function fresh(): number {
  const since = platform.app('/web')?.versionInfo.lastConfigChangeAt ?? '';
  return platform.engine.view
    .instances('/web')
    .filter(({ appVersion, condition }) => appVersion >= since && condition === 'Running').length;
}

function outcomeOf(id: string) {
  return platform.engine.view.deploymentRecord(id)?.outcome;
}

beforeEach(async () => {
  platform = await TestPlatform.started();
});

describe('a canary', () => {
  it('is all that is replaced until somebody promotes it', async () => {
    const id = await upgrade({ canary: { instances: 1 }, minimumHealthCapacity: 0.5 });
    await platform.time.advance(60_000);
    expect(fresh()).toBe(1);
    expect(platform.running('/web')).toBe(4);
    expect(outcomeOf(id)).toBe('canary');
    await platform.crash();
    await platform.time.advance(60_000);
    expect(fresh()).toBe(1);
    expect(valueOf(await control(id, 'promote')).outcome).toBe('running');
    expect(await platform.quiet()).toBe(true);
    expect(fresh()).toBe(4);
    expect(outcomeOf(id)).toBe('success');
  });

  it('that is found bad is taken back: what it replaced runs again, in the old configuration', async () => {
    const id = await upgrade({ canary: { instances: 1 } });
    await platform.time.advance(60_000);
    expect(valueOf(await control(id, 'fail'))).toMatchObject({ outcome: 'failed', by: 'ann' });
    expect(await platform.quiet()).toBe(true);
    expect(platform.app('/web')?.cmd).toBe('sleep 1000');
    expect(platform.running('/web')).toBe(4);
    const [back] = [...platform.engine.view.deploymentRecords()];
    expect(back).toMatchObject({ outcome: 'success', isRollBack: true, by: `roll back of ${id}` });
  });
});

describe('a pause', () => {
  it('holds everything until it is resumed, also through a crash', async () => {
    platform.master.script = () => ({ kind: 'run', startMs: 5000 });
    const id = await upgrade();
    await platform.time.advance(12_000);
    expect(valueOf(await control(id, 'pause')).outcome).toBe('paused');
    await platform.time.advance(20_000);
    const held = fresh();
    expect(held).toBeGreaterThan(0);
    expect(held).toBeLessThan(4);
    await platform.crash();
    await platform.time.advance(60_000);
    expect(fresh()).toBe(held);
    valueOf(await control(id, 'resume'));
    expect(await platform.quiet()).toBe(true);
    expect(fresh()).toBe(4);
  });

  it('of what is not under way is not found', async () => {
    for (const action of ['pause', 'resume', 'promote', 'fail'] as const) {
      expect(await control('none', action)).toMatchObject({ ok: false, rejection: { kind: 'not-found' } });
    }
  });
});

describe('a roll back by itself', () => {
  it('comes after so many failures of new instances, and names the last', async () => {
    platform.master.script = (task) => (task.command?.value === 'new' ? { kind: 'fail' } : { kind: 'run', startMs: 5 });
    const id = await upgrade({ rollback: { afterFailures: 2 } });
    expect(await platform.until(() => outcomeOf(id) === 'failed')).toBe(true);
    expect(await platform.quiet()).toBe(true);
    expect(platform.engine.view.deploymentRecord(id)).toMatchObject({
      reason: expect.stringMatching(
        /instances of the new version failed, the last with: Command exited with status 1/,
      ) as string,
      failures: expect.arrayContaining([expect.objectContaining({ state: 'TASK_FAILED' })]) as unknown[],
    });
    expect(platform.app('/web')?.cmd).toBe('sleep 1000');
    expect(platform.running('/web')).toBe(4);
  });

  it('comes when the deployment is not done in time, crash or not, and never of a roll back', async () => {
    const id = await upgrade({ rollback: { deadlineSeconds: 60 } }, { cpus: 1000 });
    await platform.time.advance(30_000);
    await platform.crash();
    expect(await platform.until(() => outcomeOf(id) === 'failed', 35_000)).toBe(true);
    expect(await platform.quiet()).toBe(true);
    expect(platform.engine.view.deploymentRecord(id)?.reason).toBe('not done within 60 seconds');
    expect(platform.app('/web')?.cpus).toBe(1);
    await platform.time.advance(600_000);
    expect(platform.app('/web')?.cpus).toBe(1);
  });

  it('gives a deployment that somebody has held the time that it had left', async () => {
    const id = await upgrade({ rollback: { deadlineSeconds: 60 } }, { cpus: 1000 });
    for (const held of [100_000, 200_000]) {
      await platform.time.advance(20_000);
      await control(id, 'pause');
      await platform.time.advance(held);
      await platform.crash();
      await control(id, 'resume');
    }
    await platform.time.advance(19_000);
    expect(outcomeOf(id)).toBe('running');
    expect(await platform.until(() => outcomeOf(id) === 'failed', 2_000)).toBe(true);
  });

  it('counts the failures of before a crash, and forgets them with the deployment', async () => {
    platform.master.script = (task) => (task.command?.value === 'new' ? { kind: 'fail' } : { kind: 'run', startMs: 5 });
    const id = await upgrade({ rollback: { afterFailures: 5 } });
    const count = () => platform.engine.view.deploymentRecord(id)?.failureCount ?? 0;
    for (let crashes = 1; crashes <= 2; crashes += 1) {
      const seen = count();
      expect(await platform.until(() => count() > seen)).toBe(true);
      await platform.time.advance(50);
      const before = platform.engine.view.deploymentRecord(id);
      await platform.crash();
      expect(outcomeOf(id)).toBe('running');
      expect(platform.engine.view.deploymentRecord(id)?.failures).toEqual(before?.failures);
      expect(count()).toBe(before?.failureCount);
    }
    const before = count();
    expect(before).toBeGreaterThan(1);
    expect(await platform.until(() => outcomeOf(id) === 'failed')).toBe(true);
    // Fewer than are allowed have come since the crash.
    expect(count() - before).toBeLessThan(5);
    expect(await platform.quiet()).toBe(true);
    expect(platform.app('/web')?.cmd).toBe('sleep 1000');
    expect((await platform.storedKeys()).filter((key) => key.includes(id) && !key.includes('/ended-'))).toEqual([]);
  });

  it('does not come when all goes well', async () => {
    const id = await upgrade({ rollback: { deadlineSeconds: 60, afterFailures: 1 } });
    expect(await platform.quiet()).toBe(true);
    await platform.time.advance(120_000);
    expect(outcomeOf(id)).toBe('success');
    expect(platform.app('/web')?.cmd).toBe('new');
  });
});

describe('bounds beyond fractions', () => {
  it('may be counts: one at a time', async () => {
    const seen = new Set<number>();
    await upgrade({ minimumHealthCapacity: 0, minimumHealthy: 3, maximumOver: 0 });
    await platform.time.advanceUntil(() => {
      seen.add(platform.master.alive('web').length);
      return platform.engine.view.deployments().length === 0;
    }, 600_000);
    expect(Math.min(...seen)).toBeGreaterThanOrEqual(3);
    expect(Math.max(...seen)).toBeLessThanOrEqual(4);
    expect(fresh()).toBe(4);
  });

  it('a pause between batches lets each new instance run for a while before the next comes', async () => {
    const before = platform.time.now();
    await upgrade({ batchPauseSeconds: 100 });
    await platform.time.advance(99_000);
    expect(fresh()).toBe(1);
    expect(await platform.quiet()).toBe(true);
    expect(platform.time.now() - before).toBeGreaterThan(300_000);
  });
});

describe('a pause between batches', () => {
  it('is no longer for a crash in the middle of it', async () => {
    await upgrade({ batchPauseSeconds: 100 });
    await platform.time.advance(60_000);
    await platform.crash();
    await platform.time.advance(38_000);
    expect(fresh()).toBe(1);
    await platform.time.advance(10_000);
    expect(fresh()).toBe(2);
  });
});

describe('a frozen instance', () => {
  it('is out of rotation, left alone and replaced, until somebody kills it', async () => {
    const healthChecks = [
      {
        protocol: 'HTTP' as const,
        gracePeriodSeconds: 0,
        intervalSeconds: 10,
        timeoutSeconds: 5,
        maxConsecutiveFailures: 1,
      },
    ];
    valueOf(await platform.put([web({}, { healthChecks })]));
    await platform.time.advance(100);
    const alive = { index: 0, alive: true, consecutive_failures: 0, last_success: 1, exhausted: false };
    for (const taskId of platform.master.launched) platform.master.setHealth(taskId, [alive]);
    expect(await platform.quiet()).toBe(true);
    const [sick] = platform.engine.view.instances('/web');
    const frozen = valueOf(await platform.settle(platform.engine.freezeInstance(sick?.id ?? '')));
    expect(frozen.goal).toBe('Frozen');
    const taskId = platform.master.launched[0] ?? '';
    platform.master.setHealth(taskId, [{ ...alive, alive: false, consecutive_failures: 9, exhausted: true }]);
    await platform.time.advance(1000);
    for (const other of platform.master.launched.slice(1)) platform.master.setHealth(other, [alive]);
    await platform.time.advance(600_000);
    expect(platform.master.alive('web')).toHaveLength(5);
    await platform.crash();
    await platform.time.advance(600_000);
    expect(platform.master.alive('web')).toHaveLength(5);
    expect(platform.ofType('instance_serving_changed_event').some(({ reason }) => reason === 'frozen')).toBe(true);
    expect(await platform.settle(platform.engine.freezeInstance(frozen.id))).toMatchObject({ ok: false });
    valueOf(await platform.settle(platform.engine.killInstances([frozen.id], { wipe: false })));
    await platform.time.advance(1000);
    expect(platform.master.alive('web')).toHaveLength(4);
  });
});

describe('locks and windows', () => {
  it('hold changes back, those that force too, until they are passed or gone; healing goes on', async () => {
    valueOf(await platform.put([appSpec('/a/web', { instances: 2 })]));
    await platform.quiet();
    valueOf(await platform.settle(platform.engine.setPolicy('/a', { lock: { reason: 'release freeze' } })));
    await platform.crash();
    const spec = appSpec('/a/web', { instances: 3 });
    for (const force of [false, true]) {
      expect(await platform.put([spec], { force })).toMatchObject({
        ok: false,
        rejection: { kind: 'held-back', message: 'Group /a is locked: release freeze' },
      });
    }
    expect((await platform.put([appSpec('/b')])).ok).toBe(true);
    platform.master.end(platform.master.launched[0] ?? '', 'TASK_FAILED');
    await platform.time.advance(10_000);
    expect(platform.running('/a/web')).toBe(2);
    expect((await platform.put([spec], { overridesPolicy: true })).ok).toBe(true);
    valueOf(await platform.settle(platform.engine.setPolicy('/a', undefined)));
    expect((await platform.put([appSpec('/a/web', { instances: 1 })], { force: true })).ok).toBe(true);
  });
});

describe('a plan', () => {
  const planned = (spec: AppSpec) =>
    valueOf(
      platform.engine.planChange((root, version) => ({
        ok: true,
        value: {
          upserts: [
            {
              ...spec,
              version,
              versionInfo: root.app(spec.id)?.versionInfo ?? { lastScalingAt: version, lastConfigChangeAt: version },
            },
          ],
          removals: [],
        },
      })),
    );

  it('has a token with which it is applied, unless what it changes has changed since', async () => {
    valueOf(await platform.put([web()]));
    await platform.quiet();
    const { token } = planned(web({}, { instances: 6 }));
    valueOf(await platform.put([appSpec('/other')]));
    expect(planned(web({}, { instances: 6 })).token).toBe(token);
    valueOf(await platform.put([web({}, { instances: 5 })]));
    await platform.quiet();
    expect(await platform.put([web({}, { instances: 6 })], { planToken: token })).toMatchObject({
      ok: false,
      rejection: { kind: 'stale-plan' },
    });
    const { token: next } = planned(web({}, { instances: 6 }));
    expect((await platform.put([web({}, { instances: 6 })], { planToken: next })).ok).toBe(true);
  });

  it('says whether it fits beside what runs, and what is missing', async () => {
    valueOf(await platform.put([web()]));
    await platform.quiet();
    expect(planned(web({}, { instances: 20 })).fit).toEqual([{ app: '/web', wanted: 16, placeable: 16 }]);
    const [fit] = planned(web({}, { instances: 100 })).fit;
    expect(fit).toMatchObject({ app: '/web', wanted: 96, placeable: 26 });
    expect(fit?.reason).toMatch(/cpus/);
  });
});

it('the record of a deployment keeps who, what, how long and how it ended', async () => {
  const id = await upgrade({}, { labels: { team: 'shop' } });
  await platform.quiet();
  await platform.crash();
  expect(platform.engine.view.deploymentRecord(id)).toMatchObject({
    outcome: 'success',
    by: 'ann',
    affectedApps: ['/web'],
    changes: [
      {
        app: '/web',
        change: 'update',
        fields: [
          { path: '/cmd', before: '"sleep 1000"', after: '"new"' },
          { path: '/labels/team', after: '"shop"' },
        ],
      },
    ],
    failureCount: 0,
  });
  expect([...platform.engine.view.deploymentRecords()].map((record) => record.outcome)).toEqual(['success', 'success']);
});
