/** One node with what a caller has seen of it. Plain numbers in one shape: it is touched at every call. */
import type { ServiceNode } from './service-node.ts';

/** Time after which a slow answer weighs a third of what it did, in ms. */
const DECAY_MS = 10_000;
/** The cost of a node that is asked for the first time while it has not answered yet. */
const UNKNOWN_COST = 1e6;

/** A node that may be chosen. Times are milliseconds of a clock that never goes backwards. */
export class Candidate {
  node: ServiceNode;
  readonly key: string;
  /** Calls under way. */
  pending = 0;
  /** Moving average of latency, which follows peaks at once and forgets them slowly. */
  latencyMs = 0;
  latencyAt = 0;
  failuresInARow = 0;
  ejectedUntil = 0;
  ejections = 0;

  constructor(key: string, node: ServiceNode) {
    this.key = key;
    this.node = node;
  }

  /** What one more call here would cost: latency times how many would wait for it. */
  cost(now: number): number {
    const latency = this.latencyMs * Math.exp((this.latencyAt - now) / DECAY_MS);
    if (latency === 0 && this.pending > 0) return UNKNOWN_COST + this.pending;
    return latency * (this.pending + 1);
  }

  observe(now: number, latencyMs: number): void {
    const kept = Math.exp((this.latencyAt - now) / DECAY_MS);
    const aged = this.latencyMs * kept;
    this.latencyMs = latencyMs > aged ? latencyMs : aged + (latencyMs - aged) * (1 - kept);
    this.latencyAt = now;
  }
}
