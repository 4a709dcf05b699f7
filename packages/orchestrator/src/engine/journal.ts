/**
 * What a turn changes and what it wants done outside. Changes go to the store first; calls, events and answers leave
 * only when everything before them is durable, in the order in which they were asked for.
 */
import { errorCode, type TimerHandle, type Timers } from '@stadion/base';
import type { SchedulerCall } from '@stadion/contract/mesos';
import type { OrchestratorEvent } from '@stadion/contract/orchestrator';
import { COMMIT_OPERATIONS_MAX, type JsonValue, type StoreOperation } from '@stadion/store';
import type { PlanRoots } from '../core/deployment/plan-roots.ts';
import { BATCHES_IN_FLIGHT_MAX, RELEASED_PER_TURN_MAX, STORE_FULL_RETRY_MS } from './limits.ts';

/** A call to the master, other than opening the subscription. */
export type OutgoingCall = Exclude<SchedulerCall, { type: 'SUBSCRIBE' }>;

/** Where batches go and what becomes of them. */
export interface JournalPorts {
  readonly timers: Timers;
  /** Makes the operations durable, all or none, after those of every earlier call. */
  commit(operations: readonly StoreOperation[]): Promise<void>;
  /** The store was full and every commit since has failed: they are about to be made again, in order. */
  restart(): void;
  send(call: OutgoingCall): void;
  publish(event: OrchestratorEvent, roots: (() => PlanRoots) | undefined): void;
  /** A batch is not durable and never will be: nothing may act any more. */
  failed(error: unknown): void;
  /** Called when the journal is no longer congested. */
  relieved(): void;
  /** The store has no room; told once until it has again. */
  stuck(): void;
}

interface PendingEvent {
  readonly event: OrchestratorEvent;
  readonly roots: (() => PlanRoots) | undefined;
}

interface Batch {
  readonly operations: readonly StoreOperation[];
  readonly calls: readonly OutgoingCall[];
  readonly events: readonly PendingEvent[];
  readonly callbacks: readonly (() => void)[];
  durable: boolean;
}

/** One per engine. */
export class Journal {
  private readonly ports: JournalPorts;
  private operations = new Map<string, StoreOperation>();
  private calls: OutgoingCall[] = [];
  private events: PendingEvent[] = [];
  private callbacks: (() => void)[] = [];
  private readonly inFlight: Batch[] = [];
  private isClosed = false;
  private retry: TimerHandle | undefined;
  /** From the first commit that found no room until one that found some. */
  private hasNoRoom = false;
  private isReleasing = false;
  /** Records whose batches have left in this turn of the event loop, and its end. */
  private released = 0;
  private turn: TimerHandle | undefined;
  private readonly idlers: (() => void)[] = [];

  constructor(ports: JournalPorts) {
    this.ports = ports;
  }

  /** The store is full: nothing becomes durable until somebody makes room. */
  get isStuck(): boolean {
    return this.hasNoRoom;
  }

  /** So many batches wait for the store that bulk work had better wait too. */
  get isCongested(): boolean {
    return this.inFlight.length >= BATCHES_IN_FLIGHT_MAX;
  }

  put(key: string, value: JsonValue): void {
    this.operations.set(key, { type: 'put', key, value });
  }

  remove(key: string): void {
    this.operations.set(key, { type: 'delete', key });
  }

  send(call: OutgoingCall): void {
    this.calls.push(call);
  }

  /** @param roots of the plan in the event, for listeners that want them */
  emit(event: OrchestratorEvent, roots?: () => PlanRoots): void {
    this.events.push({ event, roots });
  }

  /** Calls back when everything recorded so far is durable. */
  whenDurable(callback: () => void): void {
    this.callbacks.push(callback);
  }

