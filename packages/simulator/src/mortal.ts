/** Things that die with their process: after a crash nothing of it happens any more, however much was under way. */
import type { Clock, TimerHandle, Timers } from '@stadion/base';
import type { AgentOptions } from '@stadion/agent';

type Checkpoints = AgentOptions['checkpoints'];

/** One life of a simulated process. */
export class Life {
  private dead = false;

  get isAlive(): boolean {
    return !this.dead;
  }

  /** The process is gone. */
  end(): void {
    this.dead = true;
  }

  /** The same time; timers of a dead process never fire. */
  time(world: Clock & Timers): Clock & Timers {
    return {
      now: () => world.now(),
      monotonic: () => world.monotonic(),
      after: (delayMs: number, callback: () => void): TimerHandle =>
        world.after(delayMs, () => {
          if (this.isAlive) callback();
        }),
    };
  }

  /** The same disk; a dead process reads and writes nothing, and never hears about it. */
  checkpoints(disk: Checkpoints): Checkpoints {
    const whileAlive = <Value>(work: () => Promise<Value>): Promise<Value> =>
      this.isAlive ? work() : new Promise<Value>(() => undefined);
    return {
      open: () => whileAlive(() => disk.open()),
      load: () => whileAlive(() => disk.load()),
      save: (key, value, options) => whileAlive(() => disk.save(key, value, options)),
      remove: (key) => whileAlive(() => disk.remove(key)),
      close: () => disk.close(),
    };
  }
}
