/** Restricts the list of apps: words, status, health, labels. All of it lives in the URL. */
import { useMemo } from 'react';
import { useNavigate } from '@tanstack/react-router';
import { APP_HEALTHS, APP_STATUSES } from '../../core/app-state.ts';
import { VOLUME_KINDS, type AppsSearch } from '../../core/apps-search.ts';
import { isRestricted } from '../../core/app-list.ts';
import type { ListedApp } from '../../core/pod-row.ts';
import { useListSearch } from '../../data/use-list-search.ts';
import { Button } from '../../parts/button.tsx';
import { FilterMenu } from '../../parts/filter-menu.tsx';
import { SearchField } from '../../parts/search-field.tsx';
import styles from './app-filters.module.css';

const STATUS_WORDS = {
  running: 'Running',
  deploying: 'Deploying',
  waiting: 'Waiting',
  delayed: 'Delayed',
  suspended: 'Suspended',
};
const HEALTH_WORDS = { healthy: 'Healthy', unhealthy: 'Unhealthy', unknown: 'Unknown', none: 'Not checked' };

const VOLUME_WORDS = {
  persistent: 'Kept for the instance',
  host: 'Of the node',
  external: 'By a driver',
  secret: 'Secrets',
};

/** Labels that are offered; with more, the search finds them. */
const LABELS_OFFERED_MAX = 500;

export function AppFilters({ apps, search }: { readonly apps: readonly ListedApp[]; readonly search: AppsSearch }) {
  const navigate = useNavigate({ from: '/apps' });
  const labels = useMemo(() => labelsOf(apps), [apps]);
  const { field, restrict } = useListSearch('name');
  return (
    <div className={styles['filters']}>
      <SearchField label="Search apps" {...field} />
      <FilterMenu
        label="Status"
        options={APP_STATUSES.map((id) => ({ id, label: STATUS_WORDS[id] }))}
        chosen={search.status ?? []}
        onChange={(status) => {
          restrict({ status });
        }}
      />
      <FilterMenu
        label="Health"
        options={APP_HEALTHS.map((id) => ({ id, label: HEALTH_WORDS[id] }))}
        chosen={search.health ?? []}
        onChange={(health) => {
          restrict({ health });
        }}
      />
      <FilterMenu
        label="Label"
        options={labels.map((id) => ({ id, label: id }))}
        chosen={search.label ?? []}
        isSearchable
        onChange={(label) => {
          restrict({ label });
        }}
      />
      <FilterMenu
        label="Volumes"
        options={VOLUME_KINDS.map((id) => ({ id, label: VOLUME_WORDS[id] }))}
        chosen={search.volume ?? []}
        onChange={(volume) => {
          restrict({ volume });
        }}
      />
      {isRestricted(search) && (
        <Button
          kind="quiet"
          onClick={() =>
            void navigate({
              search: ({ group, sort }) => ({ ...(group && { group }), ...(sort && { sort }) }),
              replace: true,
            })
          }
        >
          Clear
        </Button>
      )}
    </div>
  );
}

function labelsOf(apps: readonly ListedApp[]): readonly string[] {
  const found = new Set<string>();
  for (const app of apps) {
    for (const [name, value] of Object.entries(app.labels)) found.add(value === '' ? name : `${name}=${value}`);
    if (found.size >= LABELS_OFFERED_MAX) break;
  }
  return [...found].sort();
}
