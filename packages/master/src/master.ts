/** The shell of the master: gathers what happens, feeds the ledger one input at a time, and carries out what it answers. */
import {
  Mailbox,
  assert,
  assertNever,
  every,
  randomUuid,
  type Clock,
  type Logger,
  type Random,
  type Service,
  type TimerHandle,
  type Timers,
  hostPort,
} from '@stadion/base';
import type { AgentAcceptor, AgentInfo, AgentUpkeep, Link, MasterMessage } from '@stadion/contract/agent-link';
import type { ClusterSettings } from '@stadion/contract/cluster-settings';
import type { MasterInfo, SchedulerConnection } from '@stadion/contract/mesos';
import { AgentLinks } from './agent-links.ts';
import { AllocationTurns } from './allocation-turns.ts';
import type { AgentRegistry } from './agent-registry.ts';
import { DEFAULT_MASTER_CONFIG, type MasterConfig } from './config.ts';
import type { ClusterChange, LedgerInput, LedgerOutput, ProbeAnswer } from './core/cluster/exchange.ts';
import { Ledger } from './core/cluster/ledger.ts';
import type { ResourceOperation } from './core/cluster/operations.ts';
import type { SettingsDecision } from './core/settings/settings.ts';
import type { ClusterView } from './core/cluster/state.ts';
import { FrameworkSubscriptions } from './framework-subscriptions.ts';
import { ALLOCATION_SLICE_AGENTS_MAX, PING_SLICE_LINKS_MAX } from './limits.ts';
import { Meters } from './meters.ts';
import { PendingOrders } from './pending-orders.ts';
import { RegistryWriter } from './registry-writer.ts';
import { MemorySettingsRegistry, type SettingsRegistry } from './settings-registry.ts';

/** Where this master is reached and what it is called. */
export interface MasterIdentity {
  readonly hostname: string;
  readonly ip: string;
  readonly port: number;
  /** Digits and dots only: clients parse it as numbers. */
  readonly version: string;
  readonly clusterName?: string;
}

/** What a master is made of. */
export interface MasterOptions {
  readonly registry: AgentRegistry;
  /** Kept in memory when absent. */
  readonly settings?: SettingsRegistry;
  /** Asks an agent at its own address whether it lives; must not reject. Absent: the links alone tell. */
  readonly probeAgent?: (agent: AgentInfo) => Promise<ProbeAnswer>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Logger;
  readonly info: MasterIdentity;
  /** What differs from {@link DEFAULT_MASTER_CONFIG}. */
  readonly config?: Partial<MasterConfig>;
}

/** A running master. A stopped one is not started again: make another with the same registry. */
export interface Master extends Service {
  /** The door for agents. Links that come while the master does not run are closed. */
  readonly acceptor: AgentAcceptor;
  readonly identity: MasterIdentity;
  /** Its clock and timers, for what is served beside it. */
  readonly time: Clock & Timers;
  /** Makes the ids of what is served beside it. */
  readonly random: Random;
  /** What it measures of itself. */
  readonly meters: Meters;
  /** How many inputs wait for their turn. */
  readonly waiting: number;
  /** What it knows, for reading only; changes between two turns of the event loop. Undefined before the start. */
  readonly view: ClusterView | undefined;
  /** An in-process connection for one framework. Events are delivered in later turns, never inside a call. */
  connect(): SchedulerConnection;
  /**
   * Declares an agent gone for ever; it and its tasks are told so. Without effect for unknown agents.
   * @returns true once that is durable; false when it is not certain within `ORDER_ANSWER_MS_MAX`, or the master stops before
   */
  markAgentGone(agentId: string): Promise<boolean>;
  /**
   * Leaves an agent out of new work, or drains it; undefined: as any other again. Without effect for unknown agents.
   * @returns as {@link markAgentGone}
   */
  treatAgent(agentId: string, upkeep: AgentUpkeep | undefined): Promise<boolean>;
  /** Tells each change of the cluster, from now on until the returned function is called. */
  watch(onChange: (change: ClusterChange) => void): () => void;
  /**
   * Changes what operators have decided for the cluster, one change after the other; it holds when the promise is fulfilled.
   * @param decide is given the settings and the cluster as they are then
   * @returns what is wrong with it, or undefined. Rejects with a PlatformError when it is not certain that it is kept.
   */
  configure(decide: (settings: ClusterSettings, view: ClusterView) => SettingsDecision): Promise<string | undefined>;
  /**
   * Carries out an operation on what is free on an agent; offers that hold what it needs are taken back.
   * @returns what is wrong with it, or undefined
   */
  operate(agentId: string, operation: ResourceOperation): string | undefined;
  /** Ends a framework as its own TEARDOWN would. Without effect for unknown frameworks. */
  teardown(frameworkId: string): void;
}

