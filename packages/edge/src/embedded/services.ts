/** The services of the table as they run: pools of servers, and services made of services. */
import { Pool, type PoolPorts } from '../core/balance/pool.ts';
import type { Server } from '../core/model.ts';
import type { PooledService } from '../core/table.ts';
import { limits } from '../limits.ts';

/** Where a request goes, and who gets a copy. */
export interface Destination {
  readonly pool: Pool;
  readonly mirrors: readonly Pool[];
}

interface WeightedTurns {
  readonly parts: { readonly service: string; readonly weight: number; turn: number }[];
}

/** The services. */
export class Services {
  private readonly ports: PoolPorts;
  private readonly onGone: (server: Server) => void;
  private readonly pools = new Map<string, Pool>();
  private readonly composed = new Map<string, PooledService & { readonly kind: 'weighted' | 'mirror' | 'failover' }>();
  private readonly turns = new Map<string, WeightedTurns>();

  /** @param onGone told of each server that takes no new requests any more */
  constructor(ports: PoolPorts, onGone: (server: Server) => void) {
    this.ports = ports;
    this.onGone = onGone;
  }

  /** Takes over a service as it is now; undefined: it is gone. */
  set(name: string, service: PooledService | undefined): Pool | undefined {
    if (service?.kind !== 'servers') {
      const gone = this.pools.get(name);
      this.pools.delete(name);
      for (const { server } of gone?.servers() ?? []) this.onGone(server);
    }
    if (service === undefined || service.kind === 'servers') {
      this.composed.delete(name);
      this.turns.delete(name);
    }
    if (service === undefined) return undefined;
    if (service.kind !== 'servers') {
      this.composed.set(name, service);
      if (service.kind === 'weighted') {
        this.turns.set(name, { parts: service.parts.map((part) => ({ ...part, turn: 0 })) });
      }
      return undefined;
    }
    const known = this.pools.get(name);
    const pool = known ?? new Pool(name, service.policy, this.ports);
    this.pools.set(name, pool);
    for (const server of pool.update(service.policy, service.servers)) this.onGone(server);
    for (const server of service.servers) if (server.isDraining === true) this.onGone(server);
    return pool;
  }

  all(): Iterable<Pool> {
    return this.pools.values();
  }

  pool(name: string): Pool | undefined {
    return this.pools.get(name);
  }

  /** Where a request to a service goes now; undefined when there is no such service. */
  destination(name: string): Destination | undefined {
    const pool = this.pools.get(name);
    return pool === undefined ? this.resolve(name, 0) : { pool, mirrors: [] };
  }

  private resolve(name: string, depth: number): Destination | undefined {
    const pool = this.pools.get(name);
    if (pool !== undefined) return { pool, mirrors: [] };
    const service = this.composed.get(name);
    // A service that contains itself leads nowhere.
    if (service === undefined || depth > limits.serviceDepth) return undefined;
    switch (service.kind) {
      case 'weighted':
        return this.resolve(this.weighted(name) ?? '', depth + 1);
      case 'failover': {
        const first = this.resolve(service.service, depth + 1);
        return first === undefined || first.pool.isEmpty ? (this.resolve(service.fallback, depth + 1) ?? first) : first;
      }
      case 'mirror': {
        const main = this.resolve(service.service, depth + 1);
        if (main === undefined) return undefined;
        const mirrors = service.mirrors.flatMap(({ service: copy, percent }) => {
          if (this.ports.random() * 100 >= percent) return [];
          return this.resolve(copy, depth + 1)?.pool ?? [];
        });
        return { pool: main.pool, mirrors: [...main.mirrors, ...mirrors] };
      }
    }
  }

  /** Smooth weighted round robin over the parts; those with nobody behind them are passed over. */
  private weighted(name: string): string | undefined {
    const parts = this.turns.get(name)?.parts ?? [];
    const usable = parts.filter(({ service, weight }) => weight > 0 && this.pools.get(service)?.isEmpty !== true);
    let best: (typeof parts)[number] | undefined;
    let total = 0;
    for (const part of usable.length > 0 ? usable : parts) {
      part.turn += part.weight;
      total += part.weight;
      if (best === undefined || part.turn > best.turn) best = part;
    }
    if (best !== undefined) best.turn -= total;
    return best?.service;
  }
}
