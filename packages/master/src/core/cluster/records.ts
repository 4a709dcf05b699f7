/** What the master knows of agents, frameworks, tasks and offers. Plain records; the rules are in the files beside. */
import type { AgentInfo, AgentUpkeep } from '@stadion/contract/agent-link';
import type {
  ContainerInfo,
  DiscoveryInfo,
  FrameworkInfo,
  HealthCheckInfo,
  Labels,
  OfferOperation,
  Resource,
  TaskInfo,
  TaskState,
  TaskStatus,
} from '@stadion/contract/mesos';
import type { ExecutorInfo, OfferConstraints } from '@stadion/contract/mesos-workload';
import { NO_WISHES, type OfferWishes } from '../allocation/offer-wishes.ts';
import type { FrameworkShare } from '../allocation/role-tree.ts';
import { NO_HOLDINGS, type Holdings } from '../resources/holdings.ts';
import { NOTHING, type ResourceVector } from '../resources/resource-vector.ts';
import { Ring } from '../ring.ts';
import { FrameworkCounters } from './counters.ts';

/** One state that a task went through; the list runs from the newest back. */
export interface StatusRecord {
  readonly state: TaskState;
  /** Seconds since the Unix epoch. */
  readonly timestamp: number;
  readonly healthy: boolean | undefined;
  readonly containerStatus: TaskStatus['container_status'];
  readonly previous: StatusRecord | undefined;
}

/** One task. There may be hundreds of thousands: no closures, no timers, and what can be shared is shared. */
export class TaskRecord {
  readonly id: string;
  readonly name: string;
  readonly frameworkId: string;
  readonly agentId: string;
  readonly role: string;
  readonly resources: ResourceVector;
  readonly labels: Labels | undefined;
  readonly discovery: DiscoveryInfo | undefined;
  readonly container: ContainerInfo | undefined;
  /** The first of its health checks: Mesos knows one. */
  readonly healthCheck: HealthCheckInfo | undefined;
  readonly killPolicy: TaskInfo['kill_policy'];
  /** Whom its command runs as, where it says so. */
  readonly user: string | undefined;
  /** The executor of its pod. */
  readonly executorId: string | undefined;
  /** Newest state that the agent knows. */
  state: TaskState = 'TASK_STAGING';
  /** State of the update that is being delivered, and its uuid while it waits to be acknowledged. */
  statusState: TaskState = 'TASK_STAGING';
  statusUuid: string | undefined = undefined;
  /** True while its resources are charged to its agent. */
  charged = false;
  statuses: StatusRecord | undefined = undefined;

  /** @param from what never changes of a task; the rest begins as it does for every task */
  constructor(from: Omit<TaskRecord, 'state' | 'statusState' | 'statusUuid' | 'charged' | 'statuses'>) {
    this.id = from.id;
    this.name = from.name;
    this.frameworkId = from.frameworkId;
    this.agentId = from.agentId;
    this.role = from.role;
    this.resources = from.resources;
    this.labels = from.labels;
    this.discovery = from.discovery;
    this.container = from.container;
    this.healthCheck = from.healthCheck;
    this.killPolicy = from.killPolicy;
    this.user = from.user;
    this.executorId = from.executorId;
  }
}

/** An offer that a framework has not answered. */
export interface OfferRecord {
  readonly id: string;
  readonly framework: FrameworkRecord;
  readonly role: string;
  readonly agent: AgentRecord;
  readonly resources: ResourceVector;
  /** When it was made, monotonic milliseconds. */
  readonly madeAt: number;
}

/** What one framework was asked about one agent, and what it said. */
export interface InverseOfferRecord {
  /** Of the question that is open; undefined once it is answered. */
  id: string | undefined;
  answer: 'UNKNOWN' | 'ACCEPT' | 'DECLINE';
  /** Since when, milliseconds since the Unix epoch. */
  at: number;
  /** An answered one is not asked again before, monotonic milliseconds. */
  quietUntil: number;
}

/** A refusal: this much of this agent is not offered again until then (monotonic milliseconds). */
export interface RefuseFilter {
  readonly resources: ResourceVector;
  readonly until: number;
  /** The share's count of revivals at that time: a later REVIVE makes it void without touching every agent. */
  readonly revival: number;
}

/** A kill that was asked for and not yet confirmed; it is sent again when the agent comes back. */
export interface PendingKill {
  readonly frameworkId: string;
  readonly taskId: string;
  readonly gracePeriodMs: number | undefined;
}

/** The executor of a pod, or a custom one. Its resources are charged as long as one of its tasks is, or its process lives. */
export interface ExecutorRecord {
  readonly id: string;
  readonly frameworkId: string;
  readonly role: string;
  readonly info: ExecutorInfo;
  readonly resources: ResourceVector;
  /** Tasks of it that are charged. */
  charged: number;
  /** A custom executor has a process, from its first task until the agent says that it has ended. */
  hasProcess: boolean;
}

