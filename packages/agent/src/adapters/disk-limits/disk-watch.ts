/** Measures what containers have on disk, one after the other, and tells of those that have more than they were granted. */
import { describeError, every, type Clock, type Logger, type TimerHandle, type Timers } from '@stadion/base';
import { measureDisk } from '../measure-disk.ts';

const MEBIBYTE = 1024 * 1024;

/** Something on disk that a container may have no more of than so much. */
export interface LimitedDisk {
  readonly containerId: string;
  /** What it is, for people: `on disk`, `in the volume "data"`. */
  readonly place: string;
  readonly bytes: number;
  /** Everything that counts. */
  readonly directories: readonly string[];
}

/** What the watch works on. */
export interface DiskWatchParts {
  readonly time: Clock & Timers;
  readonly log: Logger;
  readonly intervalMs: number;
  /** Of those that run now. */
  readonly limited: () => readonly LimitedDisk[];
  readonly onExceeded: (containerId: string, message: string) => void;
}

/** Looks every interval; a round begins when the one before is through. */
export class DiskWatch {
  private readonly parts: DiskWatchParts;
  private timer: TimerHandle | undefined;
  private isLooking = false;
  private stopped = false;

  constructor(parts: DiskWatchParts) {
    this.parts = parts;
  }

  start(): void {
    if (this.parts.intervalMs > 0) this.timer ??= every(this.parts.time, this.parts.intervalMs, () => void this.look());
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
  }

  private async look(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    for (const each of this.parts.limited()) {
      if (this.stopped) break;
      const used = await this.measure(each);
      if (used === undefined || used <= each.bytes) continue;
      const message = `The task was killed because it has ${inMebibytes(used)} ${each.place} and may have ${inMebibytes(each.bytes)}`;
      this.parts.onExceeded(each.containerId, message);
    }
    this.isLooking = false;
  }

  private async measure({ containerId, directories }: LimitedDisk): Promise<number | undefined> {
    try {
      return await measureDisk(directories);
    } catch (error) {
      this.parts.log.debug({ containerId, error: describeError(error) }, 'the disk of a container was not measured');
      return undefined;
    }
  }
}

function inMebibytes(bytes: number): string {
  return `${(bytes / MEBIBYTE).toFixed(1).replace(/\.0$/, '')} MiB`;
}
