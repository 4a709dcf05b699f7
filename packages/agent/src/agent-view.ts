/** What pages and metrics read of an agent. */
import type { AgentInfo } from '@stadion/contract/agent-link';
import type { AgentImages, ImagePullRequest } from '@stadion/contract/images';
import type { FrameworkInfo, Resource } from '@stadion/contract/mesos';
import type { AgentCounters } from './agent-counters.ts';
import type { ContainerUsage } from './core/container.ts';
import type { Ledger } from './core/ledger.ts';
import type { Task } from './core/task.ts';
import type { PullBegun } from './image-pulls.ts';
import type { ExecutorDoor } from './ports/executor-door.ts';
import type { AttachOutcome, ExecOutcome, SessionRequest } from './ports/containerizer.ts';
import type { EndedTask } from './task-table.ts';

/** An agent to look at, and to work inside its tasks; nothing here changes which tasks there are. */
export interface AgentView {
  readonly info: AgentInfo;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** True until the tasks of an earlier life are found. */
  readonly recovering: boolean;
  readonly registered: boolean;
  /** The master that it is registered with, or was last. */
  readonly masterId: string | undefined;
  /** The name under which that master is reached, where it has said so. */
  readonly masterHostname: string | undefined;
  readonly ledger: Ledger;
  readonly counters: Readonly<AgentCounters>;
  /** How long the sandbox of an ended task may stay, milliseconds. */
  readonly sandboxAgeMsMax: number;
  /** Where custom executors come in. */
  readonly executors: ExecutorDoor;
  /** Reservations made by operations, and volumes. */
  checkpointedResources(): readonly Resource[];
  frameworks(): ReadonlyMap<string, FrameworkInfo>;
  /** Tasks that live, or whose end is not acknowledged yet. */
  tasks(): Iterable<Task>;
  /** Tasks that are history, in the order in which they became it, while their sandboxes are kept. */
  endedTasks(): Iterable<EndedTask>;
  /** Either kind, by name. */
  findTask(frameworkId: string, taskId: string): { readonly task: Task; readonly agentId?: string } | undefined;
  /** Any task of the pod that an executor runs or ran. */
  findExecutor(frameworkId: string, executorId: string): { readonly task: Task; readonly agentId?: string } | undefined;
  /** The directory that a task shares with the others of its pod, above its own; undefined when it is in none. */
  podDirectoryOf(task: Task, agentId?: string): string | undefined;
  /** The directory of a task; `agentId` is that of history, the current one by default. */
  sandboxOf(task: Task, agentId?: string): string;
  usage(): Promise<ReadonlyMap<string, ContainerUsage>>;
  /** Runs a command inside a running task, with its environment and what is asked for beside it. */
  exec(task: Task, request: SessionRequest): Promise<ExecOutcome>;
  /** A way to the input of a running task's own command. */
  attach(task: Task): Promise<AttachOutcome>;
  /** What images there are, and the pulls that were asked for lately. */
  images(): Promise<AgentImages>;
  /** Brings an image before any task wants it. */
  pullImage(request: ImagePullRequest): PullBegun;
  /**
   * Removes images that no container runs on.
   * @param excluded names of those that stay
   * @throws PlatformError `agent-images-busy` where images are on their way, and errors of removing them
   */
  pruneImages(excluded: readonly string[]): Promise<void>;
  diskUsedBytes(task: Task): Promise<number | undefined>;
}