/** An agent that is registered, connected or not. */
export class AgentRecord {
  readonly id: string;
  info: AgentInfo;
  /** Number of its open link; undefined while it is disconnected. */
  link: number | undefined = undefined;
  /** Milliseconds since the Unix epoch. */
  readonly registeredAt: number;
  reregisteredAt: number | undefined = undefined;
  /** Monotonic milliseconds. */
  disconnectedAt: number | undefined = undefined;
  /** It has said that it is being stopped and will be started again. */
  isSuspended = false;
  /** What it says it has; `total` is that, or more where more runs on it. */
  reported: ResourceVector = NOTHING;
  /** total = charged + offered + free, always. */
  total: ResourceVector = NOTHING;
  charged: ResourceVector = NOTHING;
  offered: ResourceVector = NOTHING;
  free: ResourceVector = NOTHING;
  /** True while more runs on it than it says it has: its total then shrinks as tasks end. */
  overcommitted = false;
  /** What of its resources it keeps on its disk: reserved by an operation, or a volume. The version counts changes. */
  checkpointed: { readonly version: number; readonly held: Holdings } = { version: 0, held: NO_HOLDINGS };
  /** The version of that which the agent has on its disk, as it last said. */
  versionOnDisk = 0;
  readonly tasks = new Set<TaskRecord>();
  /** The executors of its pods and those of frameworks, by {@link taskKey} of the executor. */
  readonly executors = new Map<string, ExecutorRecord>();
  readonly offers = new Set<OfferRecord>();
  /** By {@link taskKey}. */
  readonly kills = new Map<string, PendingKill>();
  readonly filters = new Map<FrameworkShare, RefuseFilter>();
  /** Waits in the allocator's queue. */
  queued = false;

  constructor(id: string, info: AgentInfo, registeredAt: number) {
    this.id = id;
    this.info = info;
    this.registeredAt = registeredAt;
  }

  /** Whether anything of anybody is on it. */
  get hasTasks(): boolean {
    return this.tasks.size > 0;
  }
}

/** A framework, from its first SUBSCRIBE or from what an agent reports of it. */
export class FrameworkRecord {
  readonly id: string;
  /** Always with its id. */
  info: FrameworkInfo;
  roles: readonly string[] = [];
  /** What it holds in each role that it is or was in. */
  readonly shares = new Map<string, FrameworkShare>();
  partitionAware = false;
  gpuAware = false;
  /** Is offered what is only lent, too. */
  takesRevocable = false;
  /** What it wants to be offered, and how it said so. */
  wishes: OfferWishes = NO_WISHES;
  offerConstraints: OfferConstraints | undefined = undefined;
  /** Understands stacks of reservations; others get the older form. */
  refinesReservations = false;
  /** Number of its open subscription; undefined while it is disconnected. */
  subscription: number | undefined = undefined;
  /** Known only from agents so far. */
  recovered = false;
  readonly registeredAt: number;
  reregisteredAt: number | undefined = undefined;
  unregisteredAt: number | undefined = undefined;
  /** When it is removed unless it subscribes again (monotonic); undefined while connected, or when it never was. */
  failoverDeadline: number | undefined = undefined;
  readonly tasks = new Map<string, TaskRecord>();
  readonly unreachableTasks = new Map<string, TaskRecord>();
  readonly completedTasks: Ring<TaskRecord>;
  readonly offers = new Set<OfferRecord>();
  readonly counters = new FrameworkCounters();

  constructor(id: string, info: FrameworkInfo, registeredAt: number, completedTasksMax: number) {
    this.id = id;
    this.info = info;
    this.registeredAt = registeredAt;
    this.completedTasks = new Ring(completedTasksMax);
  }
}

/** An operation that is under way, or whose end is not acknowledged. */
export interface OperationRecord {
  readonly id: string;
  readonly frameworkId: string;
  readonly agentId: string;
  readonly info: OfferOperation;
  readonly converted: readonly Resource[];
  /** Version of the agent's checkpointed resources that has its result. */
  readonly version: number;
  state: 'OPERATION_PENDING' | 'OPERATION_FINISHED';
  /** Of its end: 16 bytes, base64. */
  readonly uuid: string;
  /** When its end is told next (monotonic milliseconds), and how often it was. */
  dueAt: number;
  attempts: number;
}

/** An agent that the registry knows and that has not come back since this master started. */
export interface RecoveredAgent {
  readonly id: string;
  readonly info: AgentInfo;
  /** How long it is waited for, monotonic milliseconds. */
  readonly until: number;
}

/** Where an agent listens: two processes cannot be at one place at once. */
export function addressOf(info: AgentInfo): string {
  return `${info.hostname} ${info.ip}:${String(info.port)}`;
}

/** What asking an agent at its own address came to. Times are monotonic milliseconds. */
export interface ProbeRecord {
  askedAt: number;
  isUnderWay: boolean;
  /** Questions since its last answer. */
  misses: number;
  /** Questions since its machine last gave a sign of life. */
  machineMisses: number;
  answeredAt: number | undefined;
}

/** A key for a task of an agent: task ids are unique within a framework only, and no id holds a slash. */
export function taskKey(frameworkId: string, taskId: string): string {
  return `${frameworkId}/${taskId}`;
}

/** What operators have ordered of one agent and is not on its way to the registry yet. A newer one takes the place of an older one. */
export interface WaitingOrders {
  /** What becomes of the agent; `mark-gone` is final. */
  wanted: { readonly type: 'treat'; readonly upkeep: AgentUpkeep | undefined } | { readonly type: 'mark-gone' };
  /** The numbers of all orders that are answered with this one. */
  readonly numbers: number[];
}

/** An open link of an agent process. */
export interface LinkRecord {
  readonly number: number;
  /** Monotonic milliseconds. */
  readonly openedAt: number;
  /** The agent that registered over it, once it has. */
  agentId: string | undefined;
  /** Pings since it last said anything. */
  silentPings: number;
}
