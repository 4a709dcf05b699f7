/** How an instance changes: by being launched, by what Mesos tells, by a decision to end it. Pure. */
import type { HealthResult, ReadinessResult, TaskState, TaskStatus } from '@stadion/contract/mesos';
import type { InstanceCondition } from '@stadion/contract/orchestrator';
import { sameCheckStatus } from './check-result.ts';
import { healthOf } from './health.ts';
import { parseTaskId } from './instance-ids.ts';
import type { AgentPlace, Departure, Instance } from './instance.ts';
import { confirmedBy } from './residency/confirmation.ts';
import type { Reservation } from './residency/reservation.ts';
import { newPodTasks, podCondition, podHealth, updatePodTask } from './pod/pod-tasks.ts';

const NONE: readonly never[] = Object.freeze([]);

/** A new wish for an instance: it waits for a place. */
export function scheduledInstance(id: string, appId: string, appVersion: string, now: number): Instance {
  return {
    id,
    appId,
    appVersion,
    goal: 'Running',
    condition: 'Scheduled',
    since: now,
    incarnation: 0,
    place: undefined,
    hostPorts: NONE,
    ipAddresses: NONE,
    taskState: undefined,
    stagedAt: undefined,
    startedAt: undefined,
    healthy: undefined,
    health: NONE,
    readiness: NONE,
    drainUntil: undefined,
  };
}

/** A waiting instance that has found its place: the next incarnation, of this version. */
export function provisioned(
  instance: Instance,
  launch: {
    readonly appVersion: string;
    readonly place: AgentPlace;
    readonly hostPorts: readonly number[];
    /** The names of a pod's containers. */
    readonly containers?: readonly string[];
    /** What the launch reserves. */
    readonly reservation?: Reservation;
    readonly now: number;
  },
): Instance {
  return {
    ...instance,
    appVersion: launch.appVersion,
    condition: 'Provisioned',
    since: launch.now,
    incarnation: instance.incarnation + 1,
    place: launch.place,
    hostPorts: launch.hostPorts.length === 0 ? NONE : launch.hostPorts,
    stagedAt: launch.now,
    ...(launch.reservation === undefined ? {} : { reservation: launch.reservation }),
    ...(launch.containers === undefined ? {} : { tasks: newPodTasks(launch.containers, launch.now) }),
  };
}

/** An instance whose task has ended and which is to run again: it waits for a place once more. */
export function rescheduled(instance: Instance, version: string, now: number): Instance {
  return {
    ...scheduledInstance(instance.id, instance.appId, version, now),
    incarnation: instance.incarnation,
    ...kept(instance),
  };
}

/** An instance whose task has ended and which is kept with its volumes, for when it is wanted again. */
export function stopped(instance: Instance, now: number): Instance {
  const { condition, taskState } = instance;
  return { ...rescheduled(instance, instance.appVersion, now), goal: 'Stopped', condition, taskState };
}

/** The reservation of an ended instance, while there is a reason to believe in it. */
function kept({ reservation, condition, taskState, incarnation }: Instance): { readonly reservation?: Reservation } {
  if (reservation === undefined || taskState === 'TASK_GONE_BY_OPERATOR') return {};
  if (reservation.isConfirmed) return { reservation };
  // Whatever there is of the reservation of a first launch that came to nothing is found and given back. A later launch
  // was made on what its agent had offered, which is asked for again; unless nobody knows of that agent any more.
  const isFirst = incarnation === reservation.incarnation;
  const cameToNothing = isFirst && (condition === 'Dropped' || condition === 'Error' || condition === 'Gone');
  return cameToNothing || condition === 'Unknown' ? {} : { reservation };
}

/** An instance whose task was told to end. A goal of `Decommissioned` says that it is not to come back. */
export function killing(instance: Instance, goal: Instance['goal'], now: number): Instance {
  const isKilling = instance.condition === 'Killing';
  return { ...instance, goal, condition: 'Killing', since: isKilling ? instance.since : now, drainUntil: undefined };
}

/** An instance that is to go and runs on until then, out of rotation. @param until milliseconds since the Unix epoch */
export function draining(instance: Instance, goal: Departure, until: number): Instance {
  return { ...instance, goal, drainUntil: until };
}

/** What a status did to an instance. `ended`: the task is over; the instance shows its last condition. */
export type StatusOutcome =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'changed'; readonly instance: Instance }
  | {
      readonly kind: 'ended';
      readonly instance: Instance;
      /** The end that counts: of the task itself, or of the one that brought a pod down. */
      readonly end: Pick<TaskStatus, 'state' | 'message' | 'reason'>;
    };

