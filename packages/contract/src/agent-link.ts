/** What master and agent say to each other. Mesos's own agent protocol is not public; this one is ours. */
import { Type, type Static } from '@sinclair/typebox';
import { Attribute, DomainInfo, IdValue, Resource } from './mesos/resources.ts';
import { FrameworkInfo } from './mesos/scheduler.ts';
import { ExecutorInfo, TaskInfo, TaskState, TaskStatus } from './mesos/task.ts';

/** What every agent here understands, by Mesos's names (`AgentInfo.Capability`). */
export const AGENT_CAPABILITIES = [
  'MULTI_ROLE',
  'HIERARCHICAL_ROLE',
  'RESERVATION_REFINEMENT',
  'RESIZE_VOLUME',
  'AGENT_OPERATION_FEEDBACK',
  'AGENT_DRAINING',
] as const;

/** As much as an agent may have of one resource (cores, gpus, MiB): sums over all agents stay exact in thousandths. */
export const RESOURCE_AMOUNT_MAX = Math.floor(Number.MAX_SAFE_INTEGER / 1_000_000);

/** Who an agent is and what it has. `id` is absent until a master has given one. */
export const AgentInfo = Type.Object({
  id: Type.Optional(IdValue),
  hostname: Type.String(),
  ip: Type.String(),
  port: Type.Integer(),
  resources: Type.Array(Resource),
  attributes: Type.Array(Attribute),
  domain: Type.Optional(DomainInfo),
  version: Type.String(),
  /** Containerizers that work here, e.g. `["posix"]`; a task with an image needs `docker` or `linux`. */
  containerizers: Type.Array(Type.String()),
  /** Why other containerizers do not work here, by name. */
  containerizer_problems: Type.Optional(Type.Record(Type.String(), Type.String())),
});
export type AgentInfo = Static<typeof AgentInfo>;

/** How people want an agent treated, as the master keeps it: it gets no new work, and with `drain` it is emptied. */
export const AgentUpkeep = Type.Object({
  drain: Type.Optional(
    Type.Object({
      /** Milliseconds since the Unix epoch. */
      startedAt: Type.Number(),
      /** Until then frameworks may move their tasks; what is left is killed. Milliseconds since the Unix epoch. */
      deadline: Type.Number(),
      /** What those killed have to end by themselves; absent: what each task asks for. */
      gracePeriodMs: Type.Optional(Type.Number()),
      /** Declares the agent gone for ever once it is empty. */
      markGone: Type.Boolean(),
    }),
  ),
});
export type AgentUpkeep = Static<typeof AgentUpkeep>;

/** A task as the agent reports it when it registers again. */
export const ReportedTask = Type.Object({
  framework_id: IdValue,
  info: TaskInfo,
  /** The executor of the pod that the task belongs to. */
  executor: Type.Optional(ExecutorInfo),
  /** The latest state that the agent knows; terminal ones stay until their last update is acknowledged. */
  state: TaskState,
  /** The latest status, if there was one. */
  status: Type.Optional(TaskStatus),
});
export type ReportedTask = Static<typeof ReportedTask>;

/** A custom executor as the agent reports it when it registers again. */
export const ReportedExecutor = Type.Object({ framework_id: IdValue, executor: ExecutorInfo });
export type ReportedExecutor = Static<typeof ReportedExecutor>;

/**
 * Resources that were reserved by an operation, and volumes: what an agent keeps on disk. Always all of them. The version
 * counts the changes; an agent takes none that is older than what it has.
 */
export const CheckpointedResources = Type.Object({ version: Type.Integer(), resources: Type.Array(Resource) });
export type CheckpointedResources = Static<typeof CheckpointedResources>;

