/** Connections to servers over HTTP/1, kept open between requests: one pool per server, by undici. */
import { Pool as ConnectionPool } from 'undici';
import type { Server, ServicePolicy } from '../../core/model.ts';
import { limits } from '../../limits.ts';

/** The pools of all servers. */
export class Http1Pools {
  private readonly pools = new Map<string, ConnectionPool>();

  /** The pool of a server under a policy. */
  of(server: Server, policy: ServicePolicy): ConnectionPool {
    const key = keyOf(server, policy);
    const known = this.pools.get(key);
    if (known !== undefined) return known;
    const host = server.host.includes(':') ? `[${server.host}]` : server.host;
    const pool = new ConnectionPool(
      `${policy.scheme === 'https' ? 'https' : 'http'}://${host}:${String(server.port)}`,
      {
        connections: limits.connectionsPerServer,
        pipelining: 1,
        keepAliveTimeout: limits.upstreamIdleMs,
        keepAliveMaxTimeout: limits.upstreamIdleMaxMs,
        headersTimeout: policy.answerTimeoutMs,
        bodyTimeout: 0,
        maxHeaderSize: limits.headerBytes,
        connect: { timeout: policy.connectTimeoutMs, rejectUnauthorized: !policy.insecureSkipVerify },
      },
    );
    this.pools.set(key, pool);
    return pool;
  }

  /** Closes the connections to a server; what is under way finishes. A new request would open new ones. */
  release(server: Server): void {
    for (const [key, pool] of this.pools) {
      if (!key.endsWith(`|${server.id}`)) continue;
      this.pools.delete(key);
      // A pool that is closed twice says so; it is closed all the same.
      pool.close().catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    const pools = [...this.pools.values()];
    this.pools.clear();
    await Promise.all(pools.map((pool) => pool.destroy().catch(() => undefined)));
  }
}

function keyOf(server: Server, policy: ServicePolicy): string {
  const kind = policy.scheme === 'https' ? (policy.insecureSkipVerify ? 'insecure' : 'https') : 'http';
  return `${kind},${String(policy.connectTimeoutMs)},${String(policy.answerTimeoutMs)}|${server.id}`;
}
