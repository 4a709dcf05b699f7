/** How far the output of a container has been copied, so that a later agent goes on exactly there. */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

/** After the record number `count` of those with this time. Sizes are those of the copies at that moment, in bytes. */
export interface LogPosition {
  readonly time: string;
  readonly count: number;
  readonly stdout: number;
  readonly stderr: number;
}

/** Nothing has been copied. */
export const LOG_BEGINNING: LogPosition = { time: '', count: 0, stdout: 0, stderr: 0 };

/** Always as long, so that one write replaces all of it whenever the process is killed. */
const FILE_BYTES = 160;

/** The file that keeps a position. Every write is one system call: it survives a kill, not a power cut. */
export class LogPositionFile {
  private readonly path: string;
  private file: number | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /** What was written last; the beginning when there is nothing. */
  read(): LogPosition {
    try {
      const value: unknown = JSON.parse(readFileSync(this.path, 'utf8'));
      return isPosition(value) ? value : LOG_BEGINNING;
    } catch {
      return LOG_BEGINNING;
    }
  }

  /** @throws Error of the file system */
  write(position: LogPosition): void {
    this.file ??= openSync(this.path, 'w', 0o600);
    writeSync(this.file, JSON.stringify(position).padEnd(FILE_BYTES), 0);
  }

  close(): void {
    if (this.file !== undefined) closeSync(this.file);
    this.file = undefined;
  }
}

/** Whether a record was copied before a position was written. @param seen how many of the same time came before it */
export function isBefore(time: string, seen: number, position: LogPosition): boolean {
  return time < position.time || (time === position.time && seen < position.count);
}

/** A record's time as the Engine's `since` takes it: seconds and nanoseconds since the epoch. */
export function sinceOf(time: string): string {
  const [whole = '', fraction = '0Z'] = time.split('.');
  const seconds = Date.parse(`${whole}Z`) / 1000;
  return Number.isFinite(seconds) ? `${seconds}.${fraction.replace('Z', '').padEnd(9, '0')}` : '0';
}

function isPosition(value: unknown): value is LogPosition {
  if (typeof value !== 'object' || value === null) return false;
  const { time, count, stdout, stderr }: Partial<Record<keyof LogPosition, unknown>> = value;
  return typeof time === 'string' && [count, stdout, stderr].every((each) => typeof each === 'number');
}
