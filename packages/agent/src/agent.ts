/** The agent: takes tasks from its master, has them run, and reports what becomes of them, across restarts of itself. */
import {
  assert,
  describeError,
  PlatformError,
  randomUuid,
  type Clock,
  type Logger,
  type Random,
  type Service,
  type Timers,
} from '@stadion/base';
import { type AgentInfo, type AgentMessage, type MasterMessage } from '@stadion/contract/agent-link';
import {
  isTerminal,
  type Attribute,
  type FrameworkInfo,
  type StatusReason,
  type TaskInfo,
  type TaskState,
  type TaskStatus,
} from '@stadion/contract/mesos';
import { AGENT_CONFIG_DEFAULT, type AgentConfig, type AgentOptions } from './agent-options.ts';
import { CheckRunner } from './check-runner.ts';
import { ConcurrencyLimit } from './concurrency-limit.ts';
import { commandOf, findTaskProblem, isPathSegment } from './core/admission.ts';
import {
  AGENT_KEY,
  frameworkKey,
  readRecord,
  taskKey,
  toAgentRecord,
  toFrameworkRecord,
  toTaskRecord,
} from './core/checkpoint-record.ts';
import { type ContainerExit, type ContainerUsage, type RecoveredContainer } from './core/container.ts';
import { Ledger } from './core/ledger.ts';
import { taskEnvironment } from './core/task-environment.ts';
import { applyTask, stageTask, taskState, type Task, type TaskEffect, type TaskInput } from './core/task.ts';
import { Housekeeping } from './housekeeping.ts';
import { LAUNCHES_MAX, PREPARATIONS_MAX, TASKS_MAX } from './limits.ts';
import { MasterSession } from './master-session.ts';
import { type SandboxId } from './ports/sandboxes.ts';
import { TaskTable, type EndedTask, type TaskEntry } from './task-entry.ts';
import { UpdateSender } from './update-sender.ts';

/** What pages and metrics read of an agent. */
export interface AgentView {
  readonly info: AgentInfo;
  readonly config: AgentConfig;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly recovering: boolean;
  readonly registered: boolean;
  readonly masterId: string | undefined;
  readonly ledger: Ledger;
  readonly counters: Readonly<AgentCounters>;
  frameworks(): ReadonlyMap<string, FrameworkInfo>;
  tasks(): Iterable<Task>;
  endedTasks(): Iterable<EndedTask>;
  sandboxOf(task: Task, agentId?: string): string;
  usage(): Promise<ReadonlyMap<string, ContainerUsage>>;
  diskUsedBytes(task: Task): Promise<number | undefined>;
}

/** Totals since the start of the process. */
export interface AgentCounters {
  launched: number;
  launchErrors: number;
  fetchesSucceeded: number;
  fetchesFailed: number;
  recoveryErrors: number;
  readonly ended: Map<TaskState, number>;
}

/**
 * Makes an agent. It does nothing before `start`.
 * `stop` lets go of the tasks, which run on; `endTasks` ends them first.
 */
export function createAgent(options: AgentOptions): Agent {
  return new Agent(options);
}

/** See {@link createAgent}. */
export class Agent implements Service, AgentView {
  readonly config: AgentConfig;
  readonly ledger: Ledger;
  readonly counters: AgentCounters = {
    launched: 0,
    launchErrors: 0,
    fetchesSucceeded: 0,
    fetchesFailed: 0,
    recoveryErrors: 0,
    ended: new Map(),
  };
  private readonly options: AgentOptions;
  private readonly time: Clock & Timers;
  private readonly random: Random;
  private readonly log: Logger;
  private readonly table = new TaskTable();
  private readonly session: MasterSession;
  private readonly updates: UpdateSender;
  private readonly checks: CheckRunner;
  private readonly housekeeping: Housekeeping;
  private readonly preparations = new ConcurrencyLimit(PREPARATIONS_MAX);
  private readonly launches = new ConcurrencyLimit(LAUNCHES_MAX);
  private readonly networkInfos: NonNullable<NonNullable<TaskStatus['container_status']>['network_infos']>;
  private state: 'new' | 'recovering' | 'serving' | 'stopped' = 'new';
  private agentId: string | undefined;
  private lastAgentId = '';
  private currentMasterId: string | undefined;
  private containerizers: readonly string[] = [];
  private startTime = 0;
  private identitySaved: Promise<void> = Promise.resolve();
  private earlyExits: { readonly containerId: string; readonly exit: ContainerExit }[] = [];
  /** Set while the tasks are being ended for good: nothing new is taken. */
  private leaving: (() => void) | undefined;

