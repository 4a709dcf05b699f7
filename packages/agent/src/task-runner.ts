/** Carries out what the life cycle decides: sandboxes, artifacts, containers, checks, records and reports of tasks. */
import { assert, randomUuid, type Clock, type Logger, type Random, type Timers } from '@stadion/base';
import type { AgentMessage } from '@stadion/contract/agent-link';
import type { ExecutorInfo } from '@stadion/contract/mesos-workload';
import { isTerminal, type Resource, type StatusReason, type TaskInfo, type TaskState } from '@stadion/contract/mesos';
import type { AgentConfig, AgentOptions } from './agent-options.ts';
import type { AgentCounters } from './agent-view.ts';
import { CheckRunner } from './check-runner.ts';
import { ContainerRemovals } from './container-removals.ts';
import { ContainerLauncher } from './container-launcher.ts';
import { findTaskProblem } from './core/admission.ts';
import type { ContainerExit, RecoveredContainer } from './core/container.ts';
import type { WorkingContainerizers } from './core/containerizer-choice.ts';
import { Ledger } from './core/ledger.ts';
import { addressesOf, networkInfosOf, type NetworkInfos } from './core/network-infos.ts';
import type { TaskPod } from './core/pod.ts';
import { applyTask, stageTask, taskState, type Task, type TaskEffect, type TaskInput } from './core/task.ts';
import { Pods } from './pods.ts';
import type { ExecOutcome, ExecRequest } from './ports/containerizer.ts';
import type { SandboxId } from './ports/sandboxes.ts';
import { TaskPreparation } from './task-preparation.ts';
import { TaskRecords } from './task-records.ts';
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
  private readonly log: Logger;
  private readonly checks: CheckRunner;
  private readonly preparation: TaskPreparation;
  private readonly launcher: ContainerLauncher;
  private readonly pods: Pods;
  private readonly networkInfos: NetworkInfos;
  private readonly state = { stopped: false };
  private readonly removals: ContainerRemovals;
  private living = 0;

  constructor(ports: AgentPorts, owner: RunnerOwner) {
    this.ports = ports;
    this.removals = new ContainerRemovals(ports.containerizer);
    this.owner = owner;
    this.log = ports.log;
    const { ip, resources } = ports.info;
    this.ledger = new Ledger(resources);
    this.networkInfos = networkInfosOf([ip]);
    this.updates = new UpdateSender(owner.time, {
      send: (message) => owner.send(message),
      agentId: () => owner.agentId(),
      newUuid: () => this.updateUuid(),
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
      inherited: owner.config.inheritedEnvironment,
    });
    this.pods = new Pods({
      ledger: this.ledger,
      sandboxes: ports.sandboxes,
      sandboxId: (task, pod) => this.launcher.podSandboxId(task, pod),
      prepareTask: (entry) => this.makeReady(entry),
      prepared: (entry) => this.dispatch(entry, { type: 'prepared' }),
      refuse: (entry, message) => this.fail(entry, message),
      kill: (entry) => this.kill(entry, 'pod', undefined),
      identitySaved: () => owner.identitySaved(),
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
    this.state.stopped = true;
    this.updates.stop();
    this.checks.stop();
    for (const entry of this.owner.table.entries()) entry.abort?.abort();
  }

  // --- Beginnings ----------------------------------------------------------------------------------------------

  /** Takes a new task, or refuses it with a report that says why. */
  run(frameworkId: string, info: TaskInfo): void {
    const entry = this.add(frameworkId, info, undefined);
    if (this.admit([entry], [])) void this.prepare(entry);
  }

  /** Takes the tasks of a pod, or refuses all of them. */
  runGroup(frameworkId: string, executor: ExecutorInfo, infos: readonly TaskInfo[]): void {
    const hasSeveralUsers = new Set(infos.map(({ command }) => command?.user)).size > 1;
    const pod: TaskPod = { podId: this.newContainerId(), executor, hasSeveralUsers };
    const entries = infos.map((info) => this.add(frameworkId, info, pod));
    if (this.admit(entries, executor.resources)) void this.pods.start(pod, entries);
  }

  private add(frameworkId: string, info: TaskInfo, pod: TaskPod | undefined): TaskEntry {
    this.living += 1;
    return this.owner.table.add(stageTask(frameworkId, info, this.newContainerId(), pod));
  }

  /** Takes all of these tasks or refuses all. @param more resources that they need beside their own */
  private admit(entries: readonly TaskEntry[], more: readonly Resource[]): boolean {
    const working = this.owner.containerizers();
    for (const { task } of entries) {
      const problem = findTaskProblem(task.info, working, task.pod);
      if (problem === undefined) continue;
      for (const entry of entries) this.fail(entry, problem);
      return false;
    }
    const shortage = this.ledger.hold([...more, ...entries.flatMap(({ task }) => task.info.resources)]);
    if (shortage !== undefined) {
      for (const entry of entries) this.refuse(entry, 'TASK_DROPPED', 'REASON_INVALID_OFFERS', shortage);
      return false;
    }
    for (const entry of entries) {
      entry.charged = true;
      void this.records.save(entry.task, false);
    }
    return true;
  }

  /** Puts a task from an earlier life of the agent in its place; {@link reconcile} follows. */
  restore(task: Task, agentId: string): void {
    if (task.phase === 'ended' && task.updates.length === 0) {
      this.owner.table.retire(task, agentId);
      this.pods.restore(task, undefined);
      return;
    }
    const entry = this.owner.table.add(task);
    this.pods.restore(task, entry);
    if (task.phase === 'ended') return;
    this.ledger.charge(task.info.resources);
    entry.charged = true;
    this.living += 1;
  }

  /** Compares the restored tasks with what the containerizer found. */
  reconcile(found: readonly RecoveredContainer[]): void {
    const byId = new Map(found.map((container) => [container.containerId, container]));
    for (const entry of [...this.owner.table.entries()]) {
      const container = byId.get(entry.task.containerId);
      byId.delete(entry.task.containerId);
      if (entry.task.phase !== 'ended') this.dispatch(entry, { type: 'found', container }, addressesOf(container));
      else if (container !== undefined) this.discard(container);
    }
    this.pods.reconcile();
    for (const container of byId.values()) this.discard(container);
  }

  /** A container has ended. */
  onExit(containerId: string, exit: ContainerExit): void {
    const entry = this.owner.table.findContainer(containerId);
    if (entry === undefined) void this.ports.containerizer.remove(containerId);
    else this.dispatch(entry, { type: 'exited', exit });
  }

  // --- Ends ----------------------------------------------------------------------------------------------------

  /** Ends a task. @param graceMs from SIGTERM to SIGKILL; undefined: the task's own policy */
  kill(entry: TaskEntry, cause: 'asked' | 'too-long' | 'pod', graceMs: number | undefined): void {
    const framework = this.owner.table.frameworks.get(entry.task.frameworkId);
    const announce = framework?.capabilities?.some((each) => each.type === 'TASK_KILLING_STATE') ?? false;
    this.dispatch(entry, { type: 'kill', cause, graceMs, announce });
  }

  /** Ends all tasks. */
  killAll(): void {
    for (const entry of [...this.owner.table.entries()]) this.kill(entry, 'asked', undefined);
  }

  /** Ends all tasks of a framework; their ends are reported once and then history. */
  orphan(frameworkId: string): void {
    for (const entry of [...this.owner.table.entries()]) {
      if (entry.task.frameworkId !== frameworkId) continue;
      entry.orphaned = true;
      if (entry.task.phase === 'ended') this.retire(entry);
      else this.kill(entry, 'asked', undefined);
    }
  }

  /** Runs a command inside the container of a task. */
  exec(task: Task, request: Pick<ExecRequest, 'argv' | 'terminal'>): Promise<ExecOutcome> {
    return this.launcher.exec(task, request);
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

  sandboxId(task: Task, agentId = this.owner.agentId()): SandboxId {
    return this.launcher.sandboxId(task, agentId);
  }

  podSandboxId(task: Task, pod: TaskPod, agentId = this.owner.agentId()): SandboxId {
    return this.launcher.podSandboxId(task, pod, agentId);
  }

  // --- Effects -------------------------------------------------------------------------------------------------

  /** @param addresses those of the container, where it has its own; else the task is at the agent's */
  private dispatch(entry: TaskEntry, input: TaskInput, addresses: readonly string[] = []): void {
    if (this.state.stopped) return;
    const { task, effects } = applyTask(entry.task, input, {
      now: this.owner.time.now(),
      uuid: this.updateUuid(),
      networkInfos: addresses.length === 0 ? this.networkInfos : networkInfosOf(addresses),
    });
    entry.task = task;
    this.carryOut(entry, effects);
  }

  private carryOut(entry: TaskEntry, effects: readonly TaskEffect[]): void {
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
          this.ports.containerizer.kill(entry.task.containerId, effect.graceMs);
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
  }

  private async prepare(entry: TaskEntry): Promise<void> {
    const problem = await this.makeReady(entry);
    if (problem === undefined) this.dispatch(entry, { type: 'prepared' });
    else this.fail(entry, problem);
  }

  private async makeReady(entry: TaskEntry): Promise<string | undefined> {
    const missing = await this.launcher.findMissingVolume(entry.task);
    if (missing === undefined) return this.preparation.prepare(entry, this.sandboxId(entry.task));
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
    const isWanted = () => !this.state.stopped && entry.task.kill === undefined;
    const outcome = await this.launcher.launch(() => entry.task, isWanted);
    if (outcome.ok) {
      this.owner.counters.launched += 1;
      this.dispatch(entry, { type: 'launched', pid: outcome.pid }, outcome.addresses);
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
    if (written === undefined) {
      this.updates.deliver(entry);
      return;
    }
    void written.then(() => {
      if (!this.state.stopped) this.updates.deliver(entry);
    });
  }

  private release(entry: TaskEntry, written: Promise<boolean> | undefined): void {
    const { task } = entry;
    entry.abort?.abort();
    entry.abort = undefined;
    if (entry.charged) this.ledger.free(task.info.resources);
    entry.charged = false;
    this.pods.ended(entry);
    this.living -= 1;
    const state = taskState(task);
    assert(isTerminal(state), () => `a task in ${state} is not released`);
    const { ended } = this.owner.counters;
    ended.set(state, (ended.get(state) ?? 0) + 1);
    this.removals.add(task.containerId, written);
    if (entry.orphaned && task.latest !== undefined) {
      const framework_id = { value: task.frameworkId };
      this.owner.send({ type: 'STATUS_UPDATE', framework_id, status: task.latest, latest_state: state });
      this.retire(entry);
    }
    if (this.living === 0) void this.removals.settled().then(() => this.owner.onNoneLeft());
  }

  /** Nobody knows this container: what is not reported must not run. */
  private discard(container: RecoveredContainer): void {
    const { containerId } = container;
    if (container.state === 'running') {
      this.log.warn({ containerId }, 'ending a container that belongs to no known task');
      this.ports.containerizer.kill(containerId, 0);
    } else {
      void this.ports.containerizer.remove(containerId);
    }
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
