/** A resolver for gRPC: after `registerServiceResolver(hub)`, channels take `service:///name`. */
import { experimental, status, Metadata } from '@grpc/grpc-js';
import type { Hub } from './hub.ts';

/** Registers the scheme `service` for this process. Use gRPC's own `round_robin`, or `pick_first`, over the nodes. */
export function registerServiceResolver(hub: Hub): void {
  experimental.registerResolver(
    'service',
    class ServiceResolver {
      private readonly endWatch: () => void;
      private readonly name: string;
      private readonly listener: experimental.ResolverListener;

      constructor(target: { readonly path: string }, listener: experimental.ResolverListener) {
        this.name = target.path.replace(/^\/+/, '');
        this.listener = listener;
        this.endWatch = hub.watch(this.name, () => this.tell());
      }

      static getDefaultAuthority(target: { readonly path: string }): string {
        return target.path.replace(/^\/+/, '');
      }

      updateResolution(): void {
        const service = hub.service(this.name);
        void service.ready.then(() => this.tell());
      }

      destroy(): void {
        this.endWatch();
      }

      private tell(): void {
        const nodes = hub.service(this.name).pool.nodes();
        if (nodes.length === 0) {
          const details = `No instance of ${this.name} is known.`;
          this.listener(
            experimental.statusOrFromError({ code: status.UNAVAILABLE, details, metadata: new Metadata() }),
            {},
            null,
            '',
          );
          return;
        }
        const endpoints = nodes.map(({ host, port }) => ({ addresses: [{ host, port }] }));
        this.listener(experimental.statusOrFromValue(endpoints), {}, null, '');
      }
    },
  );
}