  constructor(options: AgentOptions) {
    this.options = options;
    this.config = { ...AGENT_CONFIG_DEFAULT, ...options.config };
    const { clock, timers } = options;
    this.time = {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      after: (delayMs, callback) => timers.after(delayMs, callback),
    };
    this.random = options.random.stream('agent');
    this.log = options.log;
    this.ledger = new Ledger(options.info.resources);
    this.networkInfos = [
      {
        ip_addresses: [{ protocol: options.info.ip.includes(':') ? 'IPv6' : 'IPv4', ip_address: options.info.ip }],
      },
    ];
    this.session = new MasterSession(
      { dialer: options.dialer, time: this.time, random: this.random, log: options.log },
      {
        registration: () => this.registration(),
        onRegistered: (message) => this.onRegistered(message),
        onRejected: (message) => this.onRejected(message),
        onMessage: (message) => this.onMessage(message),
      },
    );
    this.updates = new UpdateSender(this.time, (message) => this.session.send(message));
    this.checks = new CheckRunner(
      { time: this.time, prober: options.prober, agentIp: options.info.ip },
      {
        onHealthProbed: (entry, index, outcome) => this.dispatch(entry, { type: 'health-probed', index, outcome }),
        onReadinessProbed: (entry, index, response) =>
          this.dispatch(entry, { type: 'readiness-probed', index, response }),
        onTooLong: (entry) => this.kill(entry, 'too-long', undefined),
        commandContext: (entry) => this.commandContext(entry.task),
      },
    );
    this.housekeeping = new Housekeeping(
      { time: this.time, sandboxes: options.sandboxes, checkpoints: options.checkpoints, log: options.log },
      this.config,
      this.table,
      (task, agentId) => this.sandboxId(task, agentId),
    );
  }

  // --- Service -------------------------------------------------------------------------------------------------

  /**
   * Takes the work directory, finds what runs there, and begins to look for the master.
   * @throws PlatformError `agent-work-dir-locked`, `agent-no-containerizer`
   */
  async start(): Promise<void> {
    assert(this.state === 'new', 'an agent starts once');
    this.startTime = this.time.now();
    this.state = 'recovering';
    await this.options.checkpoints.open();
    const fingerprint = await this.options.containerizer.fingerprint();
    if (fingerprint.containerizers.length === 0) {
      throw new PlatformError(
        'agent-no-containerizer',
        `The containerizer "${this.options.containerizer.name}" does not work here: ${fingerprint.problem ?? 'no reason given'}`,
      );
    }
    this.containerizers = fingerprint.containerizers;
    await this.recover();
    // It may have been stopped meanwhile.
    if (this.currentState() !== 'recovering') return;
    this.state = 'serving';
    for (const { containerId, exit } of this.earlyExits.splice(0)) this.onExit(containerId, exit);
    this.session.start();
    this.housekeeping.start();
  }

  async stop(): Promise<void> {
    if (this.state === 'stopped') return;
    this.state = 'stopped';
    this.session.stop();
    this.updates.stop();
    this.checks.stop();
    this.housekeeping.stop();
    for (const entry of this.table.entries()) entry.abort?.abort();
    await this.options.prober.close();
    await this.options.containerizer.close();
    await this.options.checkpoints.close();
  }

