/** Carries out what the life cycle decides: sandboxes, artifacts, containers, checks, records and reports of tasks. */
import { randomUuid, type Clock, type Random, type Timers } from '@stadion/base';
import type { AgentInfo, AgentMessage } from '@stadion/contract/agent-link';
import type { Resource, StatusReason, TaskState } from '@stadion/contract/mesos';
import type { AgentConfig, AgentOptions } from './agent-options.ts';
import type { AgentCounters } from './agent-counters.ts';
import { CheckRunner } from './check-runner.ts';
import { ContainerRemovals } from './container-removals.ts';
import { ContainerLauncher } from './container-launcher.ts';
import type { ContainerExit } from './core/container.ts';
import type { WorkingContainerizers } from './core/containerizer-choice.ts';
import { Ledger } from './core/ledger.ts';
import { addressesOf, networkInfosOf, type NetworkInfos } from './core/network-infos.ts';
import { isExecuted } from './core/pod.ts';
import type { KillCause } from './core/task-end.ts';
import { applyTask, taskState, type Task, type TaskEffect, type TaskInput } from './core/task.ts';
import { executorToken } from './executor-tokens.ts';
import { Executors } from './executors.ts';
import { Pods } from './pods.ts';
import { TaskIntake } from './task-intake.ts';
import { TaskPreparation } from './task-preparation.ts';
import { TaskRecords } from './task-records.ts';
import { TaskRecovery } from './task-recovery.ts';
import type { VolumeKeeper } from './volume-keeper.ts';
import type { TaskEntry, TaskTable } from './task-table.ts';
import { UpdateSender } from './update-sender.ts';

/** What the runner needs of the agent around it. */
export interface RunnerOwner {
  readonly time: Clock & Timers;
  readonly random: Random;
  readonly table: TaskTable;
  readonly config: AgentConfig;
  readonly counters: AgentCounters;
  /** The current id, or the last one. */
  agentId(): string;
  /** Resolves when the id is on disk; no task starts before. */
  identitySaved(): Promise<void>;
  /** False when there is no registration. */
  send(message: AgentMessage): boolean;
  agentInfo(): AgentInfo;
  /** The containerizers that work here. */
  containerizers(): WorkingContainerizers;
  readonly volumes: VolumeKeeper;
  /** The last task that lived has ended. */
  onNoneLeft(): void;
}

type AgentPorts = Pick<
  AgentOptions,
  'containerizer' | 'checkpoints' | 'sandboxes' | 'fetcher' | 'prober' | 'log' | 'info'
>;

/** Runs tasks. After {@link stop} it does nothing more; what it began is found again by the next agent. */
export class TaskRunner {
  readonly ledger: Ledger;
  readonly updates: UpdateSender;
  readonly records: TaskRecords;
  private readonly ports: AgentPorts;
  private readonly owner: RunnerOwner;
  private readonly checks: CheckRunner;
  private readonly preparation: TaskPreparation;
  readonly launcher: ContainerLauncher;
  private readonly pods: Pods;
  readonly executors: Executors;
  readonly intake: TaskIntake;
  readonly recovery: TaskRecovery;
  private readonly networkInfos: NetworkInfos;
  private isStopped = false;
  private readonly removals: ContainerRemovals;
  private living = 0;