  /** Ends the turn: hands its changes to the store, and its effects to the world after them. */
  flush(): void {
    if (this.isClosed) return;
    const { operations, calls, events, callbacks } = this;
    if (operations.size === 0 && calls.length === 0 && events.length === 0 && callbacks.length === 0) return;
    this.operations = new Map();
    this.calls = [];
    this.events = [];
    this.callbacks = [];
    const durable = operations.size === 0;
    const batch: Batch = { operations: [...operations.values()], calls, events, callbacks, durable };
    this.inFlight.push(batch);
    if (durable) this.release();
    // What the store has no room for now waits for those before it, which are tried again soon.
    else if (this.retry === undefined) this.commit(batch);
  }

  /** Resolves when nothing is on its way to the store, or the store has no room for it. */
  idle(): Promise<void> {
    if (this.inFlight.length === 0 || this.hasNoRoom) return Promise.resolve();
    return new Promise((resolve) => {
      this.idlers.push(resolve);
    });
  }

  /** Drops everything that is not durable yet; nothing leaves any more. */
  close(): void {
    this.isClosed = true;
    this.retry?.cancel();
    this.turn?.cancel();
    this.inFlight.length = 0;
    this.wakeIdlers();
  }

  private commit(batch: Batch): void {
    Promise.all(pieces(batch.operations).map((piece) => this.ports.commit(piece))).then(
      () => {
        batch.durable = true;
        this.hasNoRoom = false;
        this.release();
      },
      (error: unknown) => {
        if (this.isClosed) return;
        if (errorCode(error) === 'store-full') {
          this.retryLater();
          return;
        }
        this.close();
        this.ports.failed(error);
      },
    );
  }

  /** A full disk is no reason to lose anything: everything stands still until there is room. */
  private retryLater(): void {
    if (!this.hasNoRoom) {
      this.hasNoRoom = true;
      this.wakeIdlers();
      this.ports.stuck();
    }
    this.retry ??= this.ports.timers.after(STORE_FULL_RETRY_MS, () => {
      this.retry = undefined;
      if (this.isClosed) return;
      this.ports.restart();
      for (const batch of this.inFlight) if (!batch.durable) this.commit(batch);
    });
  }

  private release(): void {
    // Effects may begin a turn of their own, which ends up here again: the outer call goes on where it was.
    if (this.isReleasing) return;
    this.isReleasing = true;
    const before = this.inFlight.length;
    for (let batch = this.inFlight[0]; batch?.durable === true; batch = this.inFlight[0]) {
      if (this.released >= RELEASED_PER_TURN_MAX) break;
      this.released += batch.operations.length;
      this.inFlight.shift();
      for (const call of batch.calls) this.ports.send(call);
      for (const { event, roots } of batch.events) this.ports.publish(event, roots);
      for (const callback of batch.callbacks) callback();
    }
    this.isReleasing = false;
    if (this.released > 0) this.endTurnSoon();
    if (this.inFlight.length === 0) this.wakeIdlers();
    const isRelieved = before >= BATCHES_IN_FLIGHT_MAX && this.inFlight.length < BATCHES_IN_FLIGHT_MAX;
    if (isRelieved && !this.isClosed) this.ports.relieved();
  }

  /** What has not left by then goes on, after others had the event loop. */
  private endTurnSoon(): void {
    this.turn ??= this.ports.timers.after(0, () => {
      this.turn = undefined;
      this.released = 0;
      this.release();
    });
  }

  private wakeIdlers(): void {
    for (const wake of this.idlers.splice(0)) wake();
  }
}

/** A turn's operations in pieces that the store takes; those of a change of the root always fit into the first. */
function pieces(operations: readonly StoreOperation[]): readonly (readonly StoreOperation[])[] {
  if (operations.length <= COMMIT_OPERATIONS_MAX) return [operations];
  const parts: (readonly StoreOperation[])[] = [];
  for (let at = 0; at < operations.length; at += COMMIT_OPERATIONS_MAX) {
    parts.push(operations.slice(at, at + COMMIT_OPERATIONS_MAX));
  }
  return parts;
}