  /**
   * Ends all tasks and takes no new ones. Resolves with true when none is left, with false after `deadlineMs`.
   * The agent goes on reporting until it is stopped. Stop whoever would start the tasks anew before.
   */
  async endTasks(deadlineMs: number): Promise<boolean> {
    if (this.liveCount() === 0) {
      this.leaving = () => undefined;
      return true;
    }
    return new Promise((resolve) => {
      const timer = this.time.after(deadlineMs, () => resolve(false));
      this.leaving = () => {
        timer.cancel();
        resolve(true);
      };
      this.killAll(() => true);
    });
  }

  // --- AgentView -----------------------------------------------------------------------------------------------

  get info(): AgentInfo {
    const attribute: Attribute = {
      name: 'stadion_containerizers',
      type: 'SET',
      set: { item: [...this.containerizers] },
    };
    return {
      ...this.options.info,
      ...(this.agentId === undefined ? {} : { id: { value: this.agentId } }),
      attributes: [...this.options.info.attributes, attribute],
      containerizers: [...this.containerizers],
    };
  }

  get startedAt(): number {
    return this.startTime;
  }

  get recovering(): boolean {
    return this.state === 'new' || this.state === 'recovering';
  }

  get registered(): boolean {
    return this.session.registered;
  }

  get masterId(): string | undefined {
    return this.currentMasterId;
  }

  frameworks(): ReadonlyMap<string, FrameworkInfo> {
    return this.table.frameworks;
  }

  *tasks(): Iterable<Task> {
    for (const entry of this.table.entries()) yield entry.task;
  }

  endedTasks(): Iterable<EndedTask> {
    return this.table.ended();
  }

  sandboxOf(task: Task, agentId?: string): string {
    return this.options.sandboxes.directory(this.sandboxId(task, agentId));
  }

  usage(): Promise<ReadonlyMap<string, ContainerUsage>> {
    return this.options.containerizer.usage();
  }

  diskUsedBytes(task: Task): Promise<number | undefined> {
    return this.options.sandboxes.usedBytes(this.sandboxId(task));
  }

  // --- Recovery ------------------------------------------------------------------------------------------------

  private async recover(): Promise<void> {
    for (const loaded of await this.options.checkpoints.load()) {
      const record =
        'problem' in loaded
          ? { kind: 'damaged' as const, problem: loaded.problem }
          : readRecord(loaded.key, loaded.value);
      switch (record.kind) {
        case 'agent':
          this.agentId = record.agentId;
          this.lastAgentId = record.agentId;
          break;
        case 'framework':
          if (record.framework.id !== undefined) this.table.frameworks.set(record.framework.id.value, record.framework);
          break;
        case 'task':
          this.restore(record.task, record.agentId);
          break;
        case 'damaged':
          this.counters.recoveryErrors += 1;
          this.log.warn({ key: loaded.key, problem: record.problem }, 'a damaged checkpoint is left out');
      }
    }
    const found = await this.options.containerizer.recover((containerId, exit) => {
      this.onExit(containerId, exit);
    });
    if (this.currentState() === 'recovering') this.reconcile(found);
  }

  private restore(task: Task, agentId: string): void {
    if (task.phase === 'ended' && task.updates.length === 0) {
      this.table.retire(task, agentId);
      return;
    }
    const entry = this.table.add(task);
    if (task.phase === 'ended') return;
    this.ledger.charge(task.info.resources);
    entry.charged = true;
  }

  private reconcile(found: readonly RecoveredContainer[]): void {
    const byId = new Map(found.map((container) => [container.containerId, container]));
    for (const entry of this.table.entries()) {
      const container = byId.get(entry.task.containerId);
      byId.delete(entry.task.containerId);
      if (entry.task.phase === 'ended') {
        if (container !== undefined) this.discard(container);
      } else {
        this.dispatch(entry, { type: 'found', container });
      }
    }
    for (const container of byId.values()) this.discard(container);
  }