/** From an agent to its master. */
export const AgentMessage = Type.Union([
  Type.Object({
    type: Type.Literal('REGISTER'),
    agent: AgentInfo,
    tasks: Type.Array(ReportedTask),
    frameworks: Type.Array(FrameworkInfo),
    /** Custom executors whose processes live, with tasks or without. */
    executors: Type.Optional(Type.Array(ReportedExecutor)),
    /** Absent: it never had any. */
    checkpointed: Type.Optional(CheckpointedResources),
  }),
  Type.Object({
    type: Type.Literal('STATUS_UPDATE'),
    framework_id: IdValue,
    /** The update being delivered; sent again until acknowledged. */
    status: TaskStatus,
    /** The newest state of the task, which may be ahead of `status`. */
    latest_state: TaskState,
    /** Of a task of a custom executor: whether a process of that lives, be it another one than when the task was launched. */
    executor_lives: Type.Optional(Type.Boolean()),
  }),
  /** With the version of the checkpointed resources that the agent has, if any; the master sends newer ones again. */
  Type.Object({ type: Type.Literal('PONG'), checkpointed_version: Type.Optional(Type.Integer()) }),
  /** What the agent has to lend beside its own resources, in all and revocable; sent after each registration, where it lends. */
  Type.Object({ type: Type.Literal('OVERSUBSCRIBED'), resources: Type.Array(Resource) }),
  /** A custom executor says something to its framework; `data` is base64. */
  Type.Object({
    type: Type.Literal('EXECUTOR_MESSAGE'),
    framework_id: IdValue,
    executor_id: IdValue,
    data: Type.String(),
  }),
  /** The process of a custom executor has ended, with this status of `wait(2)`; its tasks are told of one by one. */
  Type.Object({
    type: Type.Literal('EXECUTOR_EXITED'),
    framework_id: IdValue,
    executor_id: IdValue,
    status: Type.Integer(),
  }),
  /** The agent is being stopped and its tasks run on: it is to be started again, perhaps as another version. */
  Type.Object({ type: Type.Literal('SUSPEND') }),
  /** The agent leaves on purpose and its tasks with it. */
  Type.Object({ type: Type.Literal('UNREGISTER') }),
]);
export type AgentMessage = Static<typeof AgentMessage>;

/** From the master to an agent. */
export const MasterMessage = Type.Union([
  Type.Object({
    type: Type.Literal('REGISTERED'),
    agent_id: IdValue,
    master_id: Type.String(),
    /** Under which the master is reached, for those who ask the agent; older masters do not say. */
    master_hostname: Type.Optional(Type.String()),
    ping_timeout_ms: Type.Number(),
  }),
  /** The master will not have this agent; it must stop its tasks if `shutdown` is set. */
  Type.Object({ type: Type.Literal('REJECTED'), reason: Type.String(), shutdown: Type.Boolean() }),
  Type.Object({ type: Type.Literal('RUN_TASKS'), framework: FrameworkInfo, tasks: Type.Array(TaskInfo) }),
  /** A pod, whose tasks start together and end together; or several tasks for one custom executor, told of together. */
  Type.Object({
    type: Type.Literal('RUN_TASK_GROUP'),
    framework: FrameworkInfo,
    executor: ExecutorInfo,
    tasks: Type.Array(TaskInfo),
  }),
  /** To be on the agent's disk before anything that comes after it. */
  Type.Object({ type: Type.Literal('CHECKPOINT_RESOURCES'), checkpointed: CheckpointedResources }),
  Type.Object({
    type: Type.Literal('KILL_TASK'),
    framework_id: IdValue,
    task_id: IdValue,
    grace_period_ms: Type.Optional(Type.Number()),
  }),
  Type.Object({
    type: Type.Literal('ACKNOWLEDGE_STATUS_UPDATE'),
    framework_id: IdValue,
    task_id: IdValue,
    uuid: Type.String(),
  }),
  /** A framework is back that tasks of the agent wait for: updates that nobody has acknowledged are sent again now. */
  Type.Object({ type: Type.Literal('RESUME_UPDATES') }),
  /** A framework says something to one of its custom executors; `data` is base64. */
  Type.Object({
    type: Type.Literal('FRAMEWORK_MESSAGE'),
    framework_id: IdValue,
    executor_id: IdValue,
    data: Type.String(),
  }),
  Type.Object({ type: Type.Literal('SHUTDOWN_EXECUTOR'), framework_id: IdValue, executor_id: IdValue }),
  /** Asks for a PONG. `registered: false` tells an agent that believes otherwise to register again. */
  Type.Object({ type: Type.Literal('PING'), registered: Type.Boolean() }),
  Type.Object({ type: Type.Literal('SHUTDOWN_FRAMEWORK'), framework_id: IdValue }),
]);
export type MasterMessage = Static<typeof MasterMessage>;

/** One end of an open link. Messages keep their order; a broken link tells both ends once. */
export interface Link<Outgoing> {
  send(message: Outgoing): void;
  /** Ends the link; the other end hears `onClosed`. */
  close(): void;
}

/** What an end of a link does with what comes in. */
export interface LinkReceiver<Incoming> {
  onMessage(message: Incoming): void;
  onClosed(): void;
}

/** The agent's way to its master: dial until it answers. In process, over HTTP, or simulated. */
export interface MasterDialer {
  /** Opens a link to the leading master. Rejects with a PlatformError when there is none to be reached. */
  dial(receiver: LinkReceiver<MasterMessage>): Promise<Link<AgentMessage>>;
  /** Calls back whenever it has heard that somebody leads; absent where nobody tells it. */
  onLeader?(callback: () => void): void;
}

/** The master's side: takes a new link from an agent and says what to do with its messages. */
export interface AgentAcceptor {
  accept(link: Link<MasterMessage>): LinkReceiver<AgentMessage>;
}
