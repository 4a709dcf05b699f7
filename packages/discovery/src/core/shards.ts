/** Which part of a service's nodes a caller wants. */
import type { ServiceNode } from './service-node.ts';

/** Whether a node is wanted. Keep one function for one wish: what it selects is remembered by it. */
export type Criteria = (node: ServiceNode) => boolean;

/** Nodes whose shard has these values. */
export function matching(wanted: Readonly<Record<string, unknown>>): Criteria {
  const members = Object.entries(wanted);
  return ({ nodeData }) => members.every(([key, value]) => nodeData[key] === value);
}

/** Narrows nodes down. */
export type ShardSelector = (nodes: readonly ServiceNode[]) => readonly ServiceNode[];

/** Nodes of the nearest environment that has any: of `a.b.c`, then `a.b`, then `a`. `*` takes all. */
export function nearestEnvironment(environment: string): ShardSelector {
  return (nodes) => {
    if (environment === '*') return nodes;
    for (let level = environment; level !== ''; level = level.slice(0, Math.max(0, level.lastIndexOf('.')))) {
      const found = nodes.filter(({ nodeData }) => nodeData.environment === level);
      if (found.length > 0) return found;
    }
    return [];
  };
}
