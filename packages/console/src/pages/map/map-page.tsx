/** The whole cluster at a glance: every node a tile, every instance a square. */
import { useMemo, useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Map as MapIcon } from 'lucide-react';
import { counted } from '../../core/amounts.ts';
import { MAP_COLOURS, mapTiles, type MapColour } from '../../core/map-squares.ts';
import { nodeRows } from '../../core/node-row.ts';
import { agentsQuery, instancesQuery } from '../../data/cluster-queries.ts';
import { Page } from '../../frame/page.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { Select } from '../../parts/select.tsx';
import { NodeTile } from './node-tile.tsx';
import styles from './map-page.module.css';

const WORDS: Readonly<Record<MapColour, string>> = { health: 'health', app: 'app', use: 'use of the node' };

export function MapPage() {
  const { colour = 'health' } = useSearch({ from: '/map' });
  const navigate = useNavigate({ from: '/map' });
  const { data: agents, error } = useQuery(agentsQuery);
  const { data: instances } = useQuery(instancesQuery());
  const [chosen, setChosen] = useState<string>();
  const tiles = useMemo(() => mapTiles(nodeRows(agents ?? []), instances ?? []), [agents, instances]);
  if (error !== null && agents === undefined) throw error;
  return (
    <Page
      title="Map"
      subtitle={`${counted(tiles.length, 'node')}, ${counted(instances?.length ?? 0, 'instance')}`}
      actions={
        <Select
          label="Coloured by"
          value={colour}
          options={MAP_COLOURS.map((id) => ({ id, label: WORDS[id] }))}
          onChange={(wanted) =>
            void navigate({ search: { colour: wanted === 'health' ? undefined : wanted }, replace: true })
          }
        />
      }
    >
      {agents?.length === 0 && <EmptyState icon={MapIcon} title="No node" />}
      {chosen !== undefined && (
        <p className={styles['chosen']} role="status">
          Highlighted: <strong>{chosen}</strong>
        </p>
      )}
      <ul className={styles['map']}>
        {tiles.map((tile) => (
          <NodeTile key={tile.node.id} tile={tile} colour={colour} chosen={chosen} onChoose={setChosen} />
        ))}
      </ul>
    </Page>
  );
}