  constructor(ports: AgentPorts, owner: RunnerOwner) {
    this.ports = ports;
    this.removals = new ContainerRemovals(ports.containerizer, owner.counters);
    this.owner = owner;
    const { ip, resources } = ports.info;
    const onAdded = (): void => {
      this.living += 1;
    };
    const tokenKey = owner.config.executorTokenKey;
    this.ledger = new Ledger(resources);
    this.networkInfos = networkInfosOf([ip]);
    this.updates = new UpdateSender(owner.time, {
      send: (message) => owner.send(message),
      agentId: () => owner.agentId(),
      newUuid: () => this.updateUuid(),
      executorLives: (frameworkId, executorId) => this.executors.podOf(frameworkId, executorId) !== undefined,
    });
    this.records = new TaskRecords(ports.checkpoints, ports.log, () => owner.agentId());
    this.preparation = new TaskPreparation({
      sandboxes: ports.sandboxes,
      fetcher: ports.fetcher,
      containerizer: ports.containerizer,
      onProgress: (entry, message) => {
        this.dispatch(entry, { type: 'progress', message });
      },
      time: owner.time,
      counters: owner.counters,
      identitySaved: () => owner.identitySaved(),
    });
    this.launcher = new ContainerLauncher({
      ports,
      volumes: owner.volumes,
      agentId: () => owner.agentId(),
      frameworkOf: (frameworkId) => owner.table.frameworks.get(frameworkId),
      resourcesOf: (task) => this.resourcesOf(task),
      tokenOf: ({ runs, containerId, frameworkId }) =>
        runs === undefined || tokenKey === undefined
          ? undefined
          : executorToken(tokenKey, { fid: frameworkId, eid: runs.executor_id.value, cid: containerId }),
      inherited: owner.config.inheritedEnvironment,
    });
    this.executors = new Executors({
      time: owner.time,
      table: owner.table,
      tokenKey,
      counters: owner.counters,
      agentId: () => owner.agentId(),
      agentInfo: () => owner.agentInfo(),
      send: (message) => owner.send(message),
      start: (process) => void this.prepare(process),
      killProcess: (process, cause) => this.kill(process, cause, undefined),
      killContainer: (containerId, graceMs) => ports.containerizer.kill(containerId, graceMs),
      resize: (containerId, resources) => this.launcher.resize(containerId, resources),
      handOver: (task) => this.apply(task, { type: 'prepared' }) ?? Promise.resolve(true),
      report: (task, status) => this.apply(task, { type: 'reported', status }),
      drop: (task, message) => this.refuse(task, 'TASK_DROPPED', 'REASON_AGENT_RESTARTED', message),
      end: (task, end) => this.dispatch(task, { type: 'executor-ended', ...end }),
    });
    this.pods = new Pods({
      ledger: this.ledger,
      counters: owner.counters,
      sandboxes: ports.sandboxes,
      sandboxId: (task, pod) => this.launcher.podSandboxId(task, pod),
      prepareTask: (entry) => this.makeReady(entry),
      prepared: (entry) => this.dispatch(entry, { type: 'prepared' }),
      refuse: (entry, message) => this.fail(entry, message),
      kill: (entry, cause) => this.kill(entry, cause, undefined),
      identitySaved: () => owner.identitySaved(),
    });
    this.intake = new TaskIntake({
      table: owner.table,
      ledger: this.ledger,
      records: this.records,
      pods: this.pods,
      executors: this.executors,
      agentId: () => owner.agentId(),
      containerizers: () => owner.containerizers(),
      newContainerId: () => this.newContainerId(),
      onAdded,
      prepare: (entry) => void this.prepare(entry),
      refuse: (entry, state, reason, message) => this.refuse(entry, state, reason, message),
    });
    this.recovery = new TaskRecovery({
      table: owner.table,
      ledger: this.ledger,
      pods: this.pods,
      executors: this.executors,
      containerizer: ports.containerizer,
      removals: this.removals,
      log: ports.log,
      onAdded,
      found: (entry, container) => this.dispatch(entry, { type: 'found', container }, addressesOf(container)),
    });
    this.checks = new CheckRunner(
      { time: owner.time, prober: ports.prober, agentIp: ip },
      {
        onHealthProbed: (entry, index, outcome) => this.dispatch(entry, { type: 'health-probed', index, outcome }),
        onReadinessProbed: (entry, index, response) =>
          this.dispatch(entry, { type: 'readiness-probed', index, response }),
        onChecked: (entry, answer) => this.dispatch(entry, { type: 'checked', answer }),
        onTooLong: (entry) => this.kill(entry, 'too-long', undefined),
        commandContext: (entry) => this.launcher.execContext(entry.task),
      },
    );
  }

  /** How many tasks live. */
  get livingCount(): number {
    return this.living;
  }

  stop(): void {
    this.isStopped = true;
    this.updates.stop();
    this.checks.stop();
    this.executors.stop();
    for (const entry of this.owner.table.entries()) entry.abort?.abort();
  }

  /** A container has ended. */
  onExit(containerId: string, exit: ContainerExit): void {
    const entry = this.owner.table.findContainer(containerId);
    if (entry === undefined) this.removals.add(containerId);
    else this.dispatch(entry, { type: 'exited', exit });
  }

