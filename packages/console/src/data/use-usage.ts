/** What tasks use of CPU and memory while somebody looks: agents measure, the browser remembers. */
import { useMemo } from 'react';
import { useQueries } from '@tanstack/react-query';
import { UsageLog, type UsageSample } from '../core/usage.ts';
import { statisticsQuery } from './cluster-queries.ts';

/** Agents keep no history: what was measured is kept for as long as the page is open. */
const log = new UsageLog();

/**
 * @param tasks whom to measure, and where they run
 * @returns their samples by task id, the oldest first; the map is another one after each measurement
 */
export function useUsage(
  tasks: readonly { readonly id: string; readonly agentId: string }[],
): ReadonlyMap<string, readonly UsageSample[]> {
  const agentIds = useMemo(() => [...new Set(tasks.map(({ agentId }) => agentId))].sort(), [tasks]);
  const answers = useQueries({
    queries: agentIds.map((agentId) => statisticsQuery(agentId)),
    combine: (results) => results.map(({ data }) => data),
  });
  return useMemo(() => {
    for (const statistics of answers) log.add(statistics ?? []);
    return new Map(tasks.map(({ id }) => [id, log.of(id)]));
  }, [answers, tasks]);
}
