/** One node of the map. */
import { memo } from 'react';
import { Link } from '@tanstack/react-router';
import { cores, mebibytes, percent } from '../../core/amounts.ts';
import type { MapColour, MapTile } from '../../core/map-squares.ts';
import { usedShare } from '../../core/node-row.ts';
import { taskName } from '../../core/task-row.ts';
import styles from './map-page.module.css';

interface NodeTileProps {
  readonly tile: MapTile;
  readonly colour: MapColour;
  /** The app whose instances stand out. */
  readonly chosen: string | undefined;
  readonly onChoose: (appId: string | undefined) => void;
  /** Whether the node itself is chosen, to do something with it. */
  readonly isMarked: boolean;
  readonly onMark: (nodeId: string) => void;
}

export const NodeTile = memo(function NodeTile(props: NodeTileProps) {
  const { tile, colour, chosen, onChoose, isMarked, onMark } = props;
  const { node, squares, count } = tile;
  const isReserved = colour === 'reserved';
  const use = isReserved ? node.reserved : Math.max(usedShare(node.cpus), usedShare(node.mem));
  return (
    <li className={styles['tile']} data-state={node.state} data-marked={isMarked || undefined} data-node={node.id}>
      <header>
        <input
          type="checkbox"
          aria-label={`Choose ${node.hostname}`}
          checked={isMarked}
          onChange={() => {
            onMark(node.id);
          }}
        />
        <Link to="/node/$agentId" params={{ agentId: node.id }}>
          <bdi>{node.hostname}</bdi>
        </Link>
        <span>
          {node.state === 'active' && isReserved
            ? `${percent(node.reserved)} reserved`
            : node.state === 'active'
              ? `CPU ${percent(usedShare(node.cpus))}, memory ${percent(usedShare(node.mem))}`
              : node.state}
        </span>
      </header>
      <div
        className={styles['use']}
        title={`${cores(node.cpus.used)} of ${cores(node.cpus.total)} cores, ${mebibytes(node.mem.used)} of ${mebibytes(node.mem.total)}`}
      >
        <span style={{ width: `${String(Math.min(100, use * 100))}%` }} data-full={use > 0.9 || undefined} />
      </div>
      <ul className={styles['squares']} aria-label={`Instances on ${node.hostname}`}>
        {squares.map(({ instance, health, hue, isCurrent }) => (
          <li key={instance.taskId}>
            <Link
              to="/instance/$taskId"
              params={{ taskId: instance.taskId }}
              preload={false}
              className={styles['square']}
              aria-label={`${instance.appId} ${taskName(instance.taskId)}, ${colour === 'version' ? versionWords(isCurrent) : health}`}
              title={`${instance.appId}, ${health}, ${versionWords(isCurrent)}`}
              data-health={colour === 'health' ? health : undefined}
              data-faint={(chosen !== undefined && chosen !== instance.appId) || undefined}
              data-version={colour === 'version' ? versionWords(isCurrent) : undefined}
              style={
                colour === 'health' || colour === 'version'
                  ? undefined
                  : { backgroundColor: colour === 'app' ? ofApp(hue) : ofUse(use) }
              }
              onMouseEnter={() => {
                onChoose(instance.appId);
              }}
              onMouseLeave={() => {
                onChoose(undefined);
              }}
              onFocus={() => {
                onChoose(instance.appId);
              }}
              onBlur={() => {
                onChoose(undefined);
              }}
            />
          </li>
        ))}
        {count > squares.length && <li className={styles['more']}>+{count - squares.length}</li>}
      </ul>
    </li>
  );
});

function versionWords(isCurrent: boolean | undefined): string {
  return isCurrent === undefined ? 'version unknown' : isCurrent ? 'current' : 'outdated';
}

function ofApp(hue: number): string {
  return `hsl(${String(hue)} 52% 52%)`;
}

/** From calm to hot. */
function ofUse(share: number): string {
  return `hsl(${String(Math.round(150 - 140 * Math.min(1, share)))} 55% 48%)`;
}
