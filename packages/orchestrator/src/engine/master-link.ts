/** The subscription to the master: opened with the stored framework id, opened again when it is lost. */
import type { Clock, Logger, Timers } from '@stadion/base';
import type { FrameworkInfo, MasterInfo, SchedulerConnection, SchedulerEvent } from '@stadion/contract/mesos';
import type { EngineConfig } from './config.ts';
import type { Counters } from './counters.ts';
import type { FrameworkRoles } from './framework-roles.ts';
import type { Journal, OutgoingCall } from './journal.ts';
import { EVENTS_PER_TURN_MAX, TURN_MS_MAX } from './limits.ts';
import { frameworkKey } from './records.ts';

/** What the link hands on. All are called inside a turn. */
export interface MasterLinkReceiver {
  /** @param isNew whether the master gave us our id just now */
  subscribed(isNew: boolean): void;
  disconnected(reason: string): void;
  event(event: SchedulerEvent): void;
  /** The master refuses us for good. */
  refused(message: string): void;
}

interface MasterLinkParts {
  readonly connection: SchedulerConnection;
  readonly time: Clock & Timers;
  readonly config: EngineConfig;
  readonly roles: FrameworkRoles;
  readonly journal: Journal;
  readonly log: Logger;
  readonly counters: Counters;
  readonly turn: (work: () => void) => void;
}

/** One per engine. Calls go through the journal, so they leave only after what led to them is durable. */
export class MasterLink {
  private readonly parts: MasterLinkParts;
  private receiver: MasterLinkReceiver | undefined;
  private id: string | undefined;
  private masterInfo: MasterInfo | undefined;
  private generation = 0;
  private failures = 0;
  private connected = false;
  private inbox: SchedulerEvent[] = [];
  private head = 0;
  private isDrainDue = false;
  private isStopped = false;

  constructor(parts: MasterLinkParts) {
    this.parts = parts;
  }

  get frameworkId(): string | undefined {
    return this.id;
  }

  get master(): MasterInfo | undefined {
    return this.masterInfo;
  }

  get isConnected(): boolean {
    return this.connected;
  }

  /** Takes over the framework id from the store. */
  load(frameworkId: string): void {
    this.id = frameworkId;
  }

  start(receiver: MasterLinkReceiver): void {
    this.receiver = receiver;
    this.subscribe();
  }

  stop(): void {
    this.isStopped = true;
    this.generation += 1;
    this.inbox = [];
    this.head = 0;
    this.parts.connection.close();
  }

  /** A durable call leaves. What belongs to a lost subscription is dropped: the next one reconciles. */
  deliver(call: OutgoingCall): void {
    if (!this.connected || this.isStopped) return;
    this.parts.counters.sent(call);
    this.parts.connection.send(call);
  }

  kill(taskId: string, agentId: string | undefined): void {
    this.send({
      type: 'KILL',
      ...this.own(),
      kill: { task_id: { value: taskId }, ...(agentId !== undefined && { agent_id: { value: agentId } }) },
    });
  }

  acknowledge(taskId: string, agentId: string, uuid: string): void {
    this.send({
      type: 'ACKNOWLEDGE',
      ...this.own(),
      acknowledge: { agent_id: { value: agentId }, task_id: { value: taskId }, uuid },
    });
  }

  decline(offerIds: readonly string[], refuseSeconds: number): void {
    this.send({
      type: 'DECLINE',
      ...this.own(),
      decline: { offer_ids: offerIds.map((value) => ({ value })), filters: { refuse_seconds: refuseSeconds } },
    });
  }

  /** Wants offers in some of our roles. */
  revive(roles: readonly string[]): void {
    this.send({ type: 'REVIVE', ...this.own(), revive: { roles: [...roles] } });
  }

  /** Wants none in some of our roles. */
  suppress(roles: readonly string[]): void {
    this.send({ type: 'SUPPRESS', ...this.own(), suppress: { roles: [...roles] } });
  }

  /** Tells the master of the roles that there are now. @param suppressed those in which no offers are wanted */
  updateFramework(suppressed: readonly string[]): void {
    const update = {
      framework_info: this.frameworkInfo(this.parts.roles.all()),
      ...(suppressed.length > 0 && { suppressed_roles: [...suppressed] }),
    };
    this.send({ type: 'UPDATE_FRAMEWORK', ...this.own(), update_framework: update });
  }

