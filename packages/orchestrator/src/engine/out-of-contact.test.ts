import { describe, expect, it } from 'vitest';
import { appSpec } from './testing/definitions.ts';
import { TestPlatform, valueOf } from './testing/platform.ts';

describe('agents out of contact', () => {
  it('lose their instances to others by default, and what returns is ended', async () => {
    const platform = await TestPlatform.started({ agents: 2 });
    valueOf(await platform.put([appSpec('/web', { instances: 4 })]));
    await platform.quiet();
    platform.master.loseAgent(0);
    await platform.time.advance(2000);
    expect(platform.running('/web')).toBe(4);
    platform.master.returnAgent(0);
    await platform.time.advance(2000);
    expect(platform.master.alive('web')).toHaveLength(4);
  });

  it('are waited for when the app says so', async () => {
    const platform = await TestPlatform.started({ agents: 2 });
    valueOf(await platform.put([appSpec('/web', { instances: 4, unreachableStrategy: 'disabled' })]));
    await platform.quiet();
    const before = platform.master.launched.length;
    platform.master.loseAgent(0);
    await platform.time.advance(86_400_000);
    expect(platform.engine.view.instances('/web').some(({ condition }) => condition === 'Unreachable')).toBe(true);
    platform.master.returnAgent(0);
    await platform.time.advance(1000);
    expect(platform.running('/web')).toBe(4);
    expect(platform.master.launched).toHaveLength(before);
  });

  it('get a replacement after the first time limit, and one too many goes when they return', async () => {
    const platform = await TestPlatform.started({ agents: 2 });
    const unreachableStrategy = { inactiveAfterSeconds: 60, expungeAfterSeconds: 3600 };
    valueOf(await platform.put([appSpec('/web', { instances: 4, unreachableStrategy })]));
    await platform.quiet();
    platform.master.loseAgent(0);
    await platform.time.advance(59_000);
    expect(platform.running('/web')).toBeLessThan(4);
    await platform.time.advance(2000);
    expect(platform.running('/web')).toBe(4);
    platform.master.returnAgent(0);
    await platform.time.advance(2000);
    expect(platform.master.alive('web')).toHaveLength(4);
    expect(platform.running('/web')).toBe(4);
  });
});

describe('tasks that nobody knows', () => {
  it('are ended', async () => {
    const platform = await TestPlatform.started();
    const ghost = 'ghost.instance-7d2c0a1e-4bb1-41eb-8e53-0242ac110002._app.1';
    platform.master.inventTask(ghost, 0);
    await platform.time.advance(1000);
    expect(platform.master.alive()).toHaveLength(0);
    expect(platform.ofType('unknown_instance_terminated_event')).toMatchObject([{ runSpecId: '/ghost' }]);
  });

  it('are ended too where a new master learns of them only after we have asked it', async () => {
    const platform = await TestPlatform.started();
    const ghost = 'ghost.instance-7d2c0a1e-4bb1-41eb-8e53-0242ac110002._app.1';
    // Its agent comes to the master, which tells nobody: so it is with Mesos.
    platform.master.inventTask(ghost, 0, false);
    await platform.time.advance(61_000);
    expect(platform.master.alive()).toHaveLength(0);
  });
});
