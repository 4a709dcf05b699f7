import { describe, expect, it } from 'vitest';
import { appSpec } from './testing/definitions.ts';
import { TestPlatform, valueOf } from './testing/platform.ts';

const CHECK = {
  protocol: 'MESOS_TCP' as const,
  gracePeriodSeconds: 300,
  intervalSeconds: 10,
  timeoutSeconds: 5,
  maxConsecutiveFailures: 3,
};
const HEALTHY = { index: 0, alive: true, consecutive_failures: 0, last_success: 1, exhausted: false };
const node = (agentId: string) => ({ agentId, hostname: agentId });

/** Six instances on three agents, and moves of those on the first to the second. */
async function stage(more: Parameters<typeof appSpec>[1] = {}) {
  const platform = await TestPlatform.started({ agents: 3 });
  valueOf(await platform.put([appSpec('/web', { instances: 6, constraints: [['hostname', 'GROUP_BY']], ...more })]));
  await platform.quiet();
  const on = (agentId: string) =>
    platform.engine.view
      .instances('/web')
      .filter(({ place, goal }) => place?.agentId === agentId && goal === 'Running')
      .map(({ id }) => id);
  const moves = on('agent-0').map((instanceId) => ({
    instanceId,
    appId: '/web',
    from: node('agent-0'),
    to: node('agent-1'),
  }));
  return { platform, on, moves };
}

const states = (platform: TestPlatform) =>
  platform.engine.moves.current()?.moves.map(({ state, reason }) => reason ?? state);

describe('a rebalance', () => {
  it('moves instances where they are to go, one a minute, and never are fewer up than wanted', async () => {
    // By GROUP_BY alone the second agent would not get a third and a fourth.
    const { platform, on, moves } = await stage({ constraints: [] });
    expect(moves.length).toBeGreaterThan(0);
    const elsewhere = on('agent-2');
    const before = on('agent-1').length;
    valueOf(platform.engine.moves.begin(moves, 1));
    let fewest = 6;
    for (let second = 0; second < 60 * moves.length; second += 1) {
      await platform.time.advance(1000);
      fewest = Math.min(fewest, platform.master.alive('web').length);
      const gone = moves.length - on('agent-0').length;
      expect(gone).toBeLessThanOrEqual(Math.floor(second / 60) + 1);
    }
    expect(fewest).toBe(6);
    expect(states(platform)).toEqual(moves.map(() => 'moved'));
    expect(platform.engine.moves.current()?.state).toBe('done');
    expect([on('agent-0'), on('agent-1').length, on('agent-2')]).toEqual([[], before + moves.length, elsewhere]);
  });

  it('does not count the place that is to be left', async () => {
    const platform = await TestPlatform.started({ agents: 3 });
    // Two agents have this rack, and no more than one instance may be there.
    const constraints = [
      ['rack', 'CLUSTER', 'rack-0'],
      ['rack', 'MAX_PER', '1'],
    ];
    valueOf(await platform.put([appSpec('/one', { constraints })]));
    await platform.quiet();
    const [one] = platform.engine.view.instances('/one');
    const [from, to] = one?.place?.agentId === 'agent-0' ? ['agent-0', 'agent-2'] : ['agent-2', 'agent-0'];
    valueOf(
      platform.engine.moves.begin([{ instanceId: one?.id ?? '', appId: '/one', from: node(from), to: node(to) }], 60),
    );
    await platform.until(() => platform.engine.moves.current()?.state === 'done');
    expect(states(platform)).toEqual(['moved']);
    await platform.time.advance(20_000);
    expect(platform.engine.view.instances('/one').map(({ place }) => place?.agentId)).toEqual([to]);
  });

  it('gives up where there is no room, and nothing has changed', async () => {
    const { platform, on, moves } = await stage();
    const before = on('agent-0');
    platform.master.offers.withhold('agent-1');
    valueOf(platform.engine.moves.begin(moves.slice(0, 1), 1));
    await platform.until(() => platform.engine.moves.current()?.state === 'done');
    await platform.time.advance(10_000);
    expect(states(platform)).toEqual(['no-room']);
    expect(on('agent-0')).toEqual(before);
    expect(platform.engine.view.instances('/web')).toHaveLength(6);
    expect(platform.master.alive('web')).toHaveLength(6);
  });

  it('keeps the old instance where the new one does not come up, also where the oldest go first', async () => {
    const platform = await TestPlatform.started({ agents: 2 });
    const spec = { instances: 4, killSelection: 'OLDEST_FIRST' as const, healthChecks: [CHECK] };
    valueOf(await platform.put([appSpec('/web', spec)]));
    await platform.time.advance(1000);
    for (const taskId of platform.master.launched) platform.master.setHealth(taskId, [HEALTHY]);
    await platform.quiet();
    const before = platform.engine.view.instances('/web').map(({ id }) => id);
    const [oldest] = platform.engine.view.instances('/web');
    const [from, to] = oldest?.place?.agentId === 'agent-0' ? ['agent-0', 'agent-1'] : ['agent-1', 'agent-0'];
    const moves = [{ instanceId: oldest?.id ?? '', appId: '/web', from: node(from), to: node(to) }];
    // The new one runs, and nobody knows yet whether it is well.
    valueOf(platform.engine.moves.begin(moves, 1));
    await platform.time.advance(30_000);
    expect(platform.engine.view.instances('/web')).toHaveLength(5);
    await platform.crash();
    await platform.time.advance(60_000);
    expect(platform.engine.moves.current()).toBeUndefined();
    expect(
      platform.engine.view
        .instances('/web')
        .map(({ id }) => id)
        .sort(),
    ).toEqual(before.sort());
  });

  it('stands back for a deployment, and one at a time is enough', async () => {
    const { platform, moves } = await stage();
    platform.master.offers.withhold('agent-1');
    valueOf(platform.engine.moves.begin(moves, 60));
    await platform.time.advance(2000);
    expect(platform.engine.moves.begin(moves, 60)).toMatchObject({ ok: false, rejection: { kind: 'exists' } });
    valueOf(platform.engine.moves.end());
    expect(platform.engine.moves.current()?.state).toBe('stopping');
    platform.master.script = () => ({ kind: 'silent' });
    valueOf(await platform.put([appSpec('/web', { instances: 6, cmd: 'another' })]));
    await platform.time.advance(2000);
    expect(platform.engine.moves.current()?.state).toBe('stopped');
    expect(states(platform)).toContain('disturbed');
    expect(states(platform)).toContain('not-begun');
  });
});
