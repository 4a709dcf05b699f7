/** The custom executors of an agent: their processes, what they are given to run, and what they say. */
import type { Clock, TimerHandle, Timers } from '@stadion/base';
import type { AgentInfo, AgentMessage, ReportedExecutor } from '@stadion/contract/agent-link';
import type { ExecutorCall, ExecutorEvent } from '@stadion/contract/mesos-executor';
import type { FrameworkInfo, Resource, TaskStatus } from '@stadion/contract/mesos';
import type { ExecutorInfo } from '@stadion/contract/mesos-workload';
import type { AgentCounters } from './agent-counters.ts';
import { waitStatus, type ContainerExit } from './core/container.ts';
import {
  ENDED_UNSEEN,
  KILLED_IN_TIME,
  endOfExecutor,
  resourcesOfExecutor,
  stageProcess,
  type ExecutorEnd,
} from './core/executor-process.ts';
import type { KillCause } from './core/task-end.ts';
import type { TaskPod } from './core/pod.ts';
import type { Task } from './core/task.ts';
import { EXECUTOR_RETURN_MS_MAX, EXECUTOR_SUBSCRIBE_MS_MAX, EXECUTOR_UPDATES_MAX } from './limits.ts';
import type { ExecutorDoor, ExecutorReceiver, ExecutorRefusal } from './ports/executor-door.ts';
import type { TaskEntry, TaskTable } from './task-table.ts';

/** What they need of the runner. */
interface ExecutorParts {
  readonly time: Clock & Timers;
  readonly table: TaskTable;
  readonly tokenKey: string | undefined;
  readonly counters: AgentCounters;
  agentId(): string;
  agentInfo(): AgentInfo;
  send(message: AgentMessage): boolean;
  /** Starts the process. */
  start(process: TaskEntry): void;
  killProcess(process: TaskEntry, cause: KillCause): void;
  /** SIGKILL after so long, SIGTERM before. */
  killContainer(containerId: string, graceMs: number): void;
  /** What the container may use has changed. */
  resize(containerId: string, resources: readonly Resource[]): void;
  /** A task is handed over: resolves when that is on disk. */
  handOver(task: TaskEntry): Promise<boolean>;
  /** Resolves with whether it is on disk; undefined: it was there before. */
  report(task: TaskEntry, status: TaskStatus): Promise<boolean> | undefined;
  drop(task: TaskEntry, message: string): void;
  end(task: TaskEntry, end: ExecutorEnd): void;
}

/** One executor whose process lives, or is about to. */
interface Run {
  readonly pod: TaskPod;
  readonly process: TaskEntry;
  readonly tasks: Set<TaskEntry>;
  /** Tasks that wait for it, those in one list to be told of together. */
  queue: (readonly TaskEntry[])[];
  /** Tasks on their way to it. */
  readonly underWay: Set<TaskEntry>;
  receiver: ExecutorReceiver | undefined;
  /** It has come in, in this life of the agent or an earlier one. */
  hasSubscribed: boolean;
  /** It is waited for. */
  silence: TimerHandle | undefined;
  exit: ContainerExit | undefined;
}

/** One per agent. */
export class Executors implements ExecutorDoor {
  readonly tokenKey: string | undefined;
  private readonly parts: ExecutorParts;
  /** By framework and executor. */
  private readonly runs = new Map<string, Run>();
  private isStopped = false;

  constructor(parts: ExecutorParts) {
    this.parts = parts;
    this.tokenKey = parts.tokenKey;
  }

  stop(): void {
    this.isStopped = true;
    for (const run of this.runs.values()) {
      run.silence?.cancel();
      run.receiver?.close();
    }
  }

  // --- Beginnings ----------------------------------------------------------------------------------------------

  /** The executor of a framework that runs, if there is one. */
  podOf(frameworkId: string, executorId: string): TaskPod | undefined {
    return this.runs.get(keyOf(frameworkId, executorId))?.pod;
  }

  containerOf(frameworkId: string, executorId: string): string | undefined {
    return this.podOf(frameworkId, executorId)?.podId;
  }

  /** All whose processes live, for the master. */
  reported(): ReportedExecutor[] {
    return [...this.runs.values()].map(({ pod, process }) => ({
      framework_id: { value: process.task.frameworkId },
      executor: pod.executor,
    }));
  }

