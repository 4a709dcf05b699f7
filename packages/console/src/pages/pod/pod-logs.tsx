/** The logs of all containers of a pod in one stream, those of ended instances too, while they are known. */
import { useMemo } from 'react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { PodStatus } from '@stadion/contract/orchestrator-pods';
import { podSources } from '../../core/log-sources.ts';
import { recentTasksQuery } from '../../data/cluster-queries.ts';
import { infoQuery, podVersionsQuery } from '../../data/queries.ts';
import { LogExplorer } from '../../files/log-explorer.tsx';

const NO_VERSIONS: readonly string[] = [];

export function PodLogs({ pod }: { readonly pod: PodStatus }) {
  const search = useSearch({ from: '/pod/$' });
  const navigate = useNavigate({ from: '/pod/$' });
  const { data: recent } = useQuery(recentTasksQuery);
  const { data: info } = useQuery(infoQuery);
  const { data: versions = NO_VERSIONS } = useQuery(podVersionsQuery(pod.id));
  const frameworkId = info?.frameworkId;
  const sources = useMemo(() => {
    if (recent === undefined || typeof frameworkId !== 'string') return undefined;
    return podSources(pod, { recent, frameworkId, versions });
  }, [pod, recent, frameworkId, versions]);
  return (
    <LogExplorer
      sources={sources}
      search={search}
      onSearch={(change) => void navigate({ search: (previous) => ({ ...previous, ...change }), replace: true })}
      name={pod.id.slice(1).replaceAll('/', '_')}
    />
  );
}
