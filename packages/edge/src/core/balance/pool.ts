/**
 * The servers of one service and which of them takes the next request. States stay with their servers over changes, so a
 * reload of anything never puts a bad server back or forgets a good one's latency.
 */
import type { Server, ServicePolicy } from '../model.ts';
import { hashText, pick } from './pick.ts';
import { ServerState } from './server-state.ts';

/** What a pool is given by its surroundings. */
export interface PoolPorts {
  readonly nowMs: () => number;
  readonly random: () => number;
}

/** One pool. */
export class Pool {
  readonly name: string;
  policy: ServicePolicy;
  private readonly ports: PoolPorts;
  private states = new Map<string, ServerState>();
  /** Those that may be picked, as of the last change of anything. */
  private ready: readonly ServerState[] = [];
  private changesAt = 0;
  private isPanicking = false;

  constructor(name: string, policy: ServicePolicy, ports: PoolPorts) {
    this.name = name;
    this.policy = policy;
    this.ports = ports;
  }

  /** Takes over a new list of servers. @returns the servers that are gone */
  update(policy: ServicePolicy, servers: readonly Server[]): readonly Server[] {
    this.policy = policy;
    const now = this.ports.nowMs();
    const before = this.states;
    const after = new Map<string, ServerState>();
    // The first servers of a pool are not new among others: nothing is to be started slowly.
    const joinedAt = before.size === 0 ? -Infinity : now;
    for (const server of servers) {
      const known = before.get(server.id);
      // Another task at the port of one that is gone is another server, with a good name.
      const isKnown = known?.server.taskId === server.taskId;
      const state = isKnown && known !== undefined ? known : new ServerState(server, joinedAt, hashText(server.id));
      state.server = server;
      after.set(server.id, state);
    }
    this.states = after;
    this.refresh(now);
    return [...before.values()].filter((state) => after.get(state.server.id) !== state).map(({ server }) => server);
  }

  /** All servers with what is known about them. */
  servers(): readonly ServerState[] {
    return [...this.states.values()];
  }

  byId(id: string): ServerState | undefined {
    return this.states.get(id);
  }

  /** Whether there is any server that takes new requests. */
  get isEmpty(): boolean {
    return this.candidates().length === 0;
  }

  /** Whether so many servers seem bad that the verdicts are ignored. */
  get isInPanic(): boolean {
    return this.isPanicking;
  }

  /**
   * Picks a server.
   * @param tried ids of servers that have failed this request
   * @param stickyId the server that a client's cookie names
   */
  next(hash: () => string, tried: readonly string[], stickyId: string | undefined): ServerState | undefined {
    const candidates = this.candidates();
    if (stickyId !== undefined && !tried.includes(stickyId)) {
      const sticky = candidates.find(({ server }) => server.id === stickyId);
      if (sticky !== undefined) return sticky;
    }
    const untried = tried.length === 0 ? candidates : candidates.filter(({ server }) => !tried.includes(server.id));
    const limit = this.policy.maxConnectionsPerServer;
    const open = limit === 0 ? untried : untried.filter(({ active }) => active < limit);
    if (open.length === 0) return undefined;
    return pick(this.policy.method, open, {
      nowMs: this.ports.nowMs(),
      slowStartMs: this.policy.slowStartMs,
      random: this.ports.random,
      hashText: hash,
    });
  }

  /** Takes note of how a request ended at a server. */
  report(state: ServerState, isFailure: boolean, latencyMs: number): void {
    const now = this.ports.nowMs();
    if (!isFailure) state.observe(now, latencyMs);
    if (!state.succeedOrFail(isFailure, this.policy.outlier)) return;
    const ejected = [...this.states.values()].filter(({ isEjectedUntil }) => isEjectedUntil > now).length;
    if ((ejected + 1) / this.states.size > this.policy.outlier.maxEjectedShare) return;
    state.eject(now, this.policy.outlier);
    this.refresh(now);
  }

  /** A verdict of the edge's own probes has changed. */
  probed(id: string, isWell: boolean): void {
    const state = this.states.get(id);
    if (state === undefined || state.isProbedWell === isWell) return;
    state.isProbedWell = isWell;
    this.refresh(this.ports.nowMs());
  }

  private candidates(): readonly ServerState[] {
    if (this.changesAt !== Infinity) {
      const now = this.ports.nowMs();
      if (now >= this.changesAt) this.refresh(now);
    }
    return this.ready;
  }

  private refresh(now: number): void {
    const open = [...this.states.values()].filter(({ server }) => server.isDraining !== true && server.weight > 0);
    const good = open.filter(({ isProbedWell, isEjectedUntil }) => isProbedWell && isEjectedUntil <= now);
    // When nobody seems well it is more likely the judge that is ill: better a slow answer than none.
    this.isPanicking = good.length === 0 && open.length > 0 && this.policy.probe === undefined;
    this.ready = this.isPanicking ? open : good;
    this.changesAt = open.reduce(
      (first, { isEjectedUntil }) => (isEjectedUntil > now ? Math.min(first, isEjectedUntil) : first),
      Infinity,
    );
  }
}
