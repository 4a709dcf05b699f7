/** The volumes of an app: those that stay with its instances, and what else they mount. */
import { useMemo } from 'react';
import { useSearch } from '@tanstack/react-router';
import { HardDrive } from 'lucide-react';
import type { AppInfo } from '@stadion/contract/orchestrator';
import { counted } from '../../core/amounts.ts';
import { appVolumes, otherVolumes } from '../../core/volume-row.ts';
import { EmptyState } from '../../parts/empty-state.tsx';
import { Panel } from '../../parts/panel.tsx';
import { PlainTable } from '../../parts/plain-table.tsx';
import { VolumeList, VolumePanel } from '../../parts/volume-list.tsx';

export function VolumesTab({ app }: { readonly app: AppInfo }) {
  const { volume: id } = useSearch({ from: '/app/$' });
  const volumes = useMemo(() => appVolumes(app, app.tasks ?? []), [app]);
  const others = useMemo(() => otherVolumes(app), [app]);
  const chosen = volumes.find((volume) => volume.id === id);
  const owner = `/app${app.id}`;
  return (
    <>
      {chosen !== undefined && <VolumePanel volume={chosen} owner={owner} />}
      <Panel title="Volumes that stay" aside={counted(volumes.length, 'volume')} isFlush>
        {volumes.length === 0 ? (
          <EmptyState icon={HardDrive} title="No volume has been made">
            {others.length > 0
              ? 'This app keeps nothing with its instances.'
              : 'An instance gets its volumes when it is placed for the first time.'}
          </EmptyState>
        ) : (
          <VolumeList volumes={volumes} owner={owner} />
        )}
      </Panel>
      {others.length > 0 && (
        <Panel title="Also mounted" isFlush>
          <PlainTable label="Also mounted, a table" titles={['Container path', 'Kind', 'From', 'Mode']}>
            {others.map(({ containerPath, kind, source, mode }) => (
              <tr key={containerPath}>
                <th scope="row">
                  <bdi>{containerPath}</bdi>
                </th>
                <td>{kind}</td>
                <td>
                  <bdi>{source}</bdi>
                </td>
                <td>{mode}</td>
              </tr>
            ))}
          </PlainTable>
        </Panel>
      )}
    </>
  );
}
