/** The ledger under random operations: messages lost, doubled and stale, agents and frameworks coming and going. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RandomHistory } from '../../testing/random-history.ts';
import { PRELUDE, anyStep } from '../../testing/random-steps.ts';

describe('the ledger', () => {
  it('takes what has come over a link for a sign of life before its turn comes', () => {
    for (const isHeard of [true, false]) {
      const play = new RandomHistory();
      play.play({ do: 'connect', agent: 0 });
      play.play({ do: 'persist' });
      const [agent] = play.view.agents.values();
      for (let round = 0; round < 20; round += 1) {
        play.play({ do: 'time', seconds: 3 });
        if (isHeard) play.ledger.heard(agent?.link ?? 0);
      }
      // Whoever is silent is on its way out.
      expect(play.view.transitions.has(agent?.id ?? '')).toBe(!isHeard);
    }
  });

  it('never charges an agent more than it has, whatever happens', () => {
    let launched = 0;
    let conversions = 0;
    let executors = 0;
    fc.assert(
      fc.property(fc.array(anyStep, { minLength: 20, maxLength: 120 }), (steps) => {
        const play = new RandomHistory();
        for (const move of [...PRELUDE, ...steps]) play.play(move);
        launched += play.view.counters.tasksLaunched;
        for (const agent of play.view.agents.values()) {
          conversions += agent.checkpointed.version;
          for (const { hasProcess } of agent.executors.values()) executors += Number(hasProcess);
        }
      }),
      { numRuns: 200 },
    );
    // The steps must reach the interesting part, or nothing was shown.
    expect(launched).toBeGreaterThan(100);
    expect(conversions).toBeGreaterThan(40);
    expect(executors).toBeGreaterThan(10);
  }, 60_000);
});