/** Makes a master; nothing happens before `start()`. */
export function createMaster(options: MasterOptions): Master {
  return new MasterShell(options);
}

class MasterShell implements Master {
  readonly identity: MasterIdentity;
  readonly acceptor: AgentAcceptor;
  private readonly options: MasterOptions;
  private readonly config: MasterConfig;
  readonly time: Clock & Timers;
  readonly random: Random;
  readonly meters = new Meters();
  private readonly inbox: Mailbox<LedgerInput>;
  private readonly links: AgentLinks;
  private readonly subscriptions: FrameworkSubscriptions;
  private readonly orders: PendingOrders;
  private readonly running: TimerHandle[] = [];
  private readonly watchers = new Set<(change: ClusterChange) => void>();
  private ledger: Ledger | undefined;
  private stopped = false;
  private readonly allocations: AllocationTurns;
  private readonly registry: RegistryWriter;
  private readonly settings: SettingsRegistry;
  /** What came of the operation of an operator that is being applied. */
  private operated: string | undefined;
  private configuring: Promise<unknown> = Promise.resolve();

  constructor(options: MasterOptions) {
    assert(/^\d+(\.\d+)*$/.test(options.info.version), 'the version of a master has digits and dots only');
    this.options = options;
    this.identity = options.info;
    this.settings = options.settings ?? new MemorySettingsRegistry();
    this.config = { ...DEFAULT_MASTER_CONFIG, ...options.config };
    const { clock, timers } = options;
    this.random = options.random.stream('served');
    this.time = {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      after: (delayMs, callback) => timers.after(delayMs, callback),
    };
    this.inbox = new Mailbox(this.time, (input) => {
      this.apply(input);
    });
    this.allocations = new AllocationTurns(this.time, this.meters, () => {
      this.apply({ type: 'allocate', limit: ALLOCATION_SLICE_AGENTS_MAX });
    });
    this.registry = new RegistryWriter({ ...options, time: this.time, meters: this.meters }, (change) => {
      this.inbox.post({ type: 'registry-applied', change });
    });
    this.orders = new PendingOrders(this.time);
    this.subscriptions = new FrameworkSubscriptions({
      time: this.time,
      post: (input) => {
        this.inbox.post(input);
      },
      isOpen: () => this.isRunning,
    });
    this.links = new AgentLinks({
      time: this.time,
      inbox: this.inbox,
      apply: (input) => {
        this.apply(input);
      },
      heard: (link) => {
        this.ledger?.heard(link);
      },
    });
    this.acceptor = { accept: (link) => this.accept(link) };
  }

  get waiting(): number {
    return this.inbox.size;
  }

  get view(): ClusterView | undefined {
    return this.ledger?.view;
  }

  async start(): Promise<void> {
    assert(this.ledger === undefined && !this.stopped, 'a master is started once');
    const { registry, random, log, info, clock } = this.options;
    const begin = clock.monotonic();
    const [known, settings] = await Promise.all([registry.load(), this.settings.load()]);
    this.meters.registryFetchMs = clock.monotonic() - begin;
    if (this.wasStopped()) return;
    const id = randomUuid(random.stream('master-id'));
    const master: MasterInfo = {
      id,
      hostname: info.hostname,
      address: { hostname: info.hostname, ip: info.ip, port: info.port },
      pid: `master@${hostPort(info.ip, info.port)}`,
      version: info.version,
    };
    this.ledger = new Ledger(master, this.config, known, settings, clock.now(), clock.monotonic());
    this.ledger.isWatched = this.watchers.size > 0;
    this.ledger.hasSecondPath = this.options.probeAgent !== undefined;
    this.repeat(TICK_MS, () => {
      this.apply({ type: 'tick' });
    });
    this.repeat(this.config.heartbeatIntervalMs, () => {
      this.apply({ type: 'heartbeat' });
    });
    this.repeat(this.config.agentPingIntervalMs, () => {
      this.pingFrom(0);
    });
    log.info({ master: id, knownAgents: known.length }, 'Master started');
  }

  stop(): Promise<void> {
    if (this.stopped) return Promise.resolve();
    this.stopped = true;
    for (const timer of this.running) timer.cancel();
    this.allocations.cancel();
    this.registry.stop();
    this.inbox.close();
    this.links.stop();
    this.orders.stop();
    this.subscriptions.closeAll('the master stopped');
    return Promise.resolve();
  }

  connect(): SchedulerConnection {
    return this.subscriptions.connect();
  }

