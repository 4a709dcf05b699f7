/** The logs of many tasks in one: what is read is cut into lines, each with the task that wrote it, in the order of arrival. */
import { bytesOf } from './file-window.ts';

/** A log that is read. */
export interface LogSource {
  readonly taskId: string;
  readonly agentId: string;
  readonly path: string;
}

/** A line and who wrote it. */
export interface MergedLine {
  readonly number: number;
  readonly taskId: string;
  readonly text: string;
}

/** How far a log is read: the offset to go on at, and the beginning of a line that has no end yet. */
export interface ReadState {
  readonly offset: number;
  readonly rest: string;
}

/** All lines so far, and how far each log is read. */
export interface MergedLog {
  readonly lines: readonly MergedLine[];
  readonly read: ReadonlyMap<string, ReadState>;
}

/** Bytes of each log that are read at first. */
export const FIRST_BYTES = 8_192;
/** Lines that are kept. */
export const MERGED_LINES_MAX = 5_000;

export const NO_LINES: MergedLog = { lines: [], read: new Map() };

/**
 * Adds what was read of one log.
 * @param at where it was read @param asked bytes that were there to be read
 */
export function withText(log: MergedLog, taskId: string, at: number, text: string, asked: number): MergedLog {
  const state = log.read.get(taskId);
  const isFirst = state === undefined;
  const pieces = `${state?.rest ?? ''}${text}`.split('\n');
  const rest = pieces.pop() ?? '';
  // The first piece of a log that is read from its middle is the end of a line.
  if (isFirst && at > 0) pieces.shift();
  let number = log.lines.at(-1)?.number ?? 0;
  const added = pieces.map((line): MergedLine => ({ number: (number += 1), taskId, text: line }));
  const read = new Map(log.read).set(taskId, { offset: at + bytesOf(text, asked), rest });
  return { lines: [...log.lines, ...added].slice(-MERGED_LINES_MAX), read };
}
