/** What the master counts, under the names that the legacy metrics have (`/metrics/snapshot`). */
import type { OfferOperation, SchedulerCall, SchedulerEvent, TaskState } from '@stadion/contract/mesos';

/** Monotonic counts since this master started. */
export class Counters {
  agentRegistrations = 0;
  agentReregistrations = 0;
  agentRemovals = 0;
  agentRemovalsUnhealthy = 0;
  agentRemovalsUnregistered = 0;
  recoveryAgentRemovals = 0;
  unreachableScheduled = 0;
  unreachableCanceled = 0;
  unreachableCompleted = 0;
  messagesRegisterFramework = 0;
  messagesReregisterFramework = 0;
  messagesUnregisterFramework = 0;
  messagesLaunchTasks = 0;
  messagesDeclineOffers = 0;
  messagesReviveOffers = 0;
  messagesSuppressOffers = 0;
  messagesKillTask = 0;
  messagesReconcileTasks = 0;
  messagesStatusUpdate = 0;
  messagesStatusUpdateAcknowledgement = 0;
  messagesRegisterAgent = 0;
  messagesReregisterAgent = 0;
  messagesUnregisterAgent = 0;
  messagesUpdateAgent = 0;
  messagesResourceRequest = 0;
  messagesReconcileOperations = 0;
  messagesExitedExecutor = 0;
  /** Of a framework to its executor: passed on, and those that nobody is there for. */
  validFrameworkMessages = 0;
  invalidFrameworkMessages = 0;
  /** Of an executor to its framework, likewise. */
  validExecutorMessages = 0;
  invalidExecutorMessages = 0;
  validOperationAcknowledgements = 0;
  invalidOperationAcknowledgements = 0;
  validStatusUpdates = 0;
  invalidStatusUpdates = 0;
  validStatusUpdateAcknowledgements = 0;
  invalidStatusUpdateAcknowledgements = 0;
  droppedMessages = 0;
  offersSent = 0;
  offersDeclined = 0;
  offersAccepted = 0;
  offersRescinded = 0;
  tasksLaunched = 0;
  allocationRuns = 0;
  /** Tasks that reached each final state. */
  readonly terminal = new Map<TaskState, number>();
  /** Live tasks by newest state, kept as they change so that nobody has to walk them. */
  readonly live = new Map<TaskState, number>();
}

/** Monotonic counts of one framework since this master knows it; they go with its record. */
export class FrameworkCounters {
  readonly calls = new Map<SchedulerCall['type'], number>();
  /** What was sent to it. */
  readonly events = new Map<SchedulerEvent['type'], number>();
  /** What it asked for with offers, whether it could be or not. */
  readonly operations = new Map<OfferOperation['type'], number>();
  offersSent = 0;
  offersAccepted = 0;
  offersDeclined = 0;
  offersRescinded = 0;
  /** As in {@link Counters}. */
  readonly terminal = new Map<TaskState, number>();
  readonly live = new Map<TaskState, number>();
}

/** Tasks by state, of all frameworks and of one. */
type ByState = Pick<FrameworkCounters, 'live' | 'terminal'>;

/** A live task came to a state (1) or leaves it (-1). */
export function countLive(all: ByState, own: ByState, state: TaskState, by: 1 | -1): void {
  count(all.live, state, by);
  count(own.live, state, by);
}

/** A task came to a final state. */
export function countEnd(all: ByState, own: ByState, state: TaskState): void {
  count(all.terminal, state);
  count(own.terminal, state);
}

/** Adds `by` to one count of a map. */
export function count<Key>(counts: Map<Key, number>, key: Key, by: 1 | -1 = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
