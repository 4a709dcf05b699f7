/** Has the orchestrator move its instances off agents that are being drained, while their deadline has not come. */
import { every, type Timers } from '@stadion/base';
import type { Engine } from './engine/engine-options.ts';

const LOOK_MS = 1_000;

/** How operators want agents treated, by agent id, as a master knows it. */
type Upkeep = ReadonlyMap<string, { readonly drain?: unknown }>;

/**
 * Looks once a second.
 * @param upkeep what the master that runs beside the engine knows now; undefined: it knows nothing yet
 * @returns ends it
 */
export function followDrains(
  upkeep: () => Upkeep | undefined,
  engine: Pick<Engine, 'emptyAgents'>,
  timers: Timers,
): () => void {
  let last: ReadonlySet<string> = new Set();
  const looking = every(timers, LOOK_MS, () => {
    const draining = new Set<string>();
    for (const [agentId, { drain }] of upkeep() ?? []) if (drain !== undefined) draining.add(agentId);
    if (draining.size === 0 && last.size === 0) return;
    last = draining;
    engine.emptyAgents(draining);
  });
  return () => {
    looking.cancel();
  };
}
