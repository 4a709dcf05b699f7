/** Volumes that stay with their instances: where each is, how large, who has it. One of them can be looked at alone. */
import { Link } from '@tanstack/react-router';
import { X } from 'lucide-react';
import { mebibytes } from '../core/amounts.ts';
import { taskName } from '../core/task-row.ts';
import type { VolumeRow } from '../core/volume-row.ts';
import { Badge } from './badge.tsx';
import { buttonClass } from './button.tsx';
import { CopyButton } from './copy-button.tsx';
import { Facts, Panel } from './panel.tsx';
import { PlainTable } from './plain-table.tsx';

const TITLES = ['Volume', 'Instance', 'Node', 'Container path', 'Size', 'Mode', 'Status'];

/** @param owner the page of the app or pod, where a single one is shown */
export function VolumeList({ volumes, owner }: { readonly volumes: readonly VolumeRow[]; readonly owner: string }) {
  return (
    <PlainTable label="Persistent volumes, a table" titles={TITLES}>
      {volumes.map((volume) => (
        <tr key={volume.id}>
          <th scope="row">
            <Link to={owner} search={{ tab: 'volumes', volume: volume.id }} title={volume.id}>
              <bdi>{shortId(volume)}</bdi>
            </Link>
          </th>
          <td>
            <InstanceLink volume={volume} />
          </td>
          <td>
            <NodeLink volume={volume} />
          </td>
          <td>
            <bdi>{volume.containerPaths.join(', ')}</bdi>
          </td>
          <td>{sizeOf(volume)}</td>
          <td>{volume.mode}</td>
          <td>
            <VolumeBadge volume={volume} isBare />
          </td>
        </tr>
      ))}
    </PlainTable>
  );
}

/** One volume in full. */
export function VolumePanel({ volume, owner }: { readonly volume: VolumeRow; readonly owner: string }) {
  return (
    <Panel
      title="Volume"
      aside={
        <Link to={owner} search={{ tab: 'volumes' }} className={buttonClass()}>
          <X size={14} aria-hidden />
          Close
        </Link>
      }
    >
      <Facts
        facts={[
          [
            'Id',
            <span key="id">
              <bdi>{volume.id}</bdi> <CopyButton text={volume.id} label="Copy the id of the volume" />
            </span>,
          ],
          ['Status', <VolumeBadge key="status" volume={volume} />],
          ['Instance', <InstanceLink key="instance" volume={volume} />],
          ['Its state', volume.instance.word],
          ['Node', <NodeLink key="node" volume={volume} />],
          ['Container path', <bdi key="path">{volume.containerPaths.join(', ')}</bdi>],
          ['Size', sizeOf(volume)],
          ['Mode', volume.mode === 'RO' ? 'read only' : 'read and write'],
        ]}
      />
    </Panel>
  );
}

function VolumeBadge({ volume, isBare = false }: { readonly volume: VolumeRow; readonly isBare?: boolean }) {
  return volume.isAttached ? (
    <Badge tone="good" isBare={isBare}>
      Attached
    </Badge>
  ) : (
    <Badge tone="warn" isBare={isBare}>
      Kept, nobody has it
    </Badge>
  );
}

function InstanceLink({ volume: { taskId } }: { readonly volume: VolumeRow }) {
  return (
    <Link to="/instance/$taskId" params={{ taskId }}>
      <code>{taskName(taskId)}</code>
    </Link>
  );
}

function NodeLink({ volume: { host, agentId } }: { readonly volume: VolumeRow }) {
  if (agentId === undefined) return <bdi>{host}</bdi>;
  return (
    <Link to="/node/$agentId" params={{ agentId }}>
      <bdi>{host}</bdi>
    </Link>
  );
}

function sizeOf({ size }: VolumeRow): string {
  return size === undefined ? 'not said' : mebibytes(size);
}

/** The path and the beginning of what makes it unlike all others. */
function shortId({ id, name }: VolumeRow): string {
  return `${name} ${id.slice(id.lastIndexOf('#') + 1).slice(0, 8)}`;
}
