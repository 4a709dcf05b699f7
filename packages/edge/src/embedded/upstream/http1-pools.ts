/** Connections to servers over HTTP/1, kept open between requests: one pool per server. */
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { every, type TimerHandle, type Timers } from '@stadion/base';
import type { Server, ServicePolicy } from '../../core/model.ts';
import { limits } from '../../limits.ts';
import type { ConnectionQueue, Http1Attempt } from './http1-attempt.ts';
import { ServerConnection, type ConnectionOwner } from './server-connection.ts';

/** What pools need of their surroundings. */
export interface PoolPorts {
  readonly timers: Timers;
  /** Never goes back. */
  readonly nowMs: () => number;
}

/** How often connections are looked at for what takes too long: timeouts are that exact. */
const LOOK_MS = 250;
/**
 * All plain connections read into this, and what came is copied out at once: Node would make a buffer of this size for each
 * read, and pass it through a stream, which costs more than the copy.
 */
const READ_INTO = Buffer.allocUnsafeSlow(64 * 1024);

/** The pools of all servers. */
export class Http1Pools {
  private readonly pools = new Map<string, Http1Pool>();
  /** Those whose servers take nothing more, until they have finished. */
  private readonly leaving = new Set<Http1Pool>();
  /** The pool that a server had last under its policy: to make its key costs more than all else here. */
  private readonly lastOf = new WeakMap<Server, { readonly policy: ServicePolicy; readonly pool: Http1Pool }>();
  private readonly ports: PoolPorts;
  private looking: TimerHandle | undefined = undefined;

  constructor(ports: PoolPorts) {
    this.ports = ports;
  }

  /** The pool of a server under a policy. */
  of(server: Server, policy: ServicePolicy): Http1Pool {
    const last = this.lastOf.get(server);
    if (last?.policy === policy && !last.pool.isLeaving) return last.pool;
    const key = keyOf(server, policy);
    let pool = this.pools.get(key);
    if (pool === undefined) {
      pool = new Http1Pool(server, policy, this.ports.nowMs);
      this.pools.set(key, pool);
      this.looking ??= every(this.ports.timers, LOOK_MS, () => this.look());
    }
    this.lastOf.set(server, { policy, pool });
    return pool;
  }

  /** Closes the connections to a server; what is under way finishes. A new request would open new ones. */
  release(server: Server): void {
    for (const [key, pool] of this.pools) {
      if (!key.endsWith(`|${server.id}`)) continue;
      this.pools.delete(key);
      pool.leave();
      if (pool.size > 0) this.leaving.add(pool);
    }
  }

  close(): void {
    this.looking?.cancel();
    this.looking = undefined;
    for (const pool of [...this.pools.values(), ...this.leaving]) pool.destroy();
    this.pools.clear();
    this.leaving.clear();
  }

  private look(): void {
    const nowMs = this.ports.nowMs();
    for (const pool of this.pools.values()) pool.look(nowMs);
    for (const pool of this.leaving) {
      pool.look(nowMs);
      if (pool.size === 0) this.leaving.delete(pool);
    }
  }
}

/** The connections to one server. */
export class Http1Pool implements ConnectionOwner, ConnectionQueue {
  readonly nowMs: () => number;
  private readonly server: Server;
  private readonly policy: ServicePolicy;
  private readonly connections = new Set<ServerConnection>();
  /** The one that was used last is used first: those that are not needed grow old and are closed. */
  private readonly idle: ServerConnection[] = [];
  private readonly waiting = new Set<Http1Attempt>();
  private hasLeft = false;

  constructor(server: Server, policy: ServicePolicy, nowMs: () => number) {
    this.server = server;
    this.policy = policy;
    this.nowMs = nowMs;
  }

  /** Whether it takes nothing new. */
  get isLeaving(): boolean {
    return this.hasLeft;
  }

  /** How many connections are open. */
  get size(): number {
    return this.connections.size;
  }

  /** Takes a try: on an idle connection, a new one, or when one becomes free. */
  take(attempt: Http1Attempt): void {
    const nowMs = this.nowMs();
    for (let connection = this.idle.pop(); connection !== undefined; connection = this.idle.pop()) {
      if (nowMs < connection.deadlineMs) {
        attempt.begin(connection);
        return;
      }
      connection.destroy();
    }
    if (this.connections.size >= limits.connectionsPerServer) this.waiting.add(attempt);
    else attempt.begin(this.open());
  }

  /** A try that waits is no longer wanted. */
  forget(attempt: Http1Attempt): void {
    this.waiting.delete(attempt);
  }

  /** Idle connections are closed, the others when they become idle. */
  leave(): void {
    this.hasLeft = true;
    for (const connection of this.idle.splice(0)) connection.destroy();
  }

  destroy(): void {
    // Else each would open a connection in the place of one that goes.
    this.waiting.clear();
    for (const connection of this.connections) connection.destroy();
  }

  /** Closes what has been waited for too long. */
  look(nowMs: number): void {
    for (const connection of this.connections) connection.check(nowMs);
  }

  onIdle(connection: ServerConnection): void {
    const [next] = this.waiting;
    if (next !== undefined) {
      this.waiting.delete(next);
      next.begin(connection);
    } else if (this.hasLeft) connection.destroy();
    else this.idle.push(connection);
  }

  onClosed(connection: ServerConnection): void {
    this.connections.delete(connection);
    const at = this.idle.lastIndexOf(connection);
    if (at >= 0) this.idle.splice(at, 1);
    const [next] = this.waiting;
    if (next === undefined || this.connections.size >= limits.connectionsPerServer) return;
    this.waiting.delete(next);
    next.begin(this.open());
  }

  private open(): ServerConnection {
    const { server, policy } = this;
    const connection = new ServerConnection(
      policy.scheme === 'https'
        ? (onBytes) => connectOverTls(server, policy, onBytes)
        : (onBytes) => connectPlainly(server, onBytes),
      policy.scheme === 'https' ? 'secureConnect' : 'connect',
      policy.connectTimeoutMs,
      this,
    );
    this.connections.add(connection);
    return connection;
  }
}

/** Bytes are the caller's to keep. */
function connectPlainly({ host, port }: Server, onBytes: (bytes: Buffer) => void): Socket {
  const callback = (size: number): boolean => {
    onBytes(Buffer.from(READ_INTO.subarray(0, size)));
    return true;
  };
  return connectPlain({ host, port, noDelay: true, onread: { buffer: READ_INTO, callback } });
}

function connectOverTls({ host, port }: Server, policy: ServicePolicy, onBytes: (bytes: Buffer) => void): Socket {
  const name = isIP(host) === 0 ? { servername: host } : {};
  const socket = connectTls({ host, port, ...name, rejectUnauthorized: !policy.insecureSkipVerify });
  return socket.on('data', onBytes);
}

function keyOf(server: Server, policy: ServicePolicy): string {
  const kind = policy.scheme === 'https' ? (policy.insecureSkipVerify ? 'insecure' : 'https') : 'http';
  return `${kind},${String(policy.connectTimeoutMs)},${String(policy.answerTimeoutMs)}|${server.id}`;
}
