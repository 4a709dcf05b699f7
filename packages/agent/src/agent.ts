/** The agent: takes tasks from its master, has them run, and reports what becomes of them, across restarts of itself. */
import { assert, PlatformError, type Clock, type Logger, type Service, type Timers } from '@stadion/base';
import type { AgentInfo, AgentMessage, MasterMessage } from '@stadion/contract/agent-link';
import type { AgentImages, ImagePullRequest } from '@stadion/contract/images';
import type { Attribute, FrameworkInfo, Resource } from '@stadion/contract/mesos';
import { AgentIdentity } from './agent-identity.ts';
import { AGENT_CONFIG_DEFAULT, type AgentConfig, type AgentOptions } from './agent-options.ts';
import { AgentCounters } from './agent-counters.ts';
import type { AgentView } from './agent-view.ts';
import { readRecord } from './core/checkpoint-record.ts';
import type { ContainerExit, ContainerUsage } from './core/container.ts';
import type { WorkingContainerizers } from './core/containerizer-choice.ts';
import type { Ledger } from './core/ledger.ts';
import { taskState, type Task } from './core/task.ts';
import { ImagePulls, type PullBegun } from './image-pulls.ts';
import { Housekeeping } from './housekeeping.ts';
import { Lender } from './lender.ts';
import { MasterMessages } from './master-messages.ts';
import { MasterSession } from './master-session.ts';
import type { AttachOutcome, ExecOutcome, SessionRequest } from './ports/containerizer.ts';
import type { LoadedCheckpoint } from './ports/checkpoints.ts';
import type { ExecutorDoor } from './ports/executor-door.ts';
import { TaskRunner } from './task-runner.ts';
import { VolumeKeeper } from './volume-keeper.ts';
import { TaskTable, type EndedTask } from './task-table.ts';
import { joinTime } from './joined-time.ts';

/**
 * Makes an agent. It does nothing before `start`.
 * `stop` lets go of the tasks, which run on; `endTasks` ends them first.
 */
export function createAgent(options: AgentOptions): Agent {
  return new Agent(options);
}

type Phase = 'new' | 'recovering' | 'serving' | 'stopped';

/** See {@link createAgent}. */
export class Agent implements Service, AgentView {
  readonly counters = new AgentCounters();
  private readonly options: AgentOptions;
  private readonly time: Clock & Timers;
  private readonly log: Logger;
  private readonly table = new TaskTable();
  private readonly session: MasterSession;
  private readonly runner: TaskRunner;
  private readonly volumes: VolumeKeeper;
  private readonly messages: MasterMessages;
  private readonly housekeeping: Housekeeping;
  private readonly imagePulls: ImagePulls;
  private readonly lender: Lender;
  private phase: Phase = 'new';
  private readonly identity: AgentIdentity;
  private currentMasterId: string | undefined;
  private currentMasterHostname: string | undefined;
  private working: WorkingContainerizers = { names: [] };
  private startTime = 0;
  private earlyExits: { readonly containerId: string; readonly exit: ContainerExit }[] = [];
  /** Set while the tasks are being ended for good, and called when none is left: nothing new is taken. */
  private leaving: (() => void) | undefined;

  constructor(options: AgentOptions) {
    this.options = options;
    const { clock, timers, log } = options;
    const config: AgentConfig = { ...AGENT_CONFIG_DEFAULT, ...options.config };
    this.time = joinTime(clock, timers);
    this.log = log;
    this.identity = new AgentIdentity(options.checkpoints, log);
    const random = options.random.stream('agent');
    this.session = new MasterSession(
      { dialer: options.dialer, time: this.time, random, log },
      {
        registration: () => this.registration(),
        onRegistered: (message) => this.onRegistered(message),
        onRejected: (message) => this.onRejected(message),
        onMessage: (message) => this.messages.handle(message),
        checkpointedVersion: () => this.volumes.current?.version,
      },
    );
    this.volumes = new VolumeKeeper(options);
    this.runner = new TaskRunner(options, {
      time: this.time,
      random,
      table: this.table,
      config,
      counters: this.counters,
      agentId: () => this.identity.name,
      agentInfo: () => this.info,
      identitySaved: () => this.identity.saved(),
      send: (message) => this.session.send(message),
      containerizers: () => this.working,
      volumes: this.volumes,
      onNoneLeft: () => this.leaving?.(),
    });
    this.messages = new MasterMessages({
      ...options,
      table: this.table,
      runner: this.runner,
      volumes: this.volumes,
      send: (message) => this.session.send(message),
      isLeaving: () => this.leaving !== undefined,
    });
    this.lender = new Lender({
      mode: config.revocableCpus,
      lookIntervalMs: config.revocableLookMs,
      resources: options.info.resources,
      time: this.time,
      table: this.table,
      ledger: this.runner.ledger,
      log,
      usage: () => this.usage(),
      resourcesOf: (task) => this.runner.resourcesOf(task),
      send: (message) => this.session.send(message),
      preempt: (entry) => this.runner.preempt(entry),
    });
    this.imagePulls = new ImagePulls({ containerizer: options.containerizer, clock, log }, () => this.working.names);
    this.housekeeping = new Housekeeping(
      { time: this.time, sandboxes: options.sandboxes, records: this.runner.records, log },
      config,
      this.table,
      (task, agentId) => this.runner.launcher.sandboxId(task, agentId),
    );
  }

