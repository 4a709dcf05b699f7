/** The volumes that stay with the instances of a pod. */
import { useMemo } from 'react';
import { useSearch } from '@tanstack/react-router';
import { HardDrive } from 'lucide-react';
import type { PodStatus } from '@stadion/contract/orchestrator-pods';
import { counted } from '../../core/amounts.ts';
import { podVolumes } from '../../core/volume-row.ts';
import { EmptyState } from '../../parts/empty-state.tsx';
import { Panel } from '../../parts/panel.tsx';
import { VolumeList, VolumePanel } from '../../parts/volume-list.tsx';

export function PodVolumes({ pod }: { readonly pod: PodStatus }) {
  const { volume: id } = useSearch({ from: '/pod/$' });
  const volumes = useMemo(() => podVolumes(pod), [pod]);
  const chosen = volumes.find((volume) => volume.id === id);
  const owner = `/pod${pod.id}`;
  return (
    <>
      {chosen !== undefined && <VolumePanel volume={chosen} owner={owner} />}
      <Panel title="Volumes that stay" aside={counted(volumes.length, 'volume')} isFlush>
        {volumes.length === 0 ? (
          <EmptyState icon={HardDrive} title="No volume has been made">
            An instance gets its volumes when it is placed for the first time.
          </EmptyState>
        ) : (
          <VolumeList volumes={volumes} owner={owner} />
        )}
      </Panel>
    </>
  );
}