  /** Asks for the state of these tasks; of all that the master knows when there are none. */
  reconcile(tasks: readonly { readonly taskId: string; readonly agentId: string }[]): void {
    this.send({
      type: 'RECONCILE',
      ...this.own(),
      reconcile: {
        tasks: tasks.map(({ taskId, agentId }) => ({ task_id: { value: taskId }, agent_id: { value: agentId } })),
      },
    });
  }

  send(call: OutgoingCall): void {
    this.parts.journal.send(call);
  }

  /** `{framework_id}`, which every call carries. */
  own(): { framework_id: { value: string } } {
    return { framework_id: { value: this.id ?? '' } };
  }

  /** Goes on with events that wait; called when the journal was congested and is no longer. */
  resume(): void {
    if (this.head < this.inbox.length) this.drainSoon();
  }

  private subscribe(): void {
    if (this.isStopped) return;
    this.generation += 1;
    const generation = this.generation;
    const framework = this.id === undefined ? undefined : { value: this.id };
    this.parts.connection.subscribe(
      {
        type: 'SUBSCRIBE',
        ...(framework && { framework_id: framework }),
        subscribe: { framework_info: this.frameworkInfo(this.parts.roles.renew()) },
      },
      {
        onEvent: (event) => {
          if (generation !== this.generation) return;
          this.inbox.push(event);
          this.drainSoon();
        },
        onClosed: (reason) => {
          if (generation === this.generation) this.closed(reason);
        },
      },
    );
  }

  private frameworkInfo(roles: string[]): FrameworkInfo {
    const { config } = this.parts;
    return {
      user: config.user,
      name: config.frameworkName,
      ...(this.id !== undefined && { id: { value: this.id } }),
      failover_timeout: config.failoverTimeoutSeconds,
      checkpoint: true,
      roles,
      hostname: config.hostname,
      ...(config.webuiUrl !== undefined && { webui_url: config.webuiUrl }),
      capabilities: [
        { type: 'PARTITION_AWARE' },
        { type: 'TASK_KILLING_STATE' },
        { type: 'GPU_RESOURCES' },
        { type: 'REVOCABLE_RESOURCES' },
        { type: 'REGION_AWARE' },
        { type: 'MULTI_ROLE' },
      ],
    };
  }

  private closed(reason: string): void {
    const { config, time, log, turn } = this.parts;
    this.generation += 1;
    this.inbox = [];
    this.head = 0;
    const wasConnected = this.connected;
    this.connected = false;
    this.failures += 1;
    const pause = Math.min(config.resubscribeMaxMs, config.resubscribeMinMs * 2 ** Math.min(this.failures - 1, 16));
    log.warn({ reason, pause }, 'the connection to the master is closed; it will be opened again');
    if (wasConnected) {
      turn(() => {
        this.receiver?.disconnected(reason);
      });
    }
    time.after(pause, () => {
      this.subscribe();
    });
  }

  private drainSoon(): void {
    if (this.isDrainDue) return;
    this.isDrainDue = true;
    this.parts.time.after(0, () => {
      this.isDrainDue = false;
      this.parts.turn(() => {
        this.drain();
      });
    });
  }

  private drain(): void {
    const { time, journal } = this.parts;
    const end = time.monotonic() + TURN_MS_MAX;
    for (let handled = 0; this.head < this.inbox.length && handled < EVENTS_PER_TURN_MAX; handled += 1) {
      // Resumed by the journal once the store has caught up.
      if (journal.isCongested) return;
      const event = this.inbox[this.head];
      this.head += 1;
      if (event !== undefined) this.handle(event);
      if ((handled & 31) === 31 && time.monotonic() >= end) break;
    }
    if (this.head >= this.inbox.length) {
      this.inbox = [];
      this.head = 0;
      return;
    }
    if (this.head > 4096) {
      this.inbox = this.inbox.slice(this.head);
      this.head = 0;
    }
    this.drainSoon();
  }

  private handle(event: SchedulerEvent): void {
    if (event.type === 'SUBSCRIBED') {
      const isNew = this.id === undefined;
      this.id = event.subscribed.framework_id.value;
      this.masterInfo = event.subscribed.master_info;
      this.connected = true;
      this.failures = 0;
      if (isNew) this.parts.journal.put(frameworkKey, { id: this.id });
      this.receiver?.subscribed(isNew);
    } else if (event.type === 'ERROR') {
      this.receiver?.refused(event.error.message);
    } else {
      this.receiver?.event(event);
    }
  }
}
