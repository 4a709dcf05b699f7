/** What the list of apps shows, as its URL says it. */
import { APP_HEALTHS, APP_STATUSES, type AppHealth, type AppStatus } from './app-state.ts';
import type { VolumeKind } from '@stadion/contract/overview';
import { choices, text, texts } from './search-params.ts';

/** In the order in which they are offered. */
export const VOLUME_KINDS = ['persistent', 'host', 'external', 'secret'] as const satisfies readonly VolumeKind[];

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
  /** Kinds of volumes; one of them must be mounted. */
  readonly volume?: VolumeKind[] | undefined;
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
    ...choices(search, 'volume', VOLUME_KINDS),
    ...text(search, 'sort'),
  };
}
