/** The name of the cluster and whether all is well there, with its apps and its nodes: always in sight. */
import { useMemo } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { nodeCountsOf, verdictOf, type Verdict } from '../core/verdict.ts';
import { appsQuery, clusterMetricsQuery, infoQuery } from '../data/queries.ts';
import { useLinkState } from '../data/use-live.ts';
import { Tooltip } from '../parts/tooltip.tsx';
import styles from './cluster-sign.module.css';

/** @param isShort the state only as a mark, for narrow places; it is read aloud all the same */
export function ClusterSign({ isShort = false }: { readonly isShort?: boolean }) {
  const { data: info } = useQuery(infoQuery);
  const name = info?.['cluster_name'];
  const shown = typeof name === 'string' ? name : globalThis.location.host;
  const { tone, sentence, short } = useClusterState();
  return (
    <Tooltip text={`${shown}: ${sentence}`}>
      <Link to="/" className={styles['sign']} data-tone={tone} data-short={isShort || undefined}>
        <bdi className={styles['name']}>{shown}</bdi>
        <span className={isShort ? 'visually-hidden' : styles['state']}>{short}</span>
      </Link>
    </Tooltip>
  );
}

function useClusterState(): Pick<Verdict, 'sentence' | 'short'> & { readonly tone: string } {
  const link = useLinkState();
  const { data: index } = useQuery(appsQuery);
  const { data: metrics } = useQuery(clusterMetricsQuery);
  const verdict = useMemo(
    () => (index === undefined ? undefined : verdictOf(index.apps, nodeCountsOf(metrics))),
    [index, metrics],
  );
  if (link === 'lost') return { tone: 'idle', sentence: 'Not known: no connection', short: 'Not known' };
  return verdict ?? { tone: 'idle', sentence: 'Reading …', short: 'Reading …' };
}
