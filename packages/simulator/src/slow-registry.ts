/** The master's registry on the disk of the control plane: as slow as that, and cut short when its process dies. */
import type { Timers } from '@stadion/base';
import type { AgentRegistry } from '@stadion/master';
import type { Life } from './mortal.ts';

/**
 * The same registry as one life of the master sees it.
 * @param writeMs how long a write takes until it is kept, and from then until the master hears of it, milliseconds
 */
export function slowRegistry(
  registry: AgentRegistry,
  parts: { readonly life: Life; readonly time: Timers; readonly writeMs: () => readonly [number, number] },
): AgentRegistry {
  const { life, time, writeMs } = parts;
  return {
    load: () => life.whileAlive(() => registry.load()),
    apply: async (change) => {
      const [keptMs, heardMs] = writeMs();
      await life.pause(time, keptMs);
      await registry.apply(change);
      await life.pause(time, heardMs);
    },
  };
}
