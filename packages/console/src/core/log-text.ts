/** What is read of one log: whole lines, and the halves of lines at both ends that wait for their other half. */
import { bytesOf } from './file-window.ts';
import { timeOfLine } from './line-time.ts';

/** A line of one log. */
export interface TextLine {
  /** Counts within the log from where it was first read; lines before that have negative ones. */
  readonly number: number;
  readonly text: string;
  /** When it says that it was written, milliseconds since the epoch. */
  readonly written?: number;
  /** When it was seen to appear. */
  readonly seen?: number;
}

/** One log, as far as it is read: bytes `from` to `to`. */
export interface LogText {
  readonly from: number;
  readonly to: number;
  /** The end of a line whose beginning stands before `from`. */
  readonly first: string;
  /** Whether that end was read: until then all that is known is in `rest`. */
  readonly hasFirst: boolean;
  /** The beginning of a line that has no end yet. */
  readonly rest: string;
  readonly lines: readonly TextLine[];
  /** Its oldest lines were let go again: what stands before cannot be read any more without reading anew. */
  readonly isCut: boolean;
}

/** A log of which nothing is read, looked at from some byte on. */
export function unread(at: number): LogText {
  return { from: at, to: at, first: '', hasFirst: at === 0, rest: '', lines: [], isCut: false };
}

/**
 * With what was read behind the end.
 * @param asked bytes that were there to be read
 * @param seen when it appeared; undefined for what was there before anybody looked
 * @param linesMax the oldest lines beyond these are let go
 */
export function withMore(
  log: LogText,
  text: string,
  asked: number,
  seen: number | undefined,
  linesMax: number,
): LogText {
  const pieces = `${log.rest}${text}`.split('\n');
  const rest = pieces.pop() ?? '';
  // What is read from the middle of a log begins with the end of a line.
  const first = log.hasFirst ? log.first : (pieces.shift() ?? '');
  const hasFirst = log.hasFirst || `${log.rest}${text}`.includes('\n');
  const next = (log.lines.at(-1)?.number ?? 0) + 1;
  const lines = [...log.lines, ...pieces.map((piece, index) => lineOf(piece, next + index, seen))];
  return {
    from: log.from,
    to: log.to + bytesOf(text, asked),
    first,
    hasFirst,
    rest,
    lines: lines.slice(-linesMax),
    isCut: log.isCut || lines.length > linesMax,
  };
}

/** With what was read before the beginning. @param text the bytes from `from` up to where it began */
export function withEarlier(log: LogText, text: string, from: number): LogText {
  const pieces = `${text}${log.hasFirst ? log.first : log.rest}`.split('\n');
  // Without the end of a line so far, all that is known is the piece of one that is not over.
  const rest = log.hasFirst ? log.rest : (pieces.pop() ?? '');
  const hasFirst = from === 0 || log.hasFirst || text.includes('\n');
  const first = from > 0 ? (pieces.shift() ?? '') : '';
  const next = (log.lines[0]?.number ?? 1) - pieces.length;
  const lines = [...pieces.map((piece, index) => lineOf(piece, next + index)), ...log.lines];
  return { ...log, from, first, hasFirst, rest, lines };
}

function lineOf(text: string, number: number, seen?: number): TextLine {
  const written = timeOfLine(text);
  return {
    number,
    text,
    ...(written === undefined ? {} : { written }),
    ...(seen === undefined ? {} : { seen }),
  };
}