/**
 * Applies what Mesos tells about the current incarnation.
 * @param share gives one object for equal address lists, so that 100,000 instances do not hold 100,000 copies
 * @param checks how many health checks the instance's version has, or in a pod the names of the containers that have one:
 *   only together they make it healthy
 */
export function applyStatus(
  instance: Instance,
  status: TaskStatus,
  now: number,
  share: (addresses: Instance['ipAddresses']) => Instance['ipAddresses'],
  checks: number | ReadonlySet<string>,
): StatusOutcome {
  const outcome =
    typeof checks === 'number'
      ? applyTaskStatus(instance, status, now, share, checks)
      : applyPodStatus(instance, status, now, share, checks);
  return outcome.kind === 'unchanged' ? outcome : { ...outcome, instance: confirmedBy(outcome.instance, status) };
}

function applyTaskStatus(
  instance: Instance,
  status: TaskStatus,
  now: number,
  share: (addresses: Instance['ipAddresses']) => Instance['ipAddresses'],
  checks: number,
): StatusOutcome {
  const told = conditionOf(status);
  if (isFinal(told)) {
    const ended = { ...instance, condition: told, since: now, taskState: status.state };
    return { kind: 'ended', instance: ended, end: status };
  }
  if (isStale(instance.condition, told)) return { kind: 'unchanged' };
  // A task that was told to end stays so, whatever it still reports while it lives.
  const isEnding = instance.condition === 'Killing' && (told !== 'Unreachable' || instance.reservation !== undefined);
  const condition = isEnding ? 'Killing' : told === 'Unreachable' ? unreachableFrom(instance.condition) : told;
  const health = status.health_results ?? instance.health;
  const readiness = status.readiness_results ?? instance.readiness;
  const checkStatus = status.check_status ?? instance.checkStatus;
  const healthy =
    status.health_results === undefined
      ? (status.healthy ?? instance.healthy)
      : healthOf(status.health_results, checks);
  const ipAddresses = addressesOf(status);
  const hasNewAddresses = ipAddresses !== undefined && !sameAddresses(ipAddresses, instance.ipAddresses);
  const startedAt =
    instance.startedAt ?? (status.state === 'TASK_RUNNING' ? Math.round(status.timestamp * 1000) : undefined);
  const hasNewHealth = !sameHealth(health, instance.health) || !sameReadiness(readiness, instance.readiness);
  const isSame =
    condition === instance.condition &&
    status.state === instance.taskState &&
    healthy === instance.healthy &&
    startedAt === instance.startedAt &&
    sameCheckStatus(checkStatus, instance.checkStatus) &&
    !hasNewAddresses &&
    !hasNewHealth;
  if (isSame) return { kind: 'unchanged' };
  const next: Instance = {
    ...instance,
    condition,
    since: condition === instance.condition ? instance.since : now,
    ipAddresses: hasNewAddresses ? share(ipAddresses) : instance.ipAddresses,
    taskState: status.state,
    startedAt,
    healthy,
    health: hasNewHealth ? health : instance.health,
    readiness: hasNewHealth ? readiness : instance.readiness,
    ...(checkStatus === undefined ? {} : { checkStatus }),
  };
  return { kind: 'changed', instance: next };
}

/** Applies what Mesos tells about one container of a pod. */
function applyPodStatus(
  instance: Instance,
  status: TaskStatus,
  now: number,
  share: (addresses: Instance['ipAddresses']) => Instance['ipAddresses'],
  checked: ReadonlySet<string>,
): StatusOutcome {
  const name = parseTaskId(status.task_id.value)?.container;
  const before = instance.tasks ?? [];
  const tasks = before.map((task) => (task.name === name ? updatePodTask(task, status, now) : task));
  if (tasks.every((task, index) => task === before[index])) return { kind: 'unchanged' };
  const told = podCondition(tasks);
  if (told.isOver) {
    const state = told.end.state ?? status.state;
    const { message, reason } = told.end;
    const condition = conditionOf({ state });
    return {
      kind: 'ended',
      instance: { ...instance, tasks, condition, since: now, taskState: state },
      end: {
        state,
        ...(message === undefined ? {} : { message }),
        ...(reason === undefined ? {} : { reason }),
      },
    };
  }
  const isLost = told.condition === 'Unreachable';
  const isEnding = instance.condition === 'Killing' && (!isLost || instance.reservation !== undefined);
  const next = told.condition === 'Unreachable' ? unreachableFrom(instance.condition) : told.condition;
  const condition = isEnding ? 'Killing' : next;
  const addresses = addressesOf(status);
  const healthy = podHealth(tasks, checked);
  return {
    kind: 'changed',
    instance: {
      ...instance,
      tasks,
      condition,
      since: condition === instance.condition ? instance.since : now,
      taskState: told.state,
      ipAddresses: addresses === undefined || addresses.length === 0 ? instance.ipAddresses : share(addresses),
      startedAt: instance.startedAt ?? (condition === 'Running' ? now : undefined),
      healthy,
    },
  };
}