  // --- Service -------------------------------------------------------------------------------------------------

  /**
   * Takes the work directory, finds what runs there, and begins to look for the master.
   * @throws PlatformError `agent-work-dir-locked`, `agent-no-containerizer`
   */
  async start(): Promise<void> {
    assert(this.phase === 'new', 'an agent starts once');
    this.startTime = this.time.now();
    this.phase = 'recovering';
    await this.options.checkpoints.open();
    const fingerprint = await this.options.containerizer.fingerprint();
    if (fingerprint.containerizers.length === 0) {
      const { name } = this.options.containerizer;
      const problem = fingerprint.problem ?? 'it does not say why';
      throw new PlatformError('agent-no-containerizer', `The containerizer "${name}" does not work here: ${problem}.`);
    }
    const { containerizers: names, problems = {} } = fingerprint;
    this.working = { names, problems };
    let recordedId: string | undefined;
    for (const loaded of await this.options.checkpoints.load()) recordedId = this.restore(loaded) ?? recordedId;
    // Its own record is damaged or gone, but those of its tasks still say who it was.
    if (this.identity.current === undefined && recordedId !== undefined) this.identity.take(recordedId);
    const found = await this.options.containerizer.recover((containerId, exit) => this.onExit(containerId, exit));
    // It may have been stopped meanwhile.
    if (this.isStopped()) return;
    this.runner.recovery.reconcile(found);
    this.phase = 'serving';
    for (const { containerId, exit } of this.earlyExits.splice(0)) this.runner.onExit(containerId, exit);
    this.session.start();
    this.housekeeping.start();
    this.lender.start();
  }

  async stop(): Promise<void> {
    if (this.phase === 'stopped') return;
    this.phase = 'stopped';
    if (this.runner.livingCount > 0) this.session.send({ type: 'SUSPEND' });
    this.session.stop();
    this.runner.stop();
    this.housekeeping.stop();
    this.lender.stop();
    this.imagePulls.stop();
    this.volumes.stop();
    await this.options.prober.close();
    await this.options.containerizer.close();
    await this.options.checkpoints.close();
  }

