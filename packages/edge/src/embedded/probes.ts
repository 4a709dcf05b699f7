/** The edge's own checks of servers, where a service asks for them. */
import type { TimerHandle, Timers } from '@stadion/base';
import { connect } from 'node:net';
import type { Pool } from '../core/balance/pool.ts';
import type { HealthProbe, Server, ServicePolicy } from '../core/model.ts';

/** What probing needs. */
export interface ProbePorts {
  readonly timers: Timers;
  /** Uniform in [0, 1): spreads the checks. */
  readonly random: () => number;
}

interface Watch {
  readonly pool: Pool;
  readonly text: string;
  timer: TimerHandle | undefined;
  /** Failures (negative) or successes in a row, by server. */
  readonly rows: Map<string, number>;
  isStopped: boolean;
}

/** All watches. A server that was good stays so until a probe says otherwise. */
export class Probes {
  private readonly ports: ProbePorts;
  private readonly watches = new Map<string, Watch>();

  constructor(ports: ProbePorts) {
    this.ports = ports;
  }

  /** Watches a pool as its policy wants, from now on. */
  watch(pool: Pool): void {
    const { probe } = pool.policy;
    const text = probe === undefined ? '' : JSON.stringify(probe);
    const known = this.watches.get(pool.name);
    if (known?.text === text && known.pool === pool) return;
    this.stop(pool.name);
    if (probe === undefined) {
      for (const { server } of pool.servers()) pool.probed(server.id, true);
      return;
    }
    const watch: Watch = { pool, text, timer: undefined, rows: new Map(), isStopped: false };
    this.watches.set(pool.name, watch);
    this.arm(watch, this.ports.random() * Math.min(1000, probe.intervalMs));
  }

  stop(name: string): void {
    const watch = this.watches.get(name);
    if (watch === undefined) return;
    watch.isStopped = true;
    watch.timer?.cancel();
    this.watches.delete(name);
  }

  close(): void {
    for (const name of [...this.watches.keys()]) this.stop(name);
  }

  private arm(watch: Watch, delayMs: number): void {
    watch.timer = this.ports.timers.after(delayMs, () => void this.round(watch));
  }

  private async round(watch: Watch): Promise<void> {
    const { pool } = watch;
    const { probe } = pool.policy;
    if (probe === undefined || watch.isStopped) return;
    await Promise.all(
      pool.servers().map(async ({ server }) => {
        const isWell = await probeServer(server, pool.policy, probe, this.ports.timers);
        if (watch.isStopped) return;
        const before = watch.rows.get(server.id) ?? 0;
        const row = isWell ? Math.max(0, before) + 1 : Math.min(0, before) - 1;
        watch.rows.set(server.id, row);
        if (row >= probe.rise) pool.probed(server.id, true);
        if (-row >= probe.fall) pool.probed(server.id, false);
      }),
    );
    // A stop may have come while the answers were waited for.
    if (this.watches.get(pool.name) === watch) this.arm(watch, probe.intervalMs);
  }
}

async function probeServer(
  server: Server,
  policy: ServicePolicy,
  probe: HealthProbe,
  timers: Timers,
): Promise<boolean> {
  const port = probe.port ?? server.port;
  if (probe.isTcp === true) return await connects(server.host, port, probe.timeoutMs, timers);
  const scheme = probe.scheme ?? (policy.scheme === 'https' ? 'https' : 'http');
  const host = server.host.includes(':') ? `[${server.host}]` : server.host;
  const abort = new AbortController();
  const timer = timers.after(probe.timeoutMs, () => abort.abort());
  try {
    const { request } = await import('undici');
    const answer = await request(
      `${scheme}://${host}:${String(port)}${probe.path.startsWith('/') ? '' : '/'}${probe.path}`,
      {
        method: probe.method === 'HEAD' ? 'HEAD' : 'GET',
        headers: {
          ...probe.headers,
          ...(probe.hostname === undefined ? {} : { host: probe.hostname }),
          connection: 'close',
        },
        signal: abort.signal,
      },
    );
    await answer.body.dump();
    return answer.statusCode >= 200 && answer.statusCode < 400;
  } catch {
    return false;
  } finally {
    timer.cancel();
  }
}

function connects(host: string, port: number, timeoutMs: number, timers: Timers): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const finish = (isWell: boolean): void => {
      timer.cancel();
      socket.destroy();
      resolve(isWell);
    };
    const timer = timers.after(timeoutMs, () => finish(false));
    socket.once('connect', () => finish(true));
    socket.once('error', () => finish(false));
  });
}
