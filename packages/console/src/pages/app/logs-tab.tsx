/** The logs of all instances of an app in one stream, those of ended ones too, while they are known. */
import { useMemo } from 'react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { AppInfo } from '@stadion/contract/orchestrator';
import { appSources } from '../../core/log-sources.ts';
import { recentTasksQuery } from '../../data/cluster-queries.ts';
import { infoQuery, versionsQuery } from '../../data/queries.ts';
import { LogExplorer } from '../../files/log-explorer.tsx';

const NO_VERSIONS: readonly string[] = [];

export function LogsTab({ app }: { readonly app: AppInfo }) {
  const search = useSearch({ from: '/app/$' });
  const navigate = useNavigate({ from: '/app/$' });
  const { data: recent } = useQuery(recentTasksQuery);
  const { data: info } = useQuery(infoQuery);
  const { data: versions = NO_VERSIONS } = useQuery(versionsQuery(app.id));
  const frameworkId = info?.frameworkId;
  const sources = useMemo(() => {
    if (recent === undefined || typeof frameworkId !== 'string') return undefined;
    return appSources(app, { recent, frameworkId, versions });
  }, [app, recent, frameworkId, versions]);
  return (
    <LogExplorer
      sources={sources}
      search={search}
      onSearch={(change) => void navigate({ search: (previous) => ({ ...previous, ...change }), replace: true })}
      name={app.id.slice(1).replaceAll('/', '_')}
    />
  );
}