  /**
   * Ends all tasks and takes no new ones. Resolves with true when none is left, with false after `deadlineMs`.
   * The agent goes on reporting until it is stopped. Whoever would start the tasks anew is to be stopped before.
   */
  async endTasks(deadlineMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = this.time.after(deadlineMs, () => resolve(false));
      this.leaving = () => {
        timer.cancel();
        resolve(true);
      };
      if (this.runner.livingCount === 0) this.leaving();
      else this.runner.killAll();
    });
  }

  // --- AgentView -----------------------------------------------------------------------------------------------

  get info(): AgentInfo {
    const attribute: Attribute = {
      name: 'stadion_containerizers',
      type: 'SET',
      set: { item: [...this.working.names] },
    };
    return {
      ...this.options.info,
      ...(this.identity.current === undefined ? {} : { id: { value: this.identity.current } }),
      attributes: [...this.options.info.attributes, attribute],
      containerizers: [...this.working.names],
      ...(this.working.problems === undefined ? {} : { containerizer_problems: this.working.problems }),
    };
  }

  get startedAt(): number {
    return this.startTime;
  }

  get recovering(): boolean {
    return this.phase === 'new' || this.phase === 'recovering';
  }

  get registered(): boolean {
    return this.session.registered;
  }

  get masterId(): string | undefined {
    return this.currentMasterId;
  }

  get masterHostname(): string | undefined {
    return this.currentMasterHostname;
  }

  get sandboxAgeMsMax(): number {
    return this.housekeeping.ageMsMax;
  }

  get ledger(): Ledger {
    return this.runner.ledger;
  }

  get executors(): ExecutorDoor {
    return this.runner.executors;
  }

  checkpointedResources(): readonly Resource[] {
    return this.volumes.current?.resources ?? [];
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

  findTask(frameworkId: string, taskId: string): { readonly task: Task; readonly agentId?: string } | undefined {
    return this.table.find(frameworkId, taskId) ?? this.table.findEnded(frameworkId, taskId);
  }

  findExecutor(
    frameworkId: string,
    executorId: string,
  ): { readonly task: Task; readonly agentId?: string } | undefined {
    for (const entry of this.table.entries()) if (isOfExecutor(entry.task, frameworkId, executorId)) return entry;
    for (const ended of this.table.ended()) if (isOfExecutor(ended.task, frameworkId, executorId)) return ended;
    return undefined;
  }

  podDirectoryOf(task: Task, agentId?: string): string | undefined {
    return task.pod && this.options.sandboxes.directory(this.runner.launcher.podSandboxId(task, task.pod, agentId));
  }

  sandboxOf(task: Task, agentId?: string): string {
    return this.options.sandboxes.directory(this.runner.launcher.sandboxId(task, agentId));
  }

  usage(): Promise<ReadonlyMap<string, ContainerUsage>> {
    return this.options.containerizer.usage();
  }

  async exec(task: Task, request: SessionRequest): Promise<ExecOutcome> {
    return this.runner.launcher.exec(task, request);
  }

  async attach({ containerId }: Task): Promise<AttachOutcome> {
    const { containerizer } = this.options;
    const outcome = await containerizer.attach?.(containerId);
    return outcome ?? { ok: false, message: `Containers of ${containerizer.name} take no input` };
  }

  async images(): Promise<AgentImages> {
    const images = (await this.options.containerizer.images?.()) ?? [];
    return { images: [...images], pulls: [...this.imagePulls.list()] };
  }

  pullImage(request: ImagePullRequest): PullBegun {
    return this.imagePulls.begin(request);
  }

  async pruneImages(excluded: readonly string[]): Promise<void> {
    await this.options.containerizer.pruneImages?.(excluded);
  }

  diskUsedBytes(task: Task): Promise<number | undefined> {
    return this.options.sandboxes.usedBytes(this.runner.launcher.sandboxId(task));
  }

  // --- Recovery ------------------------------------------------------------------------------------------------

  /** Gives the id of the agent that a task's record names, if the task is not history. */
  private restore(loaded: LoadedCheckpoint): string | undefined {
    const record =
      'problem' in loaded
        ? { kind: 'damaged' as const, problem: loaded.problem }
        : readRecord(loaded.key, loaded.value);
    switch (record.kind) {
      case 'agent':
        this.identity.restore(record.agentId);
        return undefined;
      case 'framework':
        if (record.framework.id !== undefined) this.table.frameworks.set(record.framework.id.value, record.framework);
        return undefined;
      case 'task':
        this.runner.recovery.restore(record.task, record.agentId);
        return this.table.findContainer(record.task.containerId) === undefined ? undefined : record.agentId;
      case 'resources':
        this.volumes.restore(record.checkpointed, record.wiping);
        return undefined;
      case 'damaged':
        this.counters.recoveryErrors += 1;
        this.log.warn({ key: loaded.key, problem: record.problem }, 'a damaged checkpoint is left out');
        return undefined;
    }
  }

  private onExit(containerId: string, exit: ContainerExit): void {
    if (this.phase === 'recovering') this.earlyExits.push({ containerId, exit });
    else if (this.phase === 'serving') this.runner.onExit(containerId, exit);
  }

  // --- Identity ------------------------------------------------------------------------------------------------

  private registration(): AgentMessage {
    const tasks = [...this.table.entries()].map(({ task }) => ({
      framework_id: { value: task.frameworkId },
      info: task.info,
      state: taskState(task),
      ...(task.pod === undefined ? {} : { executor: task.pod.executor }),
      ...(task.latest === undefined ? {} : { status: task.latest }),
    }));
    const executors = this.runner.executors.reported();
    const checkpointed = this.volumes.announced;
    return {
      type: 'REGISTER',
      agent: this.info,
      tasks,
      frameworks: [...this.table.frameworks.values()],
      ...(executors.length === 0 ? {} : { executors }),
      ...(checkpointed === undefined ? {} : { checkpointed }),
    };
  }

  private onRegistered(message: Extract<MasterMessage, { type: 'REGISTERED' }>): void {
    this.currentMasterId = message.master_id;
    this.currentMasterHostname = message.master_hostname;
    const agentId = message.agent_id.value;
    if (this.identity.current !== agentId) this.identity.take(agentId);
    this.log.info({ agentId }, 'registered');
    this.lender.announce();
    this.runner.updates.resume(this.table.entries());
  }

  private onRejected(message: Extract<MasterMessage, { type: 'REJECTED' }>): void {
    this.log.error({ reason: message.reason, shutdown: message.shutdown }, 'the master does not want this agent');
    if (!message.shutdown) return;
    this.session.stop();
    this.leaving = () => {
      this.leaving = undefined;
      this.forgetIdentity();
      if (this.phase === 'serving') this.session.start();
    };
    if (this.runner.livingCount === 0) this.leaving();
    else this.runner.killAll();
  }

  /** After a shutdown by the master: what ran is history that nobody waits for, and the next registration is a first one. */
  private forgetIdentity(): void {
    for (const entry of [...this.table.entries()]) this.runner.retire(entry);
    this.identity.forget();
  }

  private isStopped(): boolean {
    return this.phase === 'stopped';
  }
}

function isOfExecutor({ frameworkId, pod }: Task, framework: string, executor: string): boolean {
  return frameworkId === framework && pod?.executor.executor_id.value === executor;
}