  /** Nobody knows this container: what is not reported must not run. */
  private discard(container: RecoveredContainer): void {
    const { containerId } = container;
    if (container.state === 'running') {
      this.log.warn({ containerId }, 'ending a container that belongs to no known task');
      this.options.containerizer.kill(containerId, 0);
    } else {
      void this.options.containerizer.remove(containerId);
    }
  }

  // --- Master --------------------------------------------------------------------------------------------------

  private registration(): AgentMessage {
    const tasks = [...this.table.entries()].map(({ task }) => ({
      framework_id: { value: task.frameworkId },
      info: task.info,
      state: taskState(task),
      ...(task.latest === undefined ? {} : { status: task.latest }),
    }));
    const frameworks = [...this.table.frameworks.values()];
    return { type: 'REGISTER', agent: this.info, tasks, frameworks };
  }

  private onRegistered(message: Extract<MasterMessage, { type: 'REGISTERED' }>): void {
    this.currentMasterId = message.master_id;
    const agentId = message.agent_id.value;
    if (this.agentId !== agentId) {
      if (this.agentId !== undefined) this.log.warn({ was: this.agentId, is: agentId }, 'the master gave a new id');
      this.agentId = agentId;
      this.lastAgentId = agentId;
      this.identitySaved = this.save(AGENT_KEY, toAgentRecord(agentId), true);
    }
    this.log.info({ agentId }, 'registered');
    this.updates.resume(this.table.entries());
  }

  private onRejected(message: Extract<MasterMessage, { type: 'REJECTED' }>): void {
    this.log.error({ reason: message.reason, shutdown: message.shutdown }, 'the master does not want this agent');
    if (!message.shutdown) return;
    this.session.stop();
    const begin = (): void => {
      this.leaving = undefined;
      this.forgetIdentity();
      if (this.state === 'serving') this.session.start();
    };
    this.leaving = begin;
    if (this.liveCount() === 0) begin();
    else this.killAll(() => true);
  }

  /** After a shutdown by the master: what ran is history that nobody waits for, and the next registration is a first one. */
  private forgetIdentity(): void {
    for (const entry of [...this.table.entries()]) this.retire(entry);
    this.agentId = undefined;
    this.identitySaved = this.identitySaved
      .then(() => this.options.checkpoints.remove(AGENT_KEY))
      .catch((error: unknown) => {
        this.log.error({ error: describeError(error) }, 'the old identity could not be removed');
      });
  }

  private onMessage(message: MasterMessage): void {
    switch (message.type) {
      case 'RUN_TASKS':
        this.runTasks(message.framework, message.tasks);
        return;
      case 'KILL_TASK':
        this.killTask(message);
        return;
      case 'ACKNOWLEDGE_STATUS_UPDATE': {
        const entry = this.table.find(message.framework_id.value, message.task_id.value);
        if (entry !== undefined) this.dispatch(entry, { type: 'acknowledged', uuid: message.uuid });
        return;
      }
      case 'SHUTDOWN_FRAMEWORK':
        this.shutdownFramework(message.framework_id.value);
        return;
      case 'PING':
      case 'REGISTERED':
      case 'REJECTED':
        return;
    }
  }

  private runTasks(framework: FrameworkInfo, infos: readonly TaskInfo[]): void {
    const frameworkId = framework.id?.value ?? '';
    if (!isPathSegment(frameworkId)) {
      this.log.error({ frameworkId }, 'tasks of a framework without a usable id are dropped');
      return;
    }
    if (this.table.frameworks.get(frameworkId) !== framework) {
      this.table.frameworks.set(frameworkId, framework);
      void this.save(frameworkKey(frameworkId), toFrameworkRecord(framework), false);
    }
    for (const info of infos) this.runTask(frameworkId, info);
  }