  /** Gives tasks to an executor; its process is started when it is not there yet. What both need is held already. */
  take(frameworkId: string, pod: TaskPod, tasks: readonly TaskEntry[]): void {
    const known = this.runs.get(keyOf(frameworkId, pod.executor.executor_id.value));
    const run =
      known ?? this.add(this.parts.table.addProcess(stageProcess(frameworkId, pod, this.parts.agentId())), pod);
    for (const task of tasks) run.tasks.add(task);
    run.queue.push(tasks);
    if (known === undefined) {
      run.process.charged = true;
      this.parts.start(run.process);
      return;
    }
    this.parts.resize(pod.podId, this.resourcesOf(pod.podId));
    this.flush(run);
  }

  /** What the container of an executor may use. */
  resourcesOf(podId: string): readonly Resource[] {
    const run = [...this.runs.values()].find(({ pod }) => pod.podId === podId);
    return run === undefined
      ? []
      : resourcesOfExecutor(
          run.pod.executor,
          [...run.tasks].map(({ task }) => task),
        );
  }

  /** A process from an earlier life of the agent. */
  restoreProcess(process: TaskEntry, executor: TaskPod['executor']): void {
    const run = this.add(process, { podId: process.task.containerId, executor, hasSeveralUsers: false });
    run.hasSubscribed = true;
  }

  /** After everything is restored and found: tasks join their executors, or end with them. */
  reconcile(tasks: readonly TaskEntry[]): void {
    for (const task of tasks) {
      const run = this.runOf(task.task);
      if (task.task.phase === 'ended') continue;
      if (run !== undefined) run.tasks.add(task);
      else this.parts.end(task, ENDED_UNSEEN);
    }
    for (const run of this.runs.values()) this.await(run, 'unreturned', EXECUTOR_RETURN_MS_MAX);
  }

  /** Its process runs. */
  launched(process: TaskEntry): void {
    const run = this.runOf(process.task);
    if (run !== undefined && run.receiver === undefined) this.await(run, 'unregistered', EXECUTOR_SUBSCRIBE_MS_MAX);
  }

  // --- Ends ----------------------------------------------------------------------------------------------------

  /** Ends those of a framework, or all: each is told, and has its grace period. */
  shutDown(frameworkId?: string, executorId?: string): void {
    for (const { process, pod } of [...this.runs.values()]) {
      const isMeant = frameworkId === undefined || process.task.frameworkId === frameworkId;
      if (!isMeant || (executorId !== undefined && pod.executor.executor_id.value !== executorId)) continue;
      this.parts.killProcess(process, 'asked');
    }
  }

  /** The time for a process to end has begun. */
  endProcess(process: TaskEntry, graceMs: number): void {
    const { containerId } = process.task;
    const run = this.runOf(process.task);
    if (run?.receiver === undefined) {
      this.parts.killContainer(containerId, graceMs);
      return;
    }
    run.receiver.send({ type: 'SHUTDOWN' });
    run.silence?.cancel();
    run.silence = this.parts.time.after(graceMs, () => this.parts.killContainer(containerId, 0));
  }

  noteExit(process: TaskEntry, exit: ContainerExit): void {
    const run = this.runOf(process.task);
    if (run !== undefined) run.exit = exit;
  }

  /** No process of it is left. */
  processEnded(process: TaskEntry): void {
    const run = this.runOf(process.task);
    if (run === undefined) return;
    this.runs.delete(keyOf(process.task.frameworkId, run.pod.executor.executor_id.value));
    run.silence?.cancel();
    run.receiver?.close();
    const end = endOfExecutor(process.task);
    for (const task of [...run.tasks]) this.parts.end(task, end);
    this.tellExit(process.task.frameworkId, run.pod.executor, run.exit);
  }

  /** After tasks came for it: where all were refused there is none, and the master must not go on counting what it has. */
  tellIfAbsent(frameworkId: string, executor: ExecutorInfo): void {
    if (!this.runs.has(keyOf(frameworkId, executor.executor_id.value))) this.tellExit(frameworkId, executor, undefined);
  }

  private tellExit(frameworkId: string, { executor_id }: ExecutorInfo, exit: ContainerExit | undefined): void {
    this.parts.send({
      type: 'EXECUTOR_EXITED',
      framework_id: { value: frameworkId },
      executor_id,
      // What nobody knows is told as a kill.
      status: (exit === undefined ? undefined : waitStatus(exit)) ?? 9,
    });
  }

