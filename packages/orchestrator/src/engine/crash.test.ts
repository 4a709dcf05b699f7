/**
 * The process dies at every commit, just before it is durable and just after, and another one takes over. Whatever was
 * promised holds, nothing is launched twice, and what runs is left alone.
 */
import { describe, expect, it } from 'vitest';
import { appSpec } from './testing/definitions.ts';
import { TestPlatform, valueOf } from './testing/platform.ts';

type Moment = 'begun' | 'durable';
type Scenario = (platform: TestPlatform) => Promise<void>;

/** Runs a scenario that dies at its `nth` commit; false when it has fewer. */
async function crashAt(nth: number, moment: Moment, platform: TestPlatform, scenario: Scenario): Promise<boolean> {
  let seen = 0;
  platform.onCommit = (now) => {
    if (now !== moment || seen >= nth) return;
    seen += 1;
    if (seen === nth) platform.kill();
  };
  await scenario(platform);
  if (seen < nth) return false;
  platform.onCommit = () => undefined;
  await platform.startEngine();
  await platform.quiet();
  await platform.time.advance(60_000);
  return true;
}

/** Tries every commit of a scenario. */
async function atEveryCommit(
  prepare: Scenario,
  scenario: Scenario,
  check: (platform: TestPlatform) => void,
): Promise<void> {
  for (const moment of ['begun', 'durable'] as const) {
    for (let nth = 1; nth <= 100; nth += 1) {
      const platform = await TestPlatform.started();
      await prepare(platform);
      if (!(await crashAt(nth, moment, platform, scenario))) {
        expect(nth).toBeGreaterThan(1);
        break;
      }
      expect(platform.fatal).toEqual([]);
      expect(platform.engine.view.deployments()).toEqual([]);
      expectNoDoubles(platform);
      check(platform);
    }
  }
}

/** No two tasks of one instance are alive, and what is alive is what the engine knows. */
function expectNoDoubles(platform: TestPlatform): void {
  const tasks = platform.master.alive().map(({ info }) => info.task_id.value);
  const instances = tasks.map((id) => id.replace(/\._app\.\d+$/, ''));
  expect(new Set(instances).size).toBe(instances.length);
  for (const id of tasks) expect(platform.engine.view.instanceByTaskId(id)).toBeDefined();
}

const nothing: Scenario = () => Promise.resolve();

describe('a crash at any commit', () => {
  it('of a first deployment leaves all of it or nothing', async () => {
    await atEveryCommit(
      nothing,
      async (platform) => {
        void platform.put([appSpec('/web', { instances: 3 })]);
        await platform.time.advance(2000);
      },
      (platform) => {
        const wanted = platform.app('/web') === undefined ? 0 : 3;
        expect(platform.running('/web')).toBe(wanted);
        expect(platform.master.alive()).toHaveLength(wanted);
        expect(platform.master.launched).toHaveLength(wanted);
      },
    );
  });

  it('keeps what was acknowledged', async () => {
    let isAcknowledged = false;
    await atEveryCommit(
      () => {
        isAcknowledged = false;
        return Promise.resolve();
      },
      async (platform) => {
        const asked = platform.engine.changeRoot(
          (_, version) => ({
            ok: true,
            value: {
              upserts: [
                {
                  ...appSpec('/web'),
                  version,
                  versionInfo: { lastScalingAt: version, lastConfigChangeAt: version },
                },
              ],
              removals: [],
            },
          }),
          { force: false },
        );
        void asked.then((outcome) => {
          if (outcome.ok) isAcknowledged = true;
        });
        await platform.time.advance(2000);
      },
      (platform) => {
        if (isAcknowledged) expect(platform.running('/web')).toBe(1);
      },
    );
  });

  it('of a rolling restart ends with only new instances, and never without a healthy one', async () => {
    const upgradeStrategy = { minimumHealthCapacity: 0.5, maximumOverCapacity: 0.5 };
    const spec = appSpec('/web', { instances: 4, upgradeStrategy });
    await atEveryCommit(
      async (platform) => {
        valueOf(await platform.put([spec]));
        await platform.quiet();
      },
      async (platform) => {
        const { onCommit } = platform;
        platform.onCommit = (moment) => {
          expect(platform.master.alive('web').length).toBeGreaterThanOrEqual(2);
          onCommit(moment);
        };
        void platform.put([{ ...spec, cmd: 'new' }]);
        await platform.time.advance(20_000);
      },
      (platform) => {
        expect(platform.running('/web')).toBe(4);
        const version = platform.app('/web')?.version;
        for (const { appVersion } of platform.engine.view.instances('/web')) expect(appVersion).toBe(version);
      },
    );
  });

  it('of a removal ends with nothing left', async () => {
    await atEveryCommit(
      async (platform) => {
        valueOf(await platform.put([appSpec('/web', { instances: 3 })]));
        await platform.quiet();
      },
      async (platform) => {
        void platform.remove('/web');
        await platform.time.advance(2000);
      },
      (platform) => {
        expect(platform.master.alive()).toHaveLength(platform.app('/web') === undefined ? 0 : 3);
      },
    );
  });

  it('of a kill forgets neither the kill nor the replacement', async () => {
    await atEveryCommit(
      async (platform) => {
        valueOf(await platform.put([appSpec('/web', { instances: 2 })]));
        await platform.quiet();
      },
      async (platform) => {
        const [first] = platform.engine.view.instances('/web');
        void platform.engine.killInstances([first?.id ?? ''], { wipe: false });
        await platform.time.advance(2000);
      },
      (platform) => {
        expect(platform.running('/web')).toBe(2);
      },
    );
  });
});

