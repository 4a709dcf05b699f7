/** Looking at services from outside: who is there now, and what changes. For command lines and consoles. */
import { zooKeeperSource, type ZooKeeperSourceOptions } from './adapters/zookeeper/index.ts';
import type { ServiceNode } from './core/service-node.ts';

/** Opens ZooKeeper for somebody who looks. */
export function inspectZooKeeper(options: ZooKeeperSourceOptions) {
  const source = zooKeeperSource(options);
  return {
    services: async () => (await source.services?.()) ?? [],
    /** All nodes, healthy or not. */
    nodes: (service: string): Promise<readonly ServiceNode[]> =>
      new Promise((resolve, reject) => {
        const following = source.follow(service, {
          onNodes: (nodes) => {
            following.close();
            resolve(nodes);
          },
          onTrouble: reject,
        });
      }),
    /** Calls back with all nodes, now and after each change, until aborted. Rejects when the source cannot be reached at first. */
    watch: (service: string, signal: AbortSignal, listener: (nodes: readonly ServiceNode[]) => void): Promise<void> =>
      new Promise((resolve, reject) => {
        let isKnown = false;
        let last = '';
        const following = source.follow(service, {
          onNodes: (nodes) => {
            isKnown = true;
            const shown = JSON.stringify(
              nodes.map(({ host, port, healthcheckStatus }) => [host, port, healthcheckStatus]),
            );
            if (shown !== last) listener(nodes);
            last = shown;
          },
          onTrouble: (error) => {
            if (!isKnown) reject(error instanceof Error ? error : new Error(String(error)));
          },
        });
        signal.addEventListener('abort', () => {
          following.close();
          resolve();
        });
      }),
    close: () => source.close(),
  };
}