  private runTask(frameworkId: string, info: TaskInfo): void {
    const taskId = info.task_id.value;
    if (this.table.find(frameworkId, taskId) !== undefined) return;
    if (this.table.findEnded(frameworkId, taskId) !== undefined) return;
    const dropped = this.findReasonToDrop();
    if (dropped !== undefined) {
      this.sendOnce(frameworkId, info, 'TASK_DROPPED', 'REASON_INVALID_OFFERS', dropped);
      return;
    }
    const entry = this.table.add(stageTask(frameworkId, info, randomUuid(this.random)));
    const problem = findTaskProblem(info, this.containerizers);
    if (problem !== undefined) {
      this.refuse(entry, 'TASK_FAILED', 'REASON_CONTAINER_LAUNCH_FAILED', problem);
      return;
    }
    const shortage = this.ledger.hold(info.resources);
    if (shortage !== undefined) {
      this.refuse(entry, 'TASK_DROPPED', 'REASON_INVALID_OFFERS', shortage);
      return;
    }
    entry.charged = true;
    void this.saveTask(entry.task, false);
    void this.prepare(entry);
  }

  private findReasonToDrop(): string | undefined {
    if (this.leaving !== undefined) return 'The agent is shutting down';
    if (this.table.size >= TASKS_MAX) return `The agent has ${TASKS_MAX} tasks, which is as many as it takes`;
    return undefined;
  }

  private killTask(message: Extract<MasterMessage, { type: 'KILL_TASK' }>): void {
    const frameworkId = message.framework_id.value;
    const taskId = message.task_id.value;
    const entry = this.table.find(frameworkId, taskId);
    if (entry !== undefined) {
      this.kill(entry, 'asked', message.grace_period_ms);
      return;
    }
    const ended = this.table.findEnded(frameworkId, taskId)?.task.latest;
    if (ended !== undefined) {
      this.session.send({
        type: 'STATUS_UPDATE',
        framework_id: message.framework_id,
        status: ended,
        latest_state: ended.state,
      });
      return;
    }
    const reference = { task_id: message.task_id };
    this.sendOnce(frameworkId, reference, 'TASK_GONE', 'REASON_TASK_UNKNOWN', 'The agent does not know this task');
  }

  private shutdownFramework(frameworkId: string): void {
    this.table.frameworks.delete(frameworkId);
    void this.options.checkpoints.remove(frameworkKey(frameworkId)).catch((error: unknown) => {
      this.log.warn({ frameworkId, error: describeError(error) }, 'a checkpoint could not be removed');
    });
    this.killAll((task) => task.frameworkId === frameworkId);
  }

  /** A report about a task that is not kept here; the master asks again when it is lost. */
  private sendOnce(
    frameworkId: string,
    task: Pick<TaskInfo, 'task_id'>,
    state: TaskState,
    reason: StatusReason,
    message: string,
  ): void {
    const status: TaskStatus = {
      task_id: task.task_id,
      state,
      reason,
      message,
      source: 'SOURCE_AGENT',
      ...(this.agentId === undefined ? {} : { agent_id: { value: this.agentId } }),
      timestamp: this.time.now() / 1000,
      uuid: this.updateUuid(),
    };
    this.session.send({ type: 'STATUS_UPDATE', framework_id: { value: frameworkId }, status, latest_state: state });
  }

  // --- Tasks ---------------------------------------------------------------------------------------------------

  private async prepare(entry: TaskEntry): Promise<void> {
    const outcome = await this.preparations.run(() => this.makeReady(entry));
    if (this.currentState() === 'stopped') return;
    if (outcome === undefined) this.dispatch(entry, { type: 'prepared' });
    else this.refuse(entry, 'TASK_FAILED', 'REASON_CONTAINER_LAUNCH_FAILED', outcome);
  }

