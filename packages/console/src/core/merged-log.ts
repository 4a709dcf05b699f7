/** The logs of many tasks in one, in the order of time as far as lines tell it. */
import type { LogText } from './log-text.ts';

/** A log that can be read, and who writes it. */
export interface LogSource {
  readonly taskId: string;
  readonly agentId: string;
  readonly path: string;
  /** What people call the writer. */
  readonly name: string;
  /** The app's or pod's version that it runs, as far as that is known. */
  readonly version?: string;
  /** The container of a pod. */
  readonly container?: string;
  /** Milliseconds since the epoch. */
  readonly startedAt?: number;
  /** Absent while it runs. */
  readonly endedAt?: number;
}

/** A line and who wrote it. */
export interface MergedLine {
  /** Tells it from all others. */
  readonly key: string;
  readonly taskId: string;
  /** Its place in its own log. */
  readonly number: number;
  readonly text: string;
  /** When it was written, by what it or the line before it says or by when it appeared; absent when nothing tells. */
  readonly at?: number;
}

/** Bytes of each log that are read at first. */
export const FIRST_BYTES = 16_384;
/** Lines of all logs together that are kept. */
export const MERGED_LINES_MAX = 20_000;
/** Logs that are read at once. */
export const SOURCES_MAX = 20;

/** Lines that are kept of each of so many logs. */
export function linesOfEach(logs: number): number {
  return Math.floor(MERGED_LINES_MAX / Math.max(1, logs));
}

interface Placed extends MergedLine {
  readonly order: number;
}

/**
 * All lines in the order of time. Lines of one log stay in their order: one that does not say when it was written follows the
 * one before it, and the first ones count as written when their task began.
 * @param logs what is read, by task
 */
export function merged(sources: readonly LogSource[], logs: ReadonlyMap<string, LogText>): readonly MergedLine[] {
  const all: Placed[] = [];
  for (const { taskId, startedAt = 0 } of sources) {
    let order = startedAt;
    let at: number | undefined;
    for (const { number, text, written, seen } of logs.get(taskId)?.lines ?? []) {
      at = written ?? seen ?? at;
      order = Math.max(order, at ?? order);
      all.push({
        key: `${taskId} ${String(number)}`,
        taskId,
        number,
        text,
        order,
        ...(at === undefined ? {} : { at }),
      });
    }
  }
  return all.sort((left, right) => left.order - right.order);
}
