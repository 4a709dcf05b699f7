/** Which lines of merged logs are shown: those found, within some time, each with the lines around it in its own log. */
import type { LogSource, MergedLine } from './merged-log.ts';

/** A line that is shown. */
export interface ShownLine {
  readonly line: MergedLine;
  /** It was not found itself: it stands near one that was. */
  readonly isContext: boolean;
  /** Lines of the same log before it are left out. */
  readonly isAfterGap: boolean;
}

/** What is wanted. Times are milliseconds since the epoch. */
export interface WantedLines {
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  /** Whether a line has what is searched for; absent when everything has. */
  readonly isFound?: ((line: MergedLine) => boolean) | undefined;
  /** Lines of the same log that are shown before and after each. */
  readonly context: number;
}

/** The lines to be shown, in their order. */
export function shownLines(lines: readonly MergedLine[], wanted: WantedLines): readonly ShownLine[] {
  const { isFound, since, until, context } = wanted;
  const within = since === undefined && until === undefined ? lines : lines.filter((line) => isWithin(line, wanted));
  if (isFound === undefined) return within.map((line) => ({ line, isContext: false, isAfterGap: false }));
  const byLog = new Map<string, MergedLine[]>();
  for (const line of within) {
    const log = byLog.get(line.taskId);
    if (log === undefined) byLog.set(line.taskId, [line]);
    else log.push(line);
  }
  const shown = new Map<string, ShownLine>();
  for (const log of byLog.values()) {
    let last = -1;
    const show = (index: number, isContext: boolean): void => {
      const line = log[index];
      if (line === undefined) return;
      shown.set(line.key, { line, isContext, isAfterGap: context > 0 && last >= 0 && index > last + 1 });
      last = index;
    };
    let after = -1;
    for (const [index, line] of log.entries()) {
      if (isFound(line)) {
        for (let near = Math.max(last + 1, index - context); near < index; near += 1) show(near, true);
        show(index, false);
        after = index + context;
      } else if (index <= after) show(index, true);
    }
  }
  return within.flatMap(({ key }) => shown.get(key) ?? []);
}

/** A line that does not say when it was written is within any time: its task is not read when it did not run then. */
function isWithin({ at }: MergedLine, { since = -Infinity, until = Infinity }: WantedLines): boolean {
  return at === undefined || (at >= since && at <= until);
}

/** Whether a task wrote within some time, as far as one can know. */
export function wroteWithin(
  { startedAt = -Infinity, endedAt = Infinity }: LogSource,
  { since = -Infinity, until = Infinity }: Pick<WantedLines, 'since' | 'until'>,
): boolean {
  return startedAt <= until && endedAt >= since;
}