  /** Makes sandbox and artifacts; a sentence when it cannot be done. */
  private async makeReady(entry: TaskEntry): Promise<string | undefined> {
    const { task } = entry;
    if (task.phase !== 'staged') return undefined;
    const id = this.sandboxId(task);
    const user = task.info.command?.user;
    try {
      await this.identitySaved;
      await this.options.sandboxes.create(id, user);
      const uris = task.info.command?.uris ?? [];
      if (uris.length === 0 || entry.task.phase !== 'staged') return undefined;
      entry.abort = new AbortController();
      const fetched = await this.options.fetcher.fetch({
        uris,
        directory: this.options.sandboxes.directory(id),
        ...(user === undefined ? {} : { user }),
        signal: entry.abort.signal,
      });
      entry.abort = undefined;
      this.counters[fetched.ok ? 'fetchesSucceeded' : 'fetchesFailed'] += 1;
      return fetched.ok
        ? undefined
        : `Failed to fetch all URIs for container '${task.containerId}': ${fetched.message}`;
    } catch (error) {
      return `The sandbox could not be made: ${describeError(error)}`;
    }
  }

  private async launch(entry: TaskEntry, intentSaved: Promise<void>): Promise<void> {
    try {
      await intentSaved;
    } catch (error) {
      const message = `The agent could not write down that it starts the task: ${describeError(error)}`;
      this.refuse(entry, 'TASK_FAILED', 'REASON_CONTAINER_LAUNCH_FAILED', message);
      return;
    }
    const outcome = await this.launches.run(async () => {
      if (this.currentState() === 'stopped') return undefined;
      // A kill may have come while the intent was written.
      if (entry.task.kill !== undefined) return { ok: false as const, message: 'Killed before it was started' };
      const { task } = entry;
      return this.options.containerizer.launch({
        containerId: task.containerId,
        command: commandOf(task.info),
        ...this.commandContext(task),
      });
    });
    if (outcome === undefined || this.currentState() === 'stopped') return;
    if (outcome.ok) {
      this.counters.launched += 1;
      this.dispatch(entry, { type: 'launched', pid: outcome.pid });
    } else {
      this.counters.launchErrors += 1;
      this.refuse(entry, 'TASK_FAILED', 'REASON_CONTAINER_LAUNCH_FAILED', outcome.message);
    }
  }

  private onExit(containerId: string, exit: ContainerExit): void {
    if (this.state === 'recovering') {
      this.earlyExits.push({ containerId, exit });
      return;
    }
    if (this.state === 'stopped') return;
    const entry = this.table.findContainer(containerId);
    if (entry === undefined) void this.options.containerizer.remove(containerId);
    else this.dispatch(entry, { type: 'exited', exit });
  }

  private refuse(entry: TaskEntry, state: TaskState, reason: StatusReason, message: string): void {
    this.dispatch(entry, { type: 'refused', state, reason, message });
  }

  private kill(entry: TaskEntry, cause: 'asked' | 'too-long', graceMs: number | undefined): void {
    const framework = this.table.frameworks.get(entry.task.frameworkId);
    const announce = framework?.capabilities?.some((each) => each.type === 'TASK_KILLING_STATE') ?? false;
    this.dispatch(entry, { type: 'kill', cause, graceMs, announce });
  }

  private killAll(isMeant: (task: Task) => boolean): void {
    for (const entry of [...this.table.entries()]) if (isMeant(entry.task)) this.kill(entry, 'asked', undefined);
  }

  private dispatch(entry: TaskEntry, input: TaskInput): void {
    if (this.state === 'stopped') return;
    const { task, effects } = applyTask(entry.task, input, {
      now: this.time.now(),
      uuid: this.updateUuid(),
      agentId: this.agentId ?? this.lastAgentId,
      networkInfos: this.networkInfos,
    });
    entry.task = task;
    this.carryOut(entry, effects);
  }

