/** Which agents the allocator must look at: those where something changed, or all of them when someone wants offers anew. */
import type { AgentRecord } from '../cluster/records.ts';

/** A queue without repetition, a sweep over all agents beside it, and refusals by the second in which they end. */
export class AllocationQueue {
  private dirty: AgentRecord[] = [];
  private head = 0;
  private sweep: Iterator<AgentRecord> | undefined;
  private sweepWanted = false;
  private readonly expiries = new Map<number, AgentRecord[]>();
  private expiredUntilSecond: number | undefined;

  /** True while there is something to look at. */
  get pending(): boolean {
    return this.sweepWanted || this.sweep !== undefined || this.head < this.dirty.length;
  }

  /** Something became free on this agent. */
  touch(agent: AgentRecord): void {
    if (agent.queued) return;
    agent.queued = true;
    this.dirty.push(agent);
  }

  /** Somebody wants offers who did not before: every agent counts. */
  touchAll(): void {
    this.sweepWanted = true;
  }

  /** A refusal of this agent ends then (milliseconds): look at it again. */
  touchAt(agent: AgentRecord, until: number): void {
    const second = Math.ceil(until / 1000);
    const bucket = this.expiries.get(second);
    if (bucket === undefined) this.expiries.set(second, [agent]);
    else bucket.push(agent);
  }

  /** Queues the agents whose refusals have ended by now (milliseconds). */
  expire(now: number): void {
    const second = Math.floor(now / 1000);
    const from = this.expiredUntilSecond;
    this.expiredUntilSecond = second;
    if (this.expiries.size === 0) return;
    // Normally one or two seconds have passed; after a jump of the clock the whole map is cheaper to walk.
    if (from !== undefined && second - from <= this.expiries.size) {
      for (let at = from; at <= second; at += 1) this.release(at);
    } else {
      for (const at of [...this.expiries.keys()]) if (at <= second) this.release(at);
    }
  }

  /** The next agent to look at. `all` is asked when a sweep begins. */
  next(all: () => Iterator<AgentRecord>): AgentRecord | undefined {
    if (this.head < this.dirty.length) {
      const agent = this.dirty[this.head] as AgentRecord;
      this.head += 1;
      agent.queued = false;
      if (this.head === this.dirty.length) {
        this.dirty = [];
        this.head = 0;
      }
      return agent;
    }
    for (;;) {
      if (this.sweep === undefined) {
        if (!this.sweepWanted) return undefined;
        this.sweepWanted = false;
        this.sweep = all();
      }
      const step = this.sweep.next();
      if (step.done !== true) return step.value;
      this.sweep = undefined;
    }
  }

  /** Forgets everything that waits: nobody wants offers, and whoever comes to want some begins a sweep. */
  clear(): void {
    for (let at = this.head; at < this.dirty.length; at += 1) (this.dirty[at] as AgentRecord).queued = false;
    this.dirty = [];
    this.head = 0;
    this.sweep = undefined;
    this.sweepWanted = false;
  }

  private release(second: number): void {
    const bucket = this.expiries.get(second);
    if (bucket === undefined) return;
    this.expiries.delete(second);
    for (const agent of bucket) this.touch(agent);
  }
}
