/** Which frameworks hold what of a node, under which roles, and what of it their tasks really use. */
import { useMemo } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { cores, count, mebibytes } from '../../core/amounts.ts';
import { frameworkShares } from '../../core/node-frameworks.ts';
import { coresUsed, lineId } from '../../core/usage.ts';
import { agentStateQuery, statisticsQuery } from '../../data/cluster-queries.ts';
import { useUsage } from '../../data/use-usage.ts';
import { CopyButton } from '../../parts/copy-button.tsx';
import { Panel } from '../../parts/panel.tsx';
import { PlainTable } from '../../parts/plain-table.tsx';

const COLUMNS = ['Framework', 'Role', 'Tasks', 'CPU promised', 'CPU used', 'Memory promised', 'Memory used'];

export function NodeFrameworks({ agentId }: { readonly agentId: string }) {
  const { data: state } = useQuery(agentStateQuery(agentId));
  const { data: statistics } = useQuery(statisticsQuery(agentId));
  const tasks = useMemo(() => (statistics ?? []).map((line) => ({ id: lineId(line), agentId })), [statistics, agentId]);
  const usage = useUsage(tasks);
  const shares = useMemo(() => {
    const coresOf = (id: string): number => coresUsed(usage.get(id) ?? []).at(-1) ?? 0;
    return state === undefined ? [] : frameworkShares(state, statistics ?? [], coresOf);
  }, [state, statistics, usage]);
  if (shares.length === 0) return null;
  return (
    <Panel title="Frameworks and roles" isFlush>
      <PlainTable label="Frameworks and roles, a table" titles={COLUMNS} texts={2}>
        {shares.map(({ frameworkId, name, role, tasks: running, cpus, cpusUsed, mem, memUsed }) => (
          <tr key={`${frameworkId} ${role}`}>
            <th scope="row">
              <Link to="/framework/$frameworkId" params={{ frameworkId }}>
                <bdi title={frameworkId}>{name === '' ? frameworkId : name}</bdi>
              </Link>{' '}
              <CopyButton text={frameworkId} label={`Copy the id of ${name}`} />
            </th>
            <td>
              <bdi>{role}</bdi>
            </td>
            <td>{count(running)}</td>
            <td>{cores(cpus)}</td>
            <td>{cores(cpusUsed)}</td>
            <td>{mebibytes(mem)}</td>
            <td>{mebibytes(memUsed)}</td>
          </tr>
        ))}
      </PlainTable>
    </Panel>
  );
}
