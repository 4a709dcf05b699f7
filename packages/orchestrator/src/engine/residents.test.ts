/** Instances with persistent volumes. */
import { describe, expect, it } from 'vitest';
import { RESERVATION_SCAN_AGAIN_MS } from './limits.ts';
import { giveBackKey } from './records.ts';
import { appSpec } from './testing/definitions.ts';
import { TestPlatform, valueOf } from './testing/platform.ts';

const RESIDENT = appSpec('/db', {
  role: 'store',
  unreachableStrategy: 'disabled',
  container: { type: 'MESOS', volumes: [{ containerPath: 'data', mode: 'RW', persistent: { size: 10 } }] },
});

/** A platform that reserves in the role it has, unless it has another. */
async function started(agents: number, role = 'store'): Promise<TestPlatform> {
  const platform = new TestPlatform({ agents, config: { role } });
  platform.master.offers.role = 'store';
  await platform.startEngine();
  await platform.time.advance(50);
  return platform;
}

describe('a first launch that came to nothing', () => {
  it('leaves a debt: what its agent may have reserved is given back, however long that takes', async () => {
    const platform = await started(2);
    platform.master.script = () => ({ kind: 'silent' });
    valueOf(await platform.put([RESIDENT]));
    await platform.until(() => platform.master.launched.length === 1);
    const [task] = platform.master.alive('db');
    const [instance] = platform.engine.view.instances('/db');
    platform.master.script = () => ({ kind: 'run' });
    platform.master.offers.withhold(task?.agentId ?? '');
    platform.master.end(task?.info.task_id.value ?? '', 'TASK_DROPPED');
    expect(await platform.until(() => platform.running('/db') === 1, 10_000)).toBe(true);
    expect(platform.master.alive('db')[0]?.agentId).not.toBe(task?.agentId);
    expect(await platform.storedKeys()).toContain(giveBackKey(instance?.id ?? ''));
  });
});

describe('an app that is removed while its agent is out of contact', () => {
  it('leaves a debt, which one offer does not settle: the task may run on it still', async () => {
    const platform = await started(1, '*');
    valueOf(await platform.put([RESIDENT]));
    await platform.quiet();
    const key = giveBackKey(platform.engine.view.instances('/db')[0]?.id ?? '');
    platform.master.loseAgent(0);
    valueOf(await platform.remove('/db', { force: true }));
    await platform.time.advance(1000);
    platform.master.killMs = RESERVATION_SCAN_AGAIN_MS;
    platform.master.returnAgent(0);
    await platform.time.advance(RESERVATION_SCAN_AGAIN_MS + 1000);
    expect(platform.master.alive('db')).toEqual([]);
    await platform.time.advance(RESERVATION_SCAN_AGAIN_MS / 2);
    expect(await platform.storedKeys()).toContain(key);
    await platform.time.advance(2 * RESERVATION_SCAN_AGAIN_MS);
    expect(await platform.storedKeys()).not.toContain(key);
  });
});

describe('an agent out of contact', () => {
  const replacedAtOnce = { ...RESIDENT, unreachableStrategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 } };

  it('is no reason to end what has volumes there: it is replaced, and goes on when its agent is back', async () => {
    const platform = await started(2);
    valueOf(await platform.put([replacedAtOnce]));
    await platform.quiet();
    const [first] = platform.master.alive('db');
    const index = Number(first?.agentId.at(-1));
    platform.master.loseAgent(index);
    expect(await platform.until(() => platform.master.alive('db').length === 2, 10_000)).toBe(true);
    expect(await platform.until(() => platform.running('/db') === 1, 10_000)).toBe(true);
    expect(platform.engine.view.instances('/db').map(({ condition }) => condition)).toContain('UnreachableInactive');
    platform.master.returnAgent(index);
    await platform.time.advance(5000);
    // The younger one goes, and keeps its volume.
    expect(platform.master.alive('db')).toEqual([first]);
    expect(
      platform.engine.view
        .instances('/db')
        .map(({ goal }) => goal)
        .sort(),
    ).toEqual(['Running', 'Stopped']);
  });

  it('that is back at once finds nothing changed', async () => {
    const platform = await started(1);
    valueOf(await platform.put([replacedAtOnce]));
    await platform.quiet();
    const before = platform.master.alive('db');
    platform.master.loseAgent(0);
    platform.master.returnAgent(0);
    await platform.time.advance(5000);
    expect(platform.master.alive('db')).toEqual(before);
    expect(platform.engine.view.instances('/db')).toMatchObject([{ goal: 'Running', condition: 'Running' }]);
    expect(platform.master.calls.map(({ type }) => type)).not.toContain('KILL');
  });
});
