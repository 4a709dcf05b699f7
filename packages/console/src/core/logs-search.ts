/** What of merged logs one looks at, as the URL says it. */
import { choice, text, texts } from './search-params.ts';

export const LOG_FILES = ['stdout', 'stderr'] as const;
const PATTERN = ['yes'] as const;
/** Lines around a line that was found. */
export const CONTEXTS = ['0', '2', '5', '20'] as const;

/** Absent members do not restrict. Times are timestamps in UTC. */
export interface LogsSearch {
  readonly q?: string | undefined;
  /** `q` is a regular expression. */
  readonly regex?: 'yes' | undefined;
  readonly file?: (typeof LOG_FILES)[number] | undefined;
  /** Tasks, by their ids. */
  readonly instance?: string[] | undefined;
  readonly version?: string[] | undefined;
  readonly container?: string[] | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly context?: (typeof CONTEXTS)[number] | undefined;
}

/** Reads the query of the URL. */
export function parseLogsSearch(search: Readonly<Record<string, unknown>>): LogsSearch {
  return {
    ...text(search, 'q'),
    ...choice(search, 'regex', PATTERN),
    ...choice(search, 'file', LOG_FILES),
    ...texts(search, 'instance'),
    ...texts(search, 'version'),
    ...texts(search, 'container'),
    ...text(search, 'since'),
    ...text(search, 'until'),
    ...choice({ ...search, ...text(search, 'context') }, 'context', CONTEXTS),
  };
}

/** A timestamp of the URL, milliseconds since the epoch; undefined when it is none. */
export function momentOf(timestamp: string | undefined): number | undefined {
  const time = timestamp === undefined ? Number.NaN : Date.parse(timestamp);
  return Number.isNaN(time) ? undefined : time;
}

/** A moment as a field for date and time wants it, in the viewer's time. */
export function fieldText(timestamp: string | undefined): string {
  const time = momentOf(timestamp);
  if (time === undefined) return '';
  const date = new Date(time);
  const local = new Date(time - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19);
}

/** What such a field says, as a timestamp in UTC; undefined while it is empty. */
export function timestampOf(field: string): string | undefined {
  const time = momentOf(field);
  return time === undefined ? undefined : new Date(time).toISOString();
}
