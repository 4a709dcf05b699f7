/** The disk of an agent: slow at times, full at times; what waits to be written when the agent dies is lost. */
import { PlatformError, type Clock, type Timers } from '@stadion/base';
import type { AgentOptions } from '@stadion/agent';
import type { Life } from './mortal.ts';

type Checkpoints = AgentOptions['checkpoints'];

/** How bad the disk of an agent is. */
export interface CheckpointFaults {
  isFull: boolean;
}

/**
 * The same checkpoints as one life of an agent sees them.
 * @param writeMs how long the next write takes, milliseconds; writes of one key keep their order
 */
export function slowCheckpoints(
  disk: Checkpoints,
  parts: {
    readonly life: Life;
    readonly time: Clock & Timers;
    readonly faults: CheckpointFaults;
    readonly writeMs: () => number;
  },
): Checkpoints {
  const { life, time, faults, writeMs } = parts;
  const freeAt = new Map<string, number>();
  const write = async (key: string, work: () => Promise<void>): Promise<void> => {
    const now = time.monotonic();
    const at = Math.max(freeAt.get(key) ?? 0, now + writeMs());
    if (at > now) {
      freeAt.set(key, at);
      await life.pause(time, at - now);
    }
    return life.whileAlive(work);
  };
  return {
    open: () => life.whileAlive(() => disk.open()),
    load: () => life.whileAlive(() => disk.load()),
    save: (key, value, options) =>
      write(key, () =>
        faults.isFull
          ? Promise.reject(new PlatformError('agent-checkpoint-failed', 'The simulated disk is full.'))
          : disk.save(key, value, options),
      ),
    remove: (key) => write(key, () => disk.remove(key)),
    close: () => disk.close(),
  };
}
