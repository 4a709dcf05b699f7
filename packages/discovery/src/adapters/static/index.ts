/** A fixed list of nodes. */
import type { ServiceNode } from '../../core/service-node.ts';
import type { NodeSource } from '../../source.ts';

/** A source that has what it is given; `set` replaces a service's nodes. */
export interface StaticSource extends NodeSource {
  set(service: string, nodes: readonly ServiceNode[]): void;
}

/** Makes one. */
export function staticSource(services: Readonly<Record<string, readonly ServiceNode[]>> = {}): StaticSource {
  const known = new Map(Object.entries(services));
  const followers = new Map<string, Set<(nodes: readonly ServiceNode[]) => void>>();
  return {
    name: 'static',
    follow(service, listener) {
      const hear = (nodes: readonly ServiceNode[]): void => listener.onNodes(nodes);
      const all = followers.get(service) ?? new Set();
      followers.set(service, all.add(hear));
      hear(known.get(service) ?? []);
      return { close: () => all.delete(hear) };
    },
    set(service, nodes) {
      known.set(service, nodes);
      for (const hear of followers.get(service) ?? []) hear(nodes);
    },
    services: () => Promise.resolve([...known.keys()]),
    close: () => Promise.resolve(),
  };
}
