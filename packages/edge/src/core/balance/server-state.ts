/** What is known about one server while it is in use; kept over changes of the table as long as the server stays. */
import type { OutlierEjection, Server } from '../model.ts';

/** Latency forgets with this time constant. */
const LATENCY_DECAY_MS = 10_000;
/** A server that has not answered yet is taken for this fast, so that it is tried soon, but not by all at once. */
const LATENCY_INITIAL_MS = 5;

/** One server of a pool. */
export class ServerState {
  server: Server;
  /** Requests under way. */
  active = 0;
  /** For smooth weighted round robin. */
  turn = 0;
  /** Answered by the edge's own probes; true until one says otherwise. */
  isProbedWell = true;
  isEjectedUntil = 0;
  requests = 0;
  failures = 0;
  readonly joinedAt: number;
  /** Of its id, for consistent hashing. */
  readonly hash: number;
  private failuresInRow = 0;
  private ejections = 0;
  private latency = LATENCY_INITIAL_MS;
  private latencyAt: number;

  constructor(server: Server, nowMs: number, hash: number) {
    this.server = server;
    this.joinedAt = nowMs;
    this.latencyAt = nowMs;
    this.hash = hash;
  }

  /** Peak EWMA: rises at once with a slow answer, falls slowly with quick ones. */
  latencyMs(): number {
    return this.latency;
  }

  /** What one more request would cost here. */
  cost(): number {
    return (this.latency * (this.active + 1)) / Math.max(1, this.server.weight);
  }

  observe(nowMs: number, latencyMs: number): void {
    if (latencyMs >= this.latency) this.latency = latencyMs;
    else {
      const share = Math.exp(-(nowMs - this.latencyAt) / LATENCY_DECAY_MS);
      this.latency = this.latency * share + latencyMs * (1 - share);
    }
    this.latencyAt = nowMs;
  }

  /**
   * Takes note of an answer.
   * @returns whether the server should be ejected for it
   */
  succeedOrFail(isFailure: boolean, ejection: OutlierEjection): boolean {
    this.requests += 1;
    if (!isFailure) {
      this.failuresInRow = 0;
      return false;
    }
    this.failures += 1;
    this.failuresInRow += 1;
    return ejection.consecutiveFailures > 0 && this.failuresInRow >= ejection.consecutiveFailures;
  }

  /** Takes it out for longer each time. */
  eject(nowMs: number, ejection: OutlierEjection): void {
    this.ejections = Math.min(this.ejections + 1, 10);
    this.failuresInRow = 0;
    this.isEjectedUntil = nowMs + ejection.baseEjectionMs * this.ejections;
  }

  /** Its weight now: a new server's grows over the slow start. */
  weightAt(nowMs: number, slowStartMs: number): number {
    const age = nowMs - this.joinedAt;
    if (slowStartMs <= 0 || age >= slowStartMs) return this.server.weight;
    return this.server.weight * Math.max(0.1, age / slowStartMs);
  }
}