  treatAgent(agentId: string, upkeep: AgentUpkeep | undefined): Promise<boolean> {
    return this.order((order) => ({ type: 'treat-agent', agentId, upkeep, order }));
  }

  markAgentGone(agentId: string): Promise<boolean> {
    return this.order((order) => ({ type: 'mark-agent-gone', agentId, order }));
  }

  watch(onChange: (change: ClusterChange) => void): () => void {
    this.watchers.add(onChange);
    if (this.ledger !== undefined) this.ledger.isWatched = true;
    return () => {
      this.watchers.delete(onChange);
      if (this.ledger !== undefined) this.ledger.isWatched = this.watchers.size > 0;
    };
  }

  configure(decide: (settings: ClusterSettings, view: ClusterView) => SettingsDecision): Promise<string | undefined> {
    const change = async (): Promise<string | undefined> => {
      const { ledger } = this;
      if (this.stopped || ledger === undefined) return 'The master is not running';
      const decision = decide(ledger.view.settings, ledger.view);
      if (!decision.ok) return decision.problem;
      await this.settings.save(decision.settings);
      this.apply({ type: 'settings', settings: decision.settings });
      return undefined;
    };
    const result = this.configuring.then(change);
    this.configuring = result.catch(() => undefined);
    return result;
  }

  operate(agentId: string, operation: ResourceOperation): string | undefined {
    this.operated = 'The master is not running';
    this.apply({ type: 'operate', agentId, operation });
    return this.operated;
  }

  teardown(frameworkId: string): void {
    this.inbox.post({ type: 'teardown', frameworkId });
  }

  private get isRunning(): boolean {
    return !this.stopped && this.ledger !== undefined;
  }

  private order(input: (order: number) => LedgerInput): Promise<boolean> {
    if (!this.isRunning) return Promise.resolve(false);
    return this.orders.give((order) => {
      this.inbox.post(input(order));
    });
  }

  /** Asked after an `await`, when it may have changed. */
  private wasStopped(): boolean {
    return this.stopped;
  }

  private accept(link: Link<MasterMessage>): ReturnType<AgentAcceptor['accept']> {
    if (!this.isRunning) {
      this.time.after(0, () => {
        link.close();
      });
      return { onMessage: () => undefined, onClosed: () => undefined };
    }
    return this.links.accept(link);
  }

  private apply(input: LedgerInput): void {
    const { ledger } = this;
    if (this.stopped || ledger === undefined) return;
    const outputs = ledger.apply(input, this.time.now(), this.time.monotonic());
    for (const output of outputs) this.carryOut(output);
    // An allocation that is not done goes on in the next turn; a new one waits for what else may come.
    if (ledger.allocationPending) this.allocations.want(input.type === 'allocate' ? 0 : this.config.allocationDelayMs);
  }

  private carryOut(output: LedgerOutput): void {
    switch (output.type) {
      case 'to-agent':
        this.links.send(output.link, output.message);
        return;
      case 'close-link':
        this.links.close(output.link);
        return;
      case 'probe':
        void this.options.probeAgent?.(output.info).then((answer) => {
          this.inbox.post({ type: 'probed', agentId: output.agentId, answer });
        });
        return;
      case 'to-framework':
        this.subscriptions.send(output.subscription, output.event);
        return;
      case 'close-subscription':
        this.subscriptions.close(output.subscription, output.reason);
        return;
      case 'registry':
        this.registry.write(output.change);
        return;
      case 'later':
        this.time.after(0, () => {
          this.apply(output.input);
        });
        return;
      case 'change':
        for (const tell of this.watchers) tell(output.change);
        return;
      case 'operated':
        this.operated = output.problem;
        return;
      case 'order-kept':
        this.orders.kept(output.order);
        return;
      case 'log':
        this.options.log[output.level](output.fields, output.message);
        return;
      default:
        assertNever(output, 'ledger output');
    }
  }

  private pingFrom(after: number): void {
    const { ledger } = this;
    if (ledger === undefined) return;
    let last: number | undefined;
    let seen = 0;
    for (const number of ledger.view.links.keys()) {
      if (number <= after) continue;
      last = number;
      seen += 1;
      if (seen === PING_SLICE_LINKS_MAX) break;
    }
    if (last === undefined) return;
    this.apply({ type: 'ping', after, limit: PING_SLICE_LINKS_MAX });
    if (seen < PING_SLICE_LINKS_MAX) return;
    const next = last;
    this.time.after(0, () => {
      this.pingFrom(next);
    });
  }

  private repeat(intervalMs: number, run: () => void): void {
    this.running.push(every(this.time, intervalMs, run));
  }
}

/** How often the ledger looks at what waits for a time. */
const TICK_MS = 1_000;
