/** Instances with persistent volumes. */
import { describe, expect, it } from 'vitest';
import { giveBackKey } from './records.ts';
import { appSpec } from './testing/definitions.ts';
import { TestPlatform, valueOf } from './testing/platform.ts';

const RESIDENT = appSpec('/db', {
  role: 'store',
  unreachableStrategy: 'disabled',
  container: { type: 'MESOS', volumes: [{ containerPath: 'data', mode: 'RW', persistent: { size: 10 } }] },
});

/** A platform that reserves in the role it has. */
async function started(agents: number): Promise<TestPlatform> {
  const platform = new TestPlatform({ agents, config: { role: 'store' } });
  platform.master.role = 'store';
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
    platform.master.withhold(task?.agentId ?? '');
    platform.master.end(task?.info.task_id.value ?? '', 'TASK_DROPPED');
    expect(await platform.until(() => platform.running('/db') === 1, 10_000)).toBe(true);
    expect(platform.master.alive('db')[0]?.agentId).not.toBe(task?.agentId);
    expect(await platform.storedKeys()).toContain(giveBackKey(instance?.id ?? ''));
  });
});