describe('a restart of the orchestrator', () => {
  it('leaves alone what runs, health included', async () => {
    const platform = await TestPlatform.started();
    valueOf(await platform.put([appSpec('/web', { instances: 5 })]));
    await platform.quiet();
    const known = () => new Map(platform.engine.view.instances('/web').map((instance) => [instance.id, instance]));
    const before = known();
    await platform.crash();
    await platform.time.advance(3_600_000);
    expect(known()).toEqual(before);
    expect(platform.master.launched).toHaveLength(5);
    expect(platform.master.calls.some(({ type }) => type === 'KILL')).toBe(false);
  });

  it('learns what ended meanwhile', async () => {
    const platform = await TestPlatform.started();
    valueOf(await platform.put([appSpec('/web', { instances: 2, backoffSeconds: 0 })]));
    await platform.quiet();
    platform.kill();
    platform.master.end(platform.master.launched[0] ?? '', 'TASK_FAILED', 'died alone');
    await platform.time.advance(1000);
    await platform.startEngine();
    await platform.time.advance(20_000);
    expect(platform.running('/web')).toBe(2);
    expect(platform.engine.view.lastTaskFailure('/web')?.message).toBe('died alone');
  });

  it('says why a task failed as soon as its agent does, whoever tells first that it has', async () => {
    const platform = await TestPlatform.started();
    valueOf(await platform.put([appSpec('/web')]));
    await platform.quiet();
    const [taskId = ''] = platform.master.launched;
    const reason = () => platform.engine.view.lastTaskFailure('/web')?.message;
    platform.master.say(taskId, 'TASK_FAILED', {
      message: 'Reconciliation: Latest task state',
      reason: 'REASON_RECONCILIATION',
    });
    await platform.time.advance(10);
    expect(reason()).toBe('Reconciliation: Latest task state');
    platform.master.end(taskId, 'TASK_FAILED', 'Command exited with status 7');
    await platform.time.advance(10);
    expect(reason()).toBe('Command exited with status 7');
    await platform.crash();
    expect(reason()).toBe('Command exited with status 7');
  });

  it('ends a task whose kill was acknowledged before its agent was lost', async () => {
    const platform = await TestPlatform.started({ agents: 1 });
    valueOf(await platform.put([appSpec('/web', { unreachableStrategy: 'disabled' })]));
    await platform.quiet();
    platform.master.killMs = 1e12;
    const [victim] = platform.engine.view.instances('/web').map(({ id }) => id);
    valueOf(await platform.settle(platform.engine.killInstances([victim ?? ''], { wipe: false })));
    platform.master.loseAgent(0);
    await platform.time.advance(1000);
    await platform.crash();
    platform.master.killMs = 10;
    platform.master.returnAgent(0);
    await platform.time.advance(60_000);
    expect(platform.master.alive('web').map(({ info }) => info.task_id.value)).not.toContain(
      platform.master.launched[0],
    );
    expect(platform.running('/web')).toBe(1);
  });

  it('gives what was coming up its whole time anew', async () => {
    const platform = await TestPlatform.started();
    platform.master.script = () => ({ kind: 'run', startMs: 420_000 });
    valueOf(await platform.put([appSpec('/web')]));
    await platform.time.advance(250_000);
    platform.kill();
    await platform.time.advance(100_000);
    await platform.startEngine();
    await platform.time.advance(100_000);
    expect(platform.master.launched).toHaveLength(1);
    expect(platform.running('/web')).toBe(1);
  });

  it('keeps everything while the master says nothing', async () => {
    const platform = await TestPlatform.started();
    valueOf(await platform.put([appSpec('/web', { instances: 3 })]));
    await platform.quiet();
    platform.master.isDeaf = true;
    await platform.crash();
    await platform.time.advance(86_400_000);
    expect(platform.running('/web')).toBe(3);
    platform.master.isDeaf = false;
    await platform.time.advance(60_000);
    expect(platform.master.launched).toHaveLength(3);
    expect(platform.running('/web')).toBe(3);
  });

  it('acts at once for an app that it knows all of, while another waits for word of its tasks', async () => {
    const platform = await TestPlatform.started({ agents: 2 });
    const spread = { constraints: [['hostname', 'GROUP_BY']] };
    valueOf(await platform.put([appSpec('/web', { instances: 4, ...spread })]));
    valueOf(await platform.put([appSpec('/api', { instances: 1, backoffSeconds: 0 })]));
    await platform.quiet();
    const api = platform.engine.view.instances('/api')[0]?.place?.agentId;
    platform.kill();
    platform.master.awaitAgent(api === 'agent-0' ? 1 : 0);
    await platform.startEngine();
    valueOf(await platform.put([appSpec('/web', { instances: 5, ...spread }), appSpec('/api', { instances: 2 })]));
    valueOf(await platform.put([appSpec('/new')]));
    await platform.time.advance(2000);
    expect([platform.running('/new'), platform.running('/api')]).toEqual([1, 2]);
    expect(platform.engine.view.instances('/web')).toHaveLength(4);
    platform.master.returnAgent(api === 'agent-0' ? 1 : 0);
    await platform.time.advance(2000);
    expect(platform.running('/web')).toBe(5);
    expect(platform.engine.view.deployments()).toEqual([]);
  });

  it('comes back after a cut connection without launching or killing', async () => {
    const platform = await TestPlatform.started();
    valueOf(await platform.put([appSpec('/web', { instances: 3 })]));
    await platform.quiet();
    platform.master.disconnect();
    await platform.time.advance(60_000);
    expect(platform.ofType('scheduler_disconnected_event')).toHaveLength(1);
    expect(platform.ofType('scheduler_reregistered_event')).toHaveLength(1);
    expect(platform.master.launched).toHaveLength(3);
    valueOf(await platform.put([appSpec('/web', { instances: 4 })]));
    await platform.quiet();
    expect(platform.running('/web')).toBe(4);
  });

  it('stops acting when another leader has taken over', async () => {
    const platform = await TestPlatform.started();
    await platform.takeOver();
    const outcome = await platform.put([appSpec('/web')]);
    expect(outcome).toMatchObject({ ok: false, rejection: { kind: 'unavailable' } });
    expect(platform.fatal).toMatchObject([{ code: 'store-stale-epoch' }]);
    await platform.time.advance(60_000);
    expect(platform.master.launched).toEqual([]);
  });
});