  /** A task of an executor is over. */
  taskEnded(task: TaskEntry): void {
    const run = this.runOf(task.task);
    if (run === undefined) return;
    run.tasks.delete(task);
    run.underWay.delete(task);
    run.queue = run.queue.map((tasks) => tasks.filter((each) => each !== task)).filter((tasks) => tasks.length > 0);
    // Nothing is left of what it was started for.
    if (run.tasks.size === 0 && !run.hasSubscribed) this.parts.killProcess(run.process, 'asked');
    else if (run.process.task.phase === 'running') this.parts.resize(run.pod.podId, this.resourcesOf(run.pod.podId));
  }

  /** Whoever runs a task is asked to end it. */
  killTask(entry: TaskEntry, graceMs: number): void {
    const { task } = entry;
    const run = this.runOf(task);
    // What is still on its way is ended instead of handed over.
    if (run === undefined || run.underWay.has(entry)) return;
    const kill_policy = { grace_period: { nanoseconds: Math.round(graceMs * 1e6) } };
    run.receiver?.send({ type: 'KILL', kill: { task_id: task.info.task_id, kill_policy } });
  }

  // --- What is said --------------------------------------------------------------------------------------------

  subscribe(
    call: Extract<ExecutorCall, { type: 'SUBSCRIBE' }>,
    receiver: ExecutorReceiver,
  ): ExecutorRefusal | undefined {
    const run = this.runs.get(keyOf(call.framework_id.value, call.executor_id.value));
    if (run === undefined) return UNKNOWN;
    const framework = this.parts.table.frameworks.get(call.framework_id.value);
    run.receiver?.close();
    run.receiver = receiver;
    run.hasSubscribed = true;
    if (run.process.task.kill === undefined) run.silence?.cancel();
    receiver.send(this.subscribed(run, framework));
    const { unacknowledged_updates: updates = [], unacknowledged_tasks: has = [] } = call.subscribe ?? {};
    for (const { status } of updates) this.hear(run, status);
    const known = new Set(has.map(({ task_id }) => task_id.value));
    for (const entry of [...run.tasks]) this.compare(run, entry, known);
    if (run.process.task.kill !== undefined) receiver.send({ type: 'SHUTDOWN' });
    else this.flush(run);
    return undefined;
  }

  unsubscribe(receiver: ExecutorReceiver): void {
    if (this.isStopped) return;
    for (const run of this.runs.values()) {
      if (run.receiver !== receiver) continue;
      run.receiver = undefined;
      if (run.process.task.kill === undefined) this.await(run, 'unreturned', EXECUTOR_RETURN_MS_MAX);
    }
  }

  call(call: Exclude<ExecutorCall, { type: 'SUBSCRIBE' }>): ExecutorRefusal | undefined {
    const { framework_id, executor_id } = call;
    const run = this.runs.get(keyOf(framework_id.value, executor_id.value));
    if (run === undefined) return UNKNOWN;
    if (run.receiver === undefined) return { why: 'unsubscribed', message: 'Executor is not subscribed' };
    if (call.type === 'MESSAGE') {
      this.parts.counters.validMessages += 1;
      this.parts.send({ type: 'EXECUTOR_MESSAGE', framework_id, executor_id, data: call.message.data });
    }
    return call.type === 'UPDATE' ? this.hear(run, call.update.status) : undefined;
  }

  /** A framework says something to an executor; where nobody listens it is lost. */
  tell(frameworkId: string, executorId: string, data: string): void {
    const receiver = this.runs.get(keyOf(frameworkId, executorId))?.receiver;
    this.parts.counters[receiver === undefined ? 'invalidMessages' : 'validMessages'] += 1;
    receiver?.send({ type: 'MESSAGE', message: { data } });
  }

  // --- Inside --------------------------------------------------------------------------------------------------

  private add(process: TaskEntry, pod: TaskPod): Run {
    const run: Run = {
      pod,
      process,
      tasks: new Set(),
      queue: [],
      underWay: new Set(),
      receiver: undefined,
      hasSubscribed: false,
      silence: undefined,
      exit: undefined,
    };
    this.runs.set(keyOf(process.task.frameworkId, pod.executor.executor_id.value), run);
    return run;
  }

