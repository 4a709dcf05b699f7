/** Health checks of the kinds that services have again and again; Ranger's monitors under names of their own. */
import { access, statfs } from 'node:fs/promises';
import type { Clock, Timers } from '@stadion/base';
import type { HealthCheck } from './health-monitor.ts';
import { surroundingsOf } from './system.ts';

type Rhythm = Pick<HealthCheck, 'everyMs' | 'staleMs'>;

/** Well while a file is there: whoever removes it takes the instance out of rotation. */
export function fileCheck(path: string, rhythm: Rhythm = {}): HealthCheck {
  return {
    name: `the file ${path}`,
    ...rhythm,
    run: async () => {
      await access(path);
      return true;
    },
  };
}

/** How a page is asked for. */
export interface PingOptions extends Rhythm {
  readonly timeoutMs?: number;
  /** Of the last so many answers … */
  readonly window?: number;
  /** … fewer than so many may have failed. */
  readonly failuresMax?: number;
  readonly time?: Clock & Timers;
}

/** Well while a page answers 200 in time; one failure among several answers may be forgiven. */
export function pingCheck(url: string, options: PingOptions = {}): HealthCheck {
  const { timeoutMs = 1000, window = 1, failuresMax = 1, time: given, ...rhythm } = options;
  const { time } = surroundingsOf(given === undefined ? {} : { time: given });
  const failures: boolean[] = [];
  const isFailing = async (): Promise<boolean> => {
    const ending = new AbortController();
    const limit = time.after(timeoutMs, () => ending.abort());
    try {
      const response = await fetch(url, { signal: ending.signal });
      await response.body?.cancel();
      return response.status !== 200;
    } catch {
      return true;
    } finally {
      limit.cancel();
    }
  };
  return {
    name: `the page ${url}`,
    ...rhythm,
    run: async () => {
      failures.push(await isFailing());
      if (failures.length > window) failures.shift();
      return failures.filter(Boolean).length < failuresMax;
    },
  };
}

/** Well while the disk of a folder has so many bytes free. */
export function diskCheck(folder: string, bytesMin: number, rhythm: Rhythm = {}): HealthCheck {
  return {
    name: `the disk of ${folder}`,
    ...rhythm,
    run: async () => {
      const { bavail, bsize } = await statfs(folder);
      return bavail * bsize >= bytesMin;
    },
  };
}
