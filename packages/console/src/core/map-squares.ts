/** The map of the cluster: each node a tile, each instance a square in it, coloured by what one wants to see. */
import type { InstanceSummary } from '@stadion/contract/overview';
import type { NodeRow } from './node-row.ts';

export const MAP_COLOURS = ['health', 'app', 'version', 'use', 'reserved'] as const;
export type MapColour = (typeof MAP_COLOURS)[number];

/** Squares that a tile draws; the rest is a number. */
export const SQUARES_MAX = 400;

/** One instance on the map. */
export interface MapSquare {
  readonly instance: InstanceSummary;
  readonly health: 'healthy' | 'unhealthy' | 'unknown' | 'starting';
  /** Whether it runs its app as that is now; undefined where that is not known. */
  readonly isCurrent: boolean | undefined;
  /** A hue for its app, from 0 to 359: the same on every node and every day. */
  readonly hue: number;
}

/** One node on the map. */
export interface MapTile {
  readonly node: NodeRow;
  readonly squares: readonly MapSquare[];
  readonly count: number;
}

/** The tiles of all nodes, by name. @param apps with the versions since which they are as they are, by id */
export function mapTiles(
  nodes: readonly NodeRow[],
  instances: readonly InstanceSummary[],
  apps: ReadonlyMap<string, { readonly configuredAt: string }>,
): readonly MapTile[] {
  const byNode = new Map<string, InstanceSummary[]>();
  for (const instance of instances) {
    const list = byNode.get(instance.agentId);
    if (list === undefined) byNode.set(instance.agentId, [instance]);
    else list.push(instance);
  }
  return [...nodes]
    .sort((left, right) => (left.hostname < right.hostname ? -1 : 1))
    .map((node) => {
      const own = byNode.get(node.id) ?? [];
      return {
        node,
        squares: own.slice(0, SQUARES_MAX).map((one) => squareOf(one, apps.get(one.appId)?.configuredAt)),
        count: own.length,
      };
    });
}

function squareOf(instance: InstanceSummary, configuredAt: string | undefined): MapSquare {
  const { condition, healthy } = instance;
  const health =
    condition === 'Running' ? (healthy === undefined ? 'unknown' : healthy ? 'healthy' : 'unhealthy') : 'starting';
  const isCurrent = configuredAt === undefined ? undefined : instance.version >= configuredAt;
  return { instance, health, isCurrent, hue: hueOf(instance.appId) };
}

/** Spreads names over the hues (FNV-1a). */
function hueOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < name.length; index += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash % 360;
}
