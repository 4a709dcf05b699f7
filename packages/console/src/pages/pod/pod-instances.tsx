/** The instances of a pod, each with its containers. */
import { Link } from '@tanstack/react-router';
import { Blocks, Skull } from 'lucide-react';
import type { PodContainerStatus, PodInstanceStatus, PodStatus } from '@stadion/contract/orchestrator-pods';
import { ActionButton } from '../../actions/action-button.tsx';
import { cores, mebibytes } from '../../core/amounts.ts';
import { containerTone, podInstanceWords } from '../../core/pod-row.ts';
import { taskName } from '../../core/task-row.ts';
import { Badge } from '../../parts/badge.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { Panel } from '../../parts/panel.tsx';
import { PlainTable } from '../../parts/plain-table.tsx';
import { TimeAgo } from '../../parts/time-ago.tsx';
import styles from './pod-instances.module.css';

const COLUMNS = ['Container', 'Status', 'Endpoints', 'CPU', 'Memory', 'Since'];

export function PodInstances({ pod }: { readonly pod: PodStatus }) {
  if (pod.instances.length === 0) {
    return (
      <Panel isFlush>
        <EmptyState icon={Blocks} title="No instances">
          {pod.spec.scaling.instances === 0 ? 'Scale the pod up to run it.' : 'None has been placed yet.'}
        </EmptyState>
      </Panel>
    );
  }
  return pod.instances.map((instance) => <Instance key={instance.id} pod={pod} instance={instance} />);
}

function Instance({ pod, instance }: { readonly pod: PodStatus; readonly instance: PodInstanceStatus }) {
  const { id, status, statusSince, agentHostname, agentId, networks, containers, specReference } = instance;
  const { tone, word } = podInstanceWords(status);
  const addresses = networks.flatMap((network) => network.addresses);
  const isOutdated = !specReference.endsWith(pod.spec.version);
  return (
    <Panel
      title={taskName(id)}
      aside={
        <ActionButton
          icon={<Skull size={15} aria-hidden />}
          aria-label={`Kill ${taskName(id)}`}
          action={{ kind: 'kill-pod-instances', podId: pod.id, instanceIds: [id] }}
        >
          Kill
        </ActionButton>
      }
      isFlush
    >
      <p className={styles['facts']}>
        <Badge tone={tone}>{word}</Badge>
        <span>
          since <TimeAgo at={statusSince} />
        </span>
        {agentId !== undefined && (
          <span>
            on{' '}
            <Link to="/node/$agentId" params={{ agentId }}>
              <bdi>{agentHostname ?? agentId}</bdi>
            </Link>
          </span>
        )}
        {addresses.length > 0 && <span>{addresses.join(', ')}</span>}
        {isOutdated && <Badge tone="warn">Old version</Badge>}
      </p>
      <PlainTable label={`Containers of ${taskName(id)}`} titles={COLUMNS}>
        {containers.map((container) => (
          <ContainerRow key={container.name} container={container} host={agentHostname ?? ''} />
        ))}
      </PlainTable>
    </Panel>
  );
}

function ContainerRow({ container, host }: { readonly container: PodContainerStatus; readonly host: string }) {
  const { name, status, statusSince, containerId, endpoints, resources, termination } = container;
  return (
    <tr>
      <th scope="row">
        <Link to="/instance/$taskId" params={{ taskId: containerId }}>
          <bdi>{name}</bdi>
        </Link>
      </th>
      <td>
        <Badge tone={containerTone(status)} isBare>
          {status.replace(/^TASK_/, '').toLowerCase()}
        </Badge>
        {termination?.message !== undefined && <bdi className={styles['message']}>{termination.message}</bdi>}
      </td>
      <td>
        {endpoints.map(({ name: endpoint, allocatedHostPort: port, healthy }) => (
          <span key={endpoint} className={styles['endpoint']}>
            {port === undefined ? (
              endpoint
            ) : (
              <a href={`http://${host}:${String(port)}/`} target="_blank" rel="noreferrer">
                {endpoint}:{port}
              </a>
            )}
            {healthy !== undefined && (healthy ? ' healthy' : ' unhealthy')}
          </span>
        ))}
        {endpoints.length === 0 && '–'}
      </td>
      <td>{cores(resources.cpus)}</td>
      <td>{mebibytes(resources.mem)}</td>
      <td>
        <TimeAgo at={statusSince} />
      </td>
    </tr>
  );
}
