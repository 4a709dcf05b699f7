/** What the list of apps shows, as its URL says it. */
import { APP_HEALTHS, APP_STATUSES, type AppHealth, type AppStatus } from './app-state.ts';
import type { VolumeKind } from '@stadion/contract/overview';
import { choices, listSearch, text, texts, type ListSearch } from './search-params.ts';

/** In the order in which they are offered. */
export const VOLUME_KINDS = ['persistent', 'host', 'external', 'secret'] as const satisfies readonly VolumeKind[];

/** Absent members do not restrict. */
export interface AppsSearch extends ListSearch {
  /** The group that is looked into; the root when absent. */
  readonly group?: string | undefined;
  readonly status?: AppStatus[] | undefined;
  readonly health?: AppHealth[] | undefined;
  /** `name` or `name=value`; one of them must match. */
  readonly label?: string[] | undefined;
  /** Kinds of volumes; one of them must be mounted. */
  readonly volume?: VolumeKind[] | undefined;
}

/** Reads the query of the URL. */
export function parseAppsSearch(search: Readonly<Record<string, unknown>>): AppsSearch {
  return {
    ...listSearch(search),
    ...text(search, 'group'),
    ...choices(search, 'status', APP_STATUSES),
    ...choices(search, 'health', APP_HEALTHS),
    ...texts(search, 'label'),
    ...choices(search, 'volume', VOLUME_KINDS),
  };
}