describe('damaged records', () => {
  it('of an app leave its instances running and everything else at work', async () => {
    const platform = await TestPlatform.started();
    valueOf(await platform.put([appSpec('/web', { instances: 2 }), appSpec('/other')]));
    await platform.quiet();
    platform.kill();
    await platform.plant('orchestrator/apps/web', { version: 42 });
    await platform.startEngine();
    await platform.time.advance(3_600_000);
    expect(platform.master.alive('web')).toHaveLength(2);
    valueOf(await platform.put([appSpec('/other', { instances: 2 })]));
    await platform.quiet();
    expect(platform.running('/other')).toBe(2);
  });

  it('of an instance do not end its task', async () => {
    const platform = await TestPlatform.started();
    valueOf(await platform.put([appSpec('/web')]));
    await platform.quiet();
    const [instance] = platform.engine.view.instances('/web');
    platform.kill();
    await platform.plant(`orchestrator/instances/${instance?.id ?? ''}`, 'rubbish');
    await platform.startEngine();
    await platform.time.advance(3_600_000);
    expect(platform.master.alive('web')).toHaveLength(1);
  });
});

describe('a full disk', () => {
  it('refuses changes, loses nothing, and goes on when there is room', async () => {
    const platform = await TestPlatform.started();
    valueOf(await platform.put([appSpec('/web', { instances: 2, backoffSeconds: 0 })]));
    await platform.quiet();
    platform.isDiskFull = true;
    platform.master.end(platform.master.launched[0] ?? '', 'TASK_FAILED');
    await platform.time.advance(5000);
    expect(platform.master.launched).toHaveLength(2);
    const refused = await platform.put([appSpec('/more')]);
    expect(refused).toMatchObject({ ok: false, rejection: { kind: 'unavailable' } });
    platform.isDiskFull = false;
    await platform.time.advance(5000);
    expect(platform.fatal).toEqual([]);
    expect(platform.running('/web')).toBe(2);
    expect(platform.master.launched).toHaveLength(3);
    valueOf(await platform.put([appSpec('/more')]));
    await platform.quiet();
    expect(platform.running('/more')).toBe(1);
  });

  it('is told to the one whose change met it first, and does not keep the engine from stopping', async () => {
    const platform = await TestPlatform.started();
    platform.isDiskFull = true;
    const first = await platform.put([appSpec('/first')]);
    expect(first).toMatchObject({ ok: false, rejection: { kind: 'unavailable' } });
    expect(await platform.put([appSpec('/second')])).toMatchObject({ ok: false, rejection: { kind: 'unavailable' } });
    platform.isDiskFull = false;
    await platform.time.advance(5000);
    expect(platform.running('/first')).toBe(1);
    platform.isDiskFull = true;
    expect(await platform.put([appSpec('/third')])).toMatchObject({ ok: false });
    let isStopped = false;
    void platform.engine.stop().then(() => {
      isStopped = true;
    });
    await platform.time.advance(10);
    expect(isStopped).toBe(true);
  });
});
