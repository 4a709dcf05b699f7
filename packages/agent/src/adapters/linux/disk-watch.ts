/** Measures what containers have on disk, one after the other, and tells of those that have more than they were granted. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describeError, every, type Clock, type Logger, type TimerHandle, type Timers } from '@stadion/base';

/** How long one measurement may take. */
const MEASURE_MS_MAX = 60_000;
const MEBIBYTE = 1024 * 1024;

/** A container with a limit. */
export interface LimitedDisk {
  readonly containerId: string;
  readonly bytes: number;
  /** Everything that counts. */
  readonly directories: readonly string[];
}

/** What the watch works on. */
export interface DiskWatchParts {
  readonly time: Clock & Timers;
  readonly log: Logger;
  readonly intervalMs: number;
  /** Those that run now. */
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
      const message = `The task was killed because it has ${inMebibytes(used)} on disk and may have ${inMebibytes(each.bytes)}`;
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

/**
 * Bytes below some directories together: by blocks on disk, so that holes in files do not count; links are not followed.
 * @throws what du could not do
 */
export async function measureDisk(directories: readonly string[]): Promise<number | undefined> {
  try {
    const words = ['-s', '-x', '-c', '-B1', '--', ...directories];
    const { stdout } = await promisify(execFile)('du', words, { timeout: MEASURE_MS_MAX });
    return lastNumber(stdout);
  } catch (error) {
    const partial = totalOf(error);
    if (partial === undefined) throw error;
    return partial;
  }
}

/** Files come and go while it looks, which du complains of; what it counted is good all the same. */
function totalOf(error: unknown): number | undefined {
  const isAnswer = typeof error === 'object' && error !== null && 'stdout' in error && typeof error.stdout === 'string';
  return isAnswer ? lastNumber(error.stdout as string) : undefined;
}

function lastNumber(text: string): number | undefined {
  const value = Number.parseInt(text.trim().split('\n').at(-1) ?? '', 10);
  return Number.isNaN(value) ? undefined : value;
}

function inMebibytes(bytes: number): string {
  return `${(bytes / MEBIBYTE).toFixed(1).replace(/\.0$/, '')} MiB`;
}