/** The condition that a Mesos state means. */
export function conditionOf(status: Pick<TaskStatus, 'state' | 'reason'>): InstanceCondition {
  switch (status.state) {
    case 'TASK_STAGING':
      return 'Staging';
    case 'TASK_STARTING':
      return 'Starting';
    case 'TASK_RUNNING':
      return 'Running';
    case 'TASK_KILLING':
      return 'Killing';
    case 'TASK_FINISHED':
      return 'Finished';
    case 'TASK_FAILED':
      return 'Failed';
    case 'TASK_KILLED':
      return 'Killed';
    case 'TASK_ERROR':
      return 'Error';
    case 'TASK_DROPPED':
      return 'Dropped';
    case 'TASK_UNREACHABLE':
      return 'Unreachable';
    case 'TASK_UNKNOWN':
      return 'Unknown';
    case 'TASK_LOST':
      return status.reason === 'REASON_INVALID_OFFERS' ? 'Dropped' : 'Gone';
    case 'TASK_GONE':
    case 'TASK_GONE_BY_OPERATOR':
      return 'Gone';
  }
}

/** Whether a task in this condition is over. `Unknown` too: the master never heard of its agent. */
export function isFinal(condition: InstanceCondition): boolean {
  switch (condition) {
    case 'Killed':
    case 'Finished':
    case 'Failed':
    case 'Error':
    case 'Dropped':
    case 'Gone':
    case 'Unknown':
      return true;
    default:
      return false;
  }
}

/** States that are kept as the last failure of an app. */
export function isFailure(state: TaskState): boolean {
  switch (state) {
    case 'TASK_FAILED':
    case 'TASK_ERROR':
    case 'TASK_LOST':
    case 'TASK_DROPPED':
    case 'TASK_GONE':
    case 'TASK_GONE_BY_OPERATOR':
    case 'TASK_UNKNOWN':
      return true;
    default:
      return false;
  }
}

/**
 * Whether a task ended for the sake of its agent: it ran on what was only lent to it, or the agent was drained. No failure of
 * its app, and no reason to wait before the next launch.
 */
export function saysNothingOfApp({ reason }: Pick<TaskStatus, 'reason'>): boolean {
  return reason === 'REASON_CONTAINER_PREEMPTED' || reason === 'REASON_AGENT_DRAINING';
}

function unreachableFrom(condition: InstanceCondition): InstanceCondition {
  return condition === 'UnreachableInactive' ? condition : 'Unreachable';
}

/** A task never goes back from running to starting: such a report was overtaken on its way. */
function isStale(current: InstanceCondition, told: InstanceCondition): boolean {
  if (told === 'Staging') return current === 'Starting' || current === 'Running';
  return told === 'Starting' && current === 'Running';
}

function addressesOf(status: TaskStatus): Instance['ipAddresses'] | undefined {
  const networks = status.container_status?.network_infos;
  if (networks === undefined) return undefined;
  return networks.flatMap((network) =>
    network.ip_addresses.map((address) => ({ ipAddress: address.ip_address, protocol: address.protocol ?? 'IPv4' })),
  );
}

type Address = Instance['ipAddresses'][number];

function sameAddresses(left: readonly Address[], right: readonly Address[]): boolean {
  return sameList(left, right, (one, other) => one.ipAddress === other.ipAddress && one.protocol === other.protocol);
}

function sameHealth(left: readonly HealthResult[], right: readonly HealthResult[]): boolean {
  return sameList(
    left,
    right,
    (one, other) =>
      one.index === other.index &&
      one.alive === other.alive &&
      one.consecutive_failures === other.consecutive_failures &&
      one.exhausted === other.exhausted &&
      one.first_success === other.first_success &&
      one.last_success === other.last_success &&
      one.last_failure === other.last_failure &&
      one.last_failure_cause === other.last_failure_cause,
  );
}

function sameReadiness(left: readonly ReadinessResult[], right: readonly ReadinessResult[]): boolean {
  return sameList(
    left,
    right,
    (one, other) =>
      one.name === other.name &&
      one.ready === other.ready &&
      one.last_response?.status === other.last_response?.status &&
      one.last_response?.body === other.last_response?.body,
  );
}

function sameList<Item>(
  left: readonly Item[],
  right: readonly Item[],
  isSame: (one: Item, other: Item) => boolean,
): boolean {
  if (left === right) return true;
  if (left.length !== right.length) return false;
  return left.every((item, index) => {
    const other = right[index];
    return other !== undefined && isSame(item, other);
  });
}
