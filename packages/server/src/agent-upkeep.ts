/** Has the orchestrator move its instances off agents that are being drained, while their deadline has not come. */
import { every, type Timers } from '@stadion/base';
import type { Master } from '@stadion/master';
import type { Engine } from '@stadion/orchestrator';

const LOOK_MS = 1_000;

/** @returns ends it */
export function followDrains(master: Master, engine: Engine, timers: Timers): () => void {
  let last: ReadonlySet<string> = new Set();
  const looking = every(timers, LOOK_MS, () => {
    const draining = new Set<string>();
    for (const [agentId, { drain }] of master.view?.upkeep ?? []) if (drain !== undefined) draining.add(agentId);
    if (draining.size === 0 && last.size === 0) return;
    last = draining;
    engine.emptyAgents(draining);
  });
  return () => {
    looking.cancel();
  };
}
