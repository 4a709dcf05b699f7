/** Launches that a master does not take, again and again. */
import { describe, expect, it } from 'vitest';
import { appSpec } from './testing/definitions.ts';
import { TestPlatform, valueOf } from './testing/platform.ts';

async function refused(more: Parameters<typeof appSpec>[1]): Promise<TestPlatform> {
  const platform = await TestPlatform.started();
  platform.master.script = () => ({ kind: 'refuse' });
  valueOf(await platform.put([appSpec('/bad', more)]));
  return platform;
}

describe('an app whose launches the master refuses', () => {
  it('pauses longer and longer, also when it wants no pauses after failures', async () => {
    const platform = await refused({ backoffSeconds: 0, backoffFactor: 1, maxLaunchDelaySeconds: 60 });
    await platform.time.advance(120_000);
    // 1 s, 1.15 times longer each time.
    expect(platform.master.refused).toBeGreaterThan(10);
    expect(platform.master.refused).toBeLessThan(25);
    platform.master.script = () => ({ kind: 'run' });
    expect(await platform.until(() => platform.running('/bad') === 1, 60_000)).toBe(true);
  });

  it('pauses a second where its longest pause is none', async () => {
    const platform = await refused({ backoffSeconds: 0, maxLaunchDelaySeconds: 0 });
    await platform.time.advance(60_000);
    expect(platform.master.refused).toBeGreaterThan(10);
    expect(platform.master.refused).toBeLessThan(65);
  });

  it('keeps its own pauses where they are longer, and what the master said as its last failure', async () => {
    const platform = await refused({ backoffSeconds: 30 });
    await platform.time.advance(29_000);
    expect(platform.master.refused).toBe(1);
    expect(platform.engine.view.lastTaskFailure('/bad')).toMatchObject({
      state: 'TASK_ERROR',
      message: 'Task uses more resources than there are',
    });
  });
});
