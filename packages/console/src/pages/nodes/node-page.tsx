/** One machine: what runs there, what is promised and what is really used. */
import { useCallback, useMemo } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { Boxes } from 'lucide-react';
import type { OrchestratorEvent } from '@stadion/contract/orchestrator';
import type { InstanceSummary } from '@stadion/contract/overview';
import { NodeCare } from '../../actions/node-care.tsx';
import { cores, counted, mebibytes } from '../../core/amounts.ts';
import { isOnNode } from '../../core/event-scope.ts';
import { nodeRows, type NodeRow } from '../../core/node-row.ts';
import { podInstanceSummaries } from '../../core/pod-row.ts';
import { usedByTasks } from '../../core/usage.ts';
import { agentsQuery, instancesQuery, statisticsQuery } from '../../data/cluster-queries.ts';
import { podsQuery } from '../../data/queries.ts';
import { useListSearch } from '../../data/use-list-search.ts';
import { Columns, Page } from '../../frame/page.tsx';
import { buttonClass } from '../../parts/button.tsx';
import { DataTable } from '../../parts/data-table.tsx';
import { EventPanel } from '../../parts/event-panel.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { Meter } from '../../parts/meter.tsx';
import { NotThere } from '../../parts/not-there.tsx';
import { Facts, Panel } from '../../parts/panel.tsx';
import { TimeAgo } from '../../parts/time-ago.tsx';
import { NodeReservations } from './node-reservations.tsx';
import { NodeFrameworks } from './node-frameworks.tsx';
import { NodeUse } from './node-use.tsx';
import { NodeState } from './node-columns.tsx';
import { instanceColumns } from './instance-columns.tsx';
import styles from './node-page.module.css';

const rowId = ({ taskId }: InstanceSummary): string => taskId;

export function NodePage() {
  const { agentId } = useParams({ from: '/node/$agentId' });
  const { data: agents, error } = useQuery(agentsQuery);
  const node = useMemo(() => nodeRows(agents ?? []).find(({ id }) => id === agentId), [agents, agentId]);
  const isThere = useCallback((event: OrchestratorEvent) => isOnNode(event, agentId), [agentId]);
  if (error !== null && agents === undefined) throw error;
  if (agents === undefined) return <Page title="Node">{null}</Page>;
  if (node === undefined) {
    return (
      <Page title="Node">
        <NotThere
          kind="node"
          way={
            <Link to="/nodes" className={buttonClass()}>
              All nodes
            </Link>
          }
        >
          It may have left the cluster.
        </NotThere>
      </Page>
    );
  }
  return (
    <Page
      title={node.hostname}
      heading={
        <>
          <bdi>{node.hostname}</bdi>
          <NodeState state={node.state} />
        </>
      }
      subtitle={<code>{node.id}</code>}
      actions={<NodeCare nodes={[node]} />}
    >
      <Columns>
        <NodeResources node={node} />
        <Panel title="About">
          <Facts
            facts={[
              ['Address', node.address || 'not known'],
              ['Version', node.version || 'not known'],
              ['Runs tasks by', node.containerizers.join(', ') || 'not said'],
              ...(node.registeredAt === undefined
                ? []
                : [['Registered', <TimeAgo key="registered" at={node.registeredAt} />] as const]),
              ...(node.returnedAt === undefined
                ? []
                : [['Came back', <TimeAgo key="returned" at={node.returnedAt} />] as const]),
              ...node.attributes.map(([name, value]) => [name, <bdi key={name}>{value}</bdi>] as const),
            ]}
          />
        </Panel>
      </Columns>
      {node.state !== 'away' && <NodeUse node={node} />}
      <NodeFrameworks agentId={agentId} />
      {node.reservations.length > 0 && <NodeReservations node={node} />}
      <NodeInstances agentId={agentId} isDraining={node.state === 'draining'} />
      <EventPanel title="Events" matches={isThere} />
    </Page>
  );
}

function NodeResources({ node }: { readonly node: NodeRow }) {
  const { data: statistics } = useQuery(statisticsQuery(node.id));
  const used = useMemo(() => usedByTasks(statistics ?? []), [statistics]);
  return (
    <Panel title="Resources" aside="promised to tasks">
      <div className={styles['meters']}>
        <Meter label="CPU" used={node.cpus.used} total={node.cpus.total} format={cores} />
        <Meter label="Memory" used={node.mem.used} total={node.mem.total} format={mebibytes} />
        <Meter label="Memory really used" used={used.memoryMebibytes} total={node.mem.total} format={mebibytes} />
        <Meter label="Disk" used={node.disk.used} total={node.disk.total} format={mebibytes} />
        {node.gpus.total > 0 && <Meter label="GPU" used={node.gpus.used} total={node.gpus.total} format={cores} />}
      </div>
    </Panel>
  );
}

function NodeInstances({ agentId, isDraining }: { readonly agentId: string; readonly isDraining: boolean }) {
  const { order } = useListSearch('app');
  const { data: ofApps } = useQuery(instancesQuery(agentId));
  const { data: pods } = useQuery(podsQuery);
  const instances = useMemo(
    () => [...(ofApps ?? []), ...podInstanceSummaries(pods ?? [], agentId)],
    [ofApps, pods, agentId],
  );
  return (
    <Panel
      title="Instances"
      aside={`${counted(instances.length, 'instance')}${isDraining ? ' still to go' : ''}`}
      isFlush
    >
      <DataTable
        label="Instances on this node"
        rows={instances}
        columns={instanceColumns}
        rowId={rowId}
        {...order}
        empty={<EmptyState icon={Boxes} title="Nothing runs here" />}
      />
    </Panel>
  );
}
