/** What the list of apps shows, as its URL says it. */
import { APP_HEALTHS, APP_STATUSES, type AppHealth, type AppStatus } from './app-state.ts';
import { choices, text, texts } from './search-params.ts';

/** Absent members do not restrict. */
export interface AppsSearch {
  /** The group that is looked into; the root when absent. */
  readonly group?: string | undefined;
  /** Words that the id or a label must contain. */
  readonly q?: string | undefined;
  readonly status?: AppStatus[] | undefined;
  readonly health?: AppHealth[] | undefined;
  /** `name` or `name=value`; one of them must match. */
  readonly label?: string[] | undefined;
  readonly sort?: string | undefined;
}

/** Reads the query of the URL. */
export function parseAppsSearch(search: Readonly<Record<string, unknown>>): AppsSearch {
  return {
    ...text(search, 'group'),
    ...text(search, 'q'),
    ...choices(search, 'status', APP_STATUSES),
    ...choices(search, 'health', APP_HEALTHS),
    ...texts(search, 'label'),
    ...text(search, 'sort'),
  };
}