  /** The run of a process, or that of a task. */
  private runOf({ frameworkId, pod, runs, containerId }: Task): Run | undefined {
    const executor = runs ?? pod?.executor;
    const run = executor && this.runs.get(keyOf(frameworkId, executor.executor_id.value));
    return run?.pod.podId === (pod?.podId ?? containerId) ? run : undefined;
  }

  private await(run: Run, cause: KillCause, patienceMs: number): void {
    run.silence?.cancel();
    run.silence = this.parts.time.after(patienceMs, () => this.parts.killProcess(run.process, cause));
  }

  /** Hands over what waits; each list is one event, after the intent is on disk. */
  private flush(run: Run): void {
    if (run.receiver === undefined) return;
    for (const tasks of run.queue.splice(0)) void this.handOver(run, tasks);
  }

  private async handOver(run: Run, tasks: readonly TaskEntry[]): Promise<void> {
    for (const task of tasks) run.underWay.add(task);
    const written = await Promise.all(tasks.map((task) => this.parts.handOver(task)));
    const living = tasks.filter((task) => run.underWay.delete(task));
    if (this.isStopped) return;
    if (written.includes(false)) {
      for (const task of living) this.parts.drop(task, NO_ROOM);
      return;
    }
    const wanted = living.filter(({ task }) => task.kill === undefined);
    for (const task of living) if (task.task.kill !== undefined) this.parts.end(task, KILLED_IN_TIME);
    const [first] = wanted;
    if (first === undefined) return;
    const infos = wanted.map(({ task }) => task.info);
    run.receiver?.send(
      first.task.info.executor === undefined
        ? { type: 'LAUNCH_GROUP', launch_group: { task_group: { tasks: infos } } }
        : { type: 'LAUNCH', launch: { task: first.task.info } },
    );
  }

  /** What an executor that is back does not know of was lost on the way to it. */
  private compare(run: Run, entry: TaskEntry, known: ReadonlySet<string>): void {
    const { task } = entry;
    if (run.underWay.has(entry) || task.phase === 'staged' || task.phase === 'ended') return;
    if (task.phase === 'starting' && task.reported === undefined && !known.has(task.info.task_id.value)) {
      this.parts.drop(entry, 'The task was lost on its way to its executor; it never ran');
    } else if (task.kill !== undefined) {
      this.killTask(entry, Math.max(0, task.kill.deadline - this.parts.time.now()));
    }
  }

  private hear(run: Run, status: TaskStatus): ExecutorRefusal | undefined {
    const found = this.parts.table.find(run.process.task.frameworkId, status.task_id.value);
    const entry = found !== undefined && run.tasks.has(found) ? found : undefined;
    if ((entry?.task.updates.length ?? 0) >= EXECUTOR_UPDATES_MAX) {
      return { why: 'busy', message: 'Too many updates of this task wait to be acknowledged' };
    }
    const acknowledged: ExecutorEvent = {
      type: 'ACKNOWLEDGED',
      acknowledged: { task_id: status.task_id, uuid: status.uuid ?? '' },
    };
    // Of a task that is over, or of none: the executor may forget it.
    if (entry === undefined) this.parts.counters.invalidUpdates += 1;
    const written = entry === undefined ? undefined : this.parts.report(entry, status);
    void (written ?? Promise.resolve(true)).then((isKept) => {
      if (isKept) run.receiver?.send(acknowledged);
    });
    return undefined;
  }

  private subscribed(run: Run, framework: FrameworkInfo | undefined): ExecutorEvent {
    const { hostname, port, resources, attributes, domain } = this.parts.agentInfo();
    const id = { value: run.process.task.frameworkId };
    return {
      type: 'SUBSCRIBED',
      subscribed: {
        executor_info: { ...run.pod.executor, framework_id: id },
        framework_info: { ...(framework ?? { user: '', name: '' }), id },
        agent_info: {
          id: { value: this.parts.agentId() },
          hostname,
          port,
          resources,
          attributes,
          ...(domain === undefined ? {} : { domain }),
        },
        container_id: { value: run.pod.podId },
      },
    };
  }
}

const NO_ROOM = 'The agent could not write to its work directory (is the disk full?), so it did not start the task';
const UNKNOWN: ExecutorRefusal = { why: 'unknown', message: 'Executor cannot be found' };

function keyOf(frameworkId: string, executorId: string): string {
  return `${frameworkId}/${executorId}`;
}
