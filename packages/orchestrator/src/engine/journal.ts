/**
 * What a turn changes and what it wants done outside. Changes go to the store first; calls, events and answers leave
 * only when everything before them is durable, in the order in which they were asked for.
 */
import type { SchedulerCall } from '@stadion/contract/mesos';
import type { OrchestratorEvent } from '@stadion/contract/orchestrator';
import type { JsonValue, StoreOperation } from '@stadion/store';
import { BATCHES_IN_FLIGHT_MAX } from './limits.ts';

/** A call to the master, other than opening the subscription. */
export type OutgoingCall = Exclude<SchedulerCall, { type: 'SUBSCRIBE' }>;

/** Where batches go and what becomes of them. */
export interface JournalPorts {
  /** Makes the operations durable, all or none. */
  commit(operations: readonly StoreOperation[]): Promise<void>;
  send(call: OutgoingCall): void;
  publish(event: OrchestratorEvent): void;
  /** A batch is not durable and never will be: nothing may act any more. */
  failed(error: unknown): void;
  /** Called when the journal is no longer congested. */
  relieved(): void;
}

interface Batch {
  readonly calls: readonly OutgoingCall[];
  readonly events: readonly OrchestratorEvent[];
  readonly callbacks: readonly (() => void)[];
  durable: boolean;
}

/** One per engine. */
export class Journal {
  private readonly ports: JournalPorts;
  private operations = new Map<string, StoreOperation>();
  private calls: OutgoingCall[] = [];
  private events: OrchestratorEvent[] = [];
  private callbacks: (() => void)[] = [];
  private readonly inFlight: Batch[] = [];
  private isClosed = false;
  private isReleasing = false;
  private readonly idlers: (() => void)[] = [];

  constructor(ports: JournalPorts) {
    this.ports = ports;
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

  emit(event: OrchestratorEvent): void {
    this.events.push(event);
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
    const batch: Batch = { calls, events, callbacks, durable: operations.size === 0 };
    this.inFlight.push(batch);
    if (batch.durable) {
      this.release();
      return;
    }
    this.ports.commit([...operations.values()]).then(
      () => {
        batch.durable = true;
        this.release();
      },
      (error: unknown) => {
        if (this.isClosed) return;
        this.close();
        this.ports.failed(error);
      },
    );
  }

  /** Resolves when nothing is on its way to the store. */
  idle(): Promise<void> {
    if (this.inFlight.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.idlers.push(resolve);
    });
  }

  /** Drops everything that is not durable yet; nothing leaves any more. */
  close(): void {
    this.isClosed = true;
    this.inFlight.length = 0;
    this.wakeIdlers();
  }

  private release(): void {
    // Effects may begin a turn of their own, which ends up here again: the outer call goes on where it was.
    if (this.isReleasing) return;
    this.isReleasing = true;
    const wasCongested = this.isCongested;
    for (let batch = this.inFlight[0]; batch?.durable === true; batch = this.inFlight[0]) {
      this.inFlight.shift();
      for (const call of batch.calls) this.ports.send(call);
      for (const event of batch.events) this.ports.publish(event);
      for (const callback of batch.callbacks) callback();
    }
    this.isReleasing = false;
    if (this.inFlight.length === 0) this.wakeIdlers();
    if (wasCongested && !this.isCongested && !this.isClosed) this.ports.relieved();
  }

  private wakeIdlers(): void {
    for (const wake of this.idlers.splice(0)) wake();
  }
}