  private carryOut(entry: TaskEntry, effects: readonly TaskEffect[]): void {
    let durable: Promise<void> | undefined;
    for (const effect of effects) {
      switch (effect.type) {
        case 'save': {
          const saved = this.saveTask(entry.task, effect.durable);
          if (effect.durable) durable = saved;
          else void saved.catch(() => undefined);
          break;
        }
        case 'launch':
          void this.launch(entry, durable ?? Promise.resolve());
          break;
        case 'deliver':
          this.deliver(entry, durable);
          break;
        case 'kill':
          this.options.containerizer.kill(entry.task.containerId, effect.graceMs);
          break;
        case 'start-checks':
          this.checks.watch(entry);
          break;
        case 'release':
          this.release(entry);
          break;
        case 'retire':
          this.retire(entry);
          break;
      }
    }
    void durable?.catch(() => undefined);
  }

  /** What was written down durably is told afterwards; when it could not be, it is told all the same. */
  private deliver(entry: TaskEntry, durable: Promise<void> | undefined): void {
    const send = (): void => {
      if (this.state !== 'stopped') this.updates.deliver(entry);
    };
    if (durable === undefined) send();
    else void durable.then(send, send);
  }

  private release(entry: TaskEntry): void {
    const { task } = entry;
    entry.abort?.abort();
    entry.abort = undefined;
    if (entry.charged) this.ledger.free(task.info.resources);
    entry.charged = false;
    const state = taskState(task);
    assert(isTerminal(state), () => `a task in ${state} is not released`);
    this.counters.ended.set(state, (this.counters.ended.get(state) ?? 0) + 1);
    void this.options.containerizer.remove(task.containerId);
    if (!this.table.frameworks.has(task.frameworkId)) {
      // Nobody is left who would acknowledge.
      this.session.send({
        type: 'STATUS_UPDATE',
        framework_id: { value: task.frameworkId },
        status: task.latest ?? { task_id: task.info.task_id, state, timestamp: this.time.now() / 1000 },
        latest_state: state,
      });
      this.retire(entry);
    }
    if (this.leaving !== undefined && this.liveCount() === 0) this.leaving();
  }

  private retire(entry: TaskEntry): void {
    const agentId = this.agentId ?? this.lastAgentId;
    entry.task = { ...entry.task, updates: [] };
    this.table.retire(entry.task, agentId);
    void this.saveTask(entry.task, false).catch(() => undefined);
  }

  private liveCount(): number {
    let count = 0;
    for (const entry of this.table.entries()) if (entry.task.phase !== 'ended') count += 1;
    return count;
  }

  private saveTask(task: Task, durable: boolean): Promise<void> {
    return this.save(taskKey(task.containerId), toTaskRecord(task, this.agentId ?? this.lastAgentId), durable);
  }

  private save(key: string, value: object, durable: boolean): Promise<void> {
    const saved = this.options.checkpoints.save(key, value, { durable });
    saved.catch((error: unknown) => {
      this.log.error({ key, error: describeError(error) }, 'a checkpoint could not be written');
    });
    return saved;
  }

  private commandContext(task: Task): {
    readonly directory: string;
    readonly environment: Record<string, string>;
    readonly user?: string;
  } {
    const directory = this.sandboxOf(task);
    const user = task.info.command?.user;
    const environment = taskEnvironment(task.info, {
      agentId: this.agentId ?? this.lastAgentId,
      frameworkId: task.frameworkId,
      framework: this.table.frameworks.get(task.frameworkId),
      directory,
      ip: this.options.info.ip,
      port: this.options.info.port,
      inherited: this.config.inheritedEnvironment,
    });
    return { directory, environment, ...(user === undefined ? {} : { user }) };
  }

  private sandboxId(task: Task, agentId = this.agentId ?? this.lastAgentId): SandboxId {
    return {
      agentId,
      frameworkId: task.frameworkId,
      executorId: task.info.task_id.value,
      containerId: task.containerId,
    };
  }

  /** 16 random bytes in base64: the identity of one update. */
  private updateUuid(): string {
    return Buffer.from(randomUuid(this.random).replaceAll('-', ''), 'hex').toString('base64');
  }

  /** Read through a method: a promise awaited in between may have let `stop` run, which the compiler cannot know. */
  private currentState(): 'new' | 'recovering' | 'serving' | 'stopped' {
    return this.state;
  }
}