  // --- Ends ----------------------------------------------------------------------------------------------------

  /** Ends a task. @param graceMs from SIGTERM to SIGKILL; undefined: the task's own policy */
  kill(entry: TaskEntry, cause: KillCause, graceMs: number | undefined): void {
    const framework = this.owner.table.frameworks.get(entry.task.frameworkId);
    const announce = framework?.capabilities?.some((each) => each.type === 'TASK_KILLING_STATE') ?? false;
    this.dispatch(entry, { type: 'kill', cause, graceMs, announce });
  }

  /** The cpus that a task was lent are taken back. */
  preempt(entry: TaskEntry): void {
    this.owner.counters.preempted += 1;
    this.dispatch(entry, { type: 'kill', cause: 'preempted', graceMs: undefined, announce: false });
  }

  /** What the container of a task, or of an executor, may use. */
  resourcesOf({ runs, containerId, info }: Task): readonly Resource[] {
    return runs === undefined ? info.resources : this.executors.resourcesOf(containerId);
  }

  /** Ends all tasks. */
  killAll(): void {
    for (const entry of [...this.owner.table.entries()]) this.kill(entry, 'asked', undefined);
    this.executors.shutDown();
  }

  /** Ends all tasks of a framework; their ends are reported once and then history. */
  orphan(frameworkId: string): void {
    for (const entry of [...this.owner.table.entries()]) {
      if (entry.task.frameworkId !== frameworkId) continue;
      entry.orphaned = true;
      if (entry.task.phase === 'ended') this.retire(entry);
      else this.kill(entry, 'asked', undefined);
    }
    this.executors.shutDown(frameworkId);
  }

  acknowledge(entry: TaskEntry, uuid: string): void {
    this.dispatch(entry, { type: 'acknowledged', uuid });
  }

  /** Makes a task history, whatever is still to be reported of it. */
  retire(entry: TaskEntry): void {
    entry.task = { ...entry.task, updates: [] };
    this.owner.table.retire(entry.task, this.owner.agentId());
    void this.records.save(entry.task, false);
  }

  // --- Effects -------------------------------------------------------------------------------------------------

  /** @param addresses those of the container, where it has its own; else the task is at the agent's */
  private dispatch(entry: TaskEntry, input: TaskInput, addresses: readonly string[] = []): void {
    void this.apply(entry, input, addresses);
  }

  /** @returns whether what had to be on disk is there; undefined when nothing had to */
  private apply(entry: TaskEntry, input: TaskInput, addresses: readonly string[] = []): Promise<boolean> | undefined {
    if (this.isStopped) return undefined;
    if (entry.task.runs !== undefined) this.noteExit(entry, input);
    const { task, effects } = applyTask(entry.task, input, {
      now: this.owner.time.now(),
      uuid: this.updateUuid(),
      networkInfos: addresses.length === 0 ? this.networkInfos : networkInfosOf(addresses),
    });
    this.owner.counters.noteChange(entry.task, task);
    entry.task = task;
    return this.carryOut(entry, effects);
  }

  /** How the process of an executor ended is told its framework. */
  private noteExit(entry: TaskEntry, input: TaskInput): void {
    if (input.type === 'exited') this.executors.noteExit(entry, input.exit);
    if (input.type === 'found' && input.container?.state === 'exited') {
      this.executors.noteExit(entry, input.container.exit);
    }
  }

  /** @returns as {@link apply} */
  private carryOut(entry: TaskEntry, effects: readonly TaskEffect[]): Promise<boolean> | undefined {
    let written: Promise<boolean> | undefined;
    for (const effect of effects) {
      switch (effect.type) {
        case 'save': {
          const saved = this.records.save(entry.task, effect.durable);
          if (effect.durable) written = saved;
          break;
        }
        case 'launch':
          void this.launch(entry, written ?? Promise.resolve(true));
          break;
        case 'deliver':
          this.deliver(entry, written);
          break;
        case 'kill':
          this.end(entry, effect.graceMs);
          break;
        case 'start-checks':
          this.checks.watch(entry);
          break;
        case 'release':
          this.release(entry, written);
          break;
        case 'retire':
          this.retire(entry);
          break;
      }
    }
    return written;
  }

