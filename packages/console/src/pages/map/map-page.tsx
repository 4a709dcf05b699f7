/** The whole cluster at a glance: every node a tile, every instance a square. */
import { useCallback, useMemo, useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Map as MapIcon } from 'lucide-react';
import { ChosenNodes } from '../../actions/node-care.tsx';
import { counted } from '../../core/amounts.ts';
import { MAP_COLOURS, mapTiles, type MapColour } from '../../core/map-squares.ts';
import { nodeRows } from '../../core/node-row.ts';
import { podInstanceSummaries } from '../../core/pod-row.ts';
import { agentsQuery, instancesQuery } from '../../data/cluster-queries.ts';
import { appsQuery, podsQuery } from '../../data/queries.ts';
import { Page } from '../../frame/page.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { Select } from '../../parts/select.tsx';
import { NodeTile } from './node-tile.tsx';
import { useDragChoice } from './use-drag-choice.ts';
import styles from './map-page.module.css';

const WORDS: Readonly<Record<MapColour, string>> = {
  health: 'health',
  app: 'app',
  version: 'version',
  use: 'use of the node',
  reserved: 'reserved of the node',
};

const NO_APPS: ReadonlyMap<string, { readonly configuredAt: string }> = new Map();

export function MapPage() {
  const { colour = 'health' } = useSearch({ from: '/map' });
  const navigate = useNavigate({ from: '/map' });
  const { data: agents, error } = useQuery(agentsQuery);
  const { data: ofApps } = useQuery(instancesQuery());
  const { data: pods } = useQuery(podsQuery);
  const instances = useMemo(() => [...(ofApps ?? []), ...podInstanceSummaries(pods ?? [])], [ofApps, pods]);
  const [chosen, setChosen] = useState<string>();
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set());
  const { data: apps } = useQuery(appsQuery);
  const nodes = useMemo(() => nodeRows(agents ?? []), [agents]);
  const tiles = useMemo(() => mapTiles(nodes, instances, apps?.byId ?? NO_APPS), [nodes, instances, apps]);
  const mark = useCallback((id: string) => {
    setMarked((before) => {
      const changed = new Set(before);
      if (!changed.delete(id)) changed.add(id);
      return changed;
    });
  }, []);
  const { handlers, box } = useDragChoice((ids) => {
    setMarked((before) => new Set([...before, ...ids]));
  });
  if (error !== null && agents === undefined) throw error;
  return (
    <Page
      title="Map"
      subtitle={`${counted(tiles.length, 'node')}, ${counted(instances.length, 'instance')}`}
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
      <div className={styles['marked']}>
        <ChosenNodes nodes={nodes} chosen={marked} onChoose={setMarked} />
      </div>
      {chosen !== undefined && (
        <p className={styles['chosen']} role="status">
          Highlighted: <strong>{chosen}</strong>
        </p>
      )}
      {box !== undefined && <div className={styles['box']} style={box} aria-hidden />}
      <ul className={styles['map']} data-drawing={box !== undefined || undefined} {...handlers}>
        {tiles.map((tile) => (
          <NodeTile
            key={tile.node.id}
            tile={tile}
            colour={colour}
            chosen={chosen}
            onChoose={setChosen}
            isMarked={marked.has(tile.node.id)}
            onMark={mark}
          />
        ))}
      </ul>
    </Page>
  );
}
