import { describe, expect, it } from 'vitest';
import { appSpec } from './testing/definitions.ts';
import { TestPlatform, valueOf } from './testing/platform.ts';

describe('an agent that is to be emptied', () => {
  it('is left by every instance, and never are fewer up than wanted', async () => {
    const platform = await TestPlatform.started({ agents: 3 });
    valueOf(await platform.put([appSpec('/web', { instances: 6, constraints: [['hostname', 'GROUP_BY']] })]));
    await platform.quiet();
    const placed = platform.engine.view.instances('/web').map(({ place }) => place?.agentId ?? '');
    const [agent = ''] = placed;
    platform.master.offers.withhold(agent);
    platform.engine.emptyAgents(new Set([agent]));
    let fewest = 6;
    for (let second = 0; second < 120; second += 1) {
      await platform.time.advance(1_000);
      fewest = Math.min(fewest, platform.master.alive('web').length);
    }
    expect(fewest).toBe(6);
    const after = platform.engine.view.instances('/web').map(({ place }) => place?.agentId ?? '');
    expect(after).toHaveLength(6);
    expect(after).not.toContain(agent);
  });

  it('keeps what has no other place', async () => {
    const platform = await TestPlatform.started({ agents: 1 });
    valueOf(await platform.put([appSpec('/web', { instances: 2 })]));
    await platform.quiet();
    platform.master.offers.withhold('agent-0');
    platform.engine.emptyAgents(new Set(['agent-0']));
    await platform.time.advance(60_000);
    expect(platform.master.alive('web')).toHaveLength(2);
    platform.engine.emptyAgents(new Set());
    await platform.quiet();
    expect(platform.engine.view.instances('/web')).toHaveLength(2);
  });
});