  private end(entry: TaskEntry, graceMs: number): void {
    const { runs, pod, containerId } = entry.task;
    if (runs !== undefined) this.executors.endProcess(entry, graceMs);
    else if (isExecuted(pod)) this.executors.killTask(entry, graceMs);
    else this.ports.containerizer.kill(containerId, graceMs);
  }

  private async prepare(entry: TaskEntry): Promise<void> {
    const problem = await this.makeReady(entry);
    if (problem === undefined) this.dispatch(entry, { type: 'prepared' });
    else this.fail(entry, problem);
  }

  private async makeReady(entry: TaskEntry): Promise<string | undefined> {
    const missing = await this.launcher.findMissingVolume(entry.task);
    if (missing === undefined) return this.preparation.prepare(entry, this.launcher.sandboxId(entry.task));
    this.refuse(entry, 'TASK_DROPPED', 'REASON_RESOURCES_UNKNOWN', missing);
    return missing;
  }

  /** @param intentWritten whether the intent to launch is on disk; without that nothing is started */
  private async launch(entry: TaskEntry, intentWritten: Promise<boolean>): Promise<void> {
    if (!(await intentWritten)) {
      const message =
        'The agent could not write to its work directory (is the disk full?), so it did not start the task';
      this.fail(entry, message);
      return;
    }
    // Stopped: the next agent finds the task where it is. Killed while the intent was written: no need to start.
    const isWanted = () => !this.isStopped && entry.task.kill === undefined;
    const outcome = await this.launcher.launch(() => entry.task, isWanted);
    if (outcome.ok) {
      this.owner.counters.launched += 1;
      this.dispatch(entry, { type: 'launched', pid: outcome.pid }, outcome.addresses);
      if (entry.task.runs !== undefined) this.executors.launched(entry);
    } else {
      this.owner.counters.launchErrors += 1;
      this.fail(entry, outcome.message);
    }
  }

  private fail(entry: TaskEntry, message: string): void {
    this.refuse(entry, 'TASK_FAILED', 'REASON_CONTAINER_LAUNCH_FAILED', message);
  }

  private refuse(entry: TaskEntry, state: TaskState, reason: StatusReason, message: string): void {
    this.dispatch(entry, { type: 'refused', state, reason, message });
  }

  /** What has to be on disk is told afterwards; when it could not be written, it is told all the same. */
  private deliver(entry: TaskEntry, written: Promise<boolean> | undefined): void {
    if (entry.task.runs !== undefined) return;
    if (written === undefined) {
      this.updates.deliver(entry);
      return;
    }
    void written.then(() => {
      if (!this.isStopped) this.updates.deliver(entry);
    });
  }

  private release(entry: TaskEntry, written: Promise<boolean> | undefined): void {
    const { task } = entry;
    entry.abort?.abort();
    entry.abort = undefined;
    if (entry.charged) this.ledger.free(task.info.resources);
    entry.charged = false;
    this.living -= 1;
    if (task.runs !== undefined) this.executors.processEnded(entry);
    else if (isExecuted(task.pod)) this.executors.taskEnded(entry);
    else this.pods.ended(entry);
    this.owner.counters.noteEnd(task);
    this.removals.add(task.containerId, written);
    if (task.runs !== undefined) void (written ?? Promise.resolve()).then(() => this.retire(entry));
    else if (entry.orphaned && task.latest !== undefined) {
      const framework_id = { value: task.frameworkId };
      this.owner.send({ type: 'STATUS_UPDATE', framework_id, status: task.latest, latest_state: taskState(task) });
      this.retire(entry);
    }
    if (this.living === 0) void this.removals.settled().then(() => this.owner.onNoneLeft());
  }

  /** A UUID, copied into a flat string: the concatenation that it is at first would keep all its parts alive. */
  private newContainerId(): string {
    return Buffer.from(randomUuid(this.owner.random), 'latin1').toString('latin1');
  }

  /** 16 random bytes in base64: the identity of one update. */
  private updateUuid(): string {
    return Buffer.from(randomUuid(this.owner.random).replaceAll('-', ''), 'hex').toString('base64');
  }
}
