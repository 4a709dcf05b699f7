/** Instances as Marathon's API shows them: tasks, counts, statistics. */
import type {
  AppDefinition,
  HealthCheckResult,
  InstanceCondition,
  Task,
  TaskStats,
} from '@stadion/contract/orchestrator';
import type { HealthResult } from '@stadion/contract/mesos';
import { checkResult } from '../core/check-result.ts';
import { assert } from '@stadion/base';
import { isComingUp, taskIdOf, type AgentPlace, type Instance } from '../core/instance.ts';
import { uuidOf, type Reservation } from '../core/residency/reservation.ts';
import { formatTimestamp } from '../core/app/timestamp.ts';

/** An instance that has a place: only those are shown. */
export type PlacedInstance = Instance & ({ readonly place: AgentPlace } | { readonly reservation: Reservation });

/** True for instances that are shown as tasks: also those between two launches, and stopped ones, kept with their volumes. */
export function isPlaced(instance: Instance): instance is PlacedInstance {
  return instance.incarnation > 0 && (instance.place ?? instance.reservation) !== undefined;
}

/** Where an instance runs, or where its volumes wait for it. */
export function agentPlaceOf({ place, reservation }: PlacedInstance): AgentPlace {
  const where = place ?? reservation?.place;
  assert(where !== undefined, 'an instance is shown that has no place');
  return where;
}

const STATES: Readonly<Record<InstanceCondition, string>> = {
  Scheduled: 'TASK_STAGING',
  Provisioned: 'TASK_STAGING',
  Staging: 'TASK_STAGING',
  Starting: 'TASK_STARTING',
  Running: 'TASK_RUNNING',
  Killing: 'TASK_KILLING',
  Killed: 'TASK_KILLED',
  Finished: 'TASK_FINISHED',
  Failed: 'TASK_FAILED',
  Error: 'TASK_ERROR',
  Dropped: 'TASK_DROPPED',
  Gone: 'TASK_GONE',
  Unknown: 'TASK_UNKNOWN',
  Unreachable: 'TASK_UNREACHABLE',
  UnreachableInactive: 'TASK_UNREACHABLE',
};

const ACTIVE: ReadonlySet<InstanceCondition> = new Set<InstanceCondition>([
  'Provisioned',
  'Staging',
  'Starting',
  'Running',
  'Killing',
  'Unreachable',
]);

/** True while the task runs, will run, or may still run. */
export function isActive(instance: Instance): boolean {
  return ACTIVE.has(instance.condition);
}

type LocalVolumeView = Task['localVolumes'][number];

/** True when there is something to end: a task, or with `wipe` the volumes of an instance that has none. */
export function canEnd(instance: Instance, { wipe }: { readonly wipe: boolean }): boolean {
  return isActive(instance) || (wipe && instance.reservation !== undefined);
}

/** `TASK_RUNNING` and so on. */
export function stateOf(instance: Instance): string {
  return STATES[instance.condition];
}

/** One task. Only `GET /v2/tasks` fills `servicePorts`: `app-view.ts` does. */
export function taskView(instance: PlacedInstance, app: AppDefinition): Task {
  const place = agentPlaceOf(instance);
  const active = isActive(instance);
  return {
    id: taskIdOf(instance),
    appId: instance.appId,
    host: place.hostname,
    slaveId: place.agentId,
    state: stateOf(instance),
    role: app.role,
    ports: active ? [...instance.hostPorts] : [],
    servicePorts: [],
    ipAddresses: [...instance.ipAddresses],
    healthCheckResults: instance.health.map((result) => healthView(result, instance.id)),
    ...(instance.checkStatus === undefined ? {} : { checkResult: checkResult(instance.checkStatus) }),
    localVolumes: localVolumesOf(instance),
    ...(place.region === undefined ? {} : { region: place.region }),
    ...(place.zone === undefined ? {} : { zone: place.zone }),
    ...(active && instance.stagedAt !== undefined ? { stagedAt: formatTimestamp(instance.stagedAt) } : {}),
    ...(active && instance.startedAt !== undefined ? { startedAt: formatTimestamp(instance.startedAt) } : {}),
    ...(active ? { version: instance.appVersion } : {}),
  };
}

/** The volumes of an instance as Marathon names them. */
export function localVolumesOf({ appId, reservation }: Instance): LocalVolumeView[] {
  return (reservation?.volumes ?? []).map((volume) => ({
    runSpecId: appId,
    containerPath: volume.containerPath,
    uuid: uuidOf(volume),
    persistenceId: volume.persistenceId,
  }));
}

function healthView(result: HealthResult, instanceId: string): HealthCheckResult {
  const text = (seconds: number): string => formatTimestamp(Math.round(seconds * 1000));
  return {
    alive: result.alive,
    consecutiveFailures: result.consecutive_failures,
    ...(result.first_success === undefined ? {} : { firstSuccess: text(result.first_success) }),
    ...(result.last_success === undefined ? {} : { lastSuccess: text(result.last_success) }),
    ...(result.last_failure === undefined ? {} : { lastFailure: text(result.last_failure) }),
    ...(result.last_failure_cause === undefined ? {} : { lastFailureCause: result.last_failure_cause }),
    instanceId,
  };
}

type TaskStatsEntry = NonNullable<TaskStats['totalSummary']>;

/** How many tasks are in which state. A task of which some check has not answered yet is neither healthy nor unhealthy. */
export type TaskCounts = TaskStatsEntry['stats']['counts'];

/** Counts the tasks among instances. */
export function countTasks(instances: Iterable<Instance>): TaskCounts {
  const counts: TaskCounts = { staged: 0, running: 0, healthy: 0, unhealthy: 0 };
  for (const instance of instances) {
    if (!isPlaced(instance)) continue;
    if (instance.condition === 'Running') counts.running += 1;
    else if (isComingUp(instance)) counts.staged += 1;
    if (instance.healthy === true) counts.healthy += 1;
    else if (instance.healthy === false) counts.unhealthy += 1;
  }
  return counts;
}

/** Statistics over the tasks of an app. @param now milliseconds since the Unix epoch */
export function taskStats(instances: readonly Instance[], app: AppDefinition, now: number): TaskStats {
  const placed = instances.filter(isPlaced);
  const { lastScalingAt, lastConfigChangeAt } = app.versionInfo;
  const scaledAt = Date.parse(lastScalingAt);
  const latest = placed.filter((instance) => instance.appVersion >= lastConfigChangeAt);
  const outdated = placed.filter((instance) => instance.appVersion < lastConfigChangeAt);
  const groups = {
    startedAfterLastScaling: statsEntry(
      placed.filter((instance) => (instance.stagedAt ?? 0) >= scaledAt),
      now,
    ),
    withLatestConfig: statsEntry(latest, now),
    withOutdatedConfig: statsEntry(outdated, now),
    totalSummary: statsEntry(placed, now),
  };
  return Object.fromEntries(Object.entries(groups).filter(([, entry]) => entry !== undefined));
}

function statsEntry(instances: readonly PlacedInstance[], now: number): TaskStatsEntry | undefined {
  if (instances.length === 0) return undefined;
  const seconds = instances
    .flatMap((instance) => (instance.startedAt === undefined ? [] : [(now - instance.startedAt) / 1000]))
    .sort((left, right) => left - right);
  const stats = { counts: countTasks(instances) };
  if (seconds.length === 0) return { stats };
  const averageSeconds = seconds.reduce((sum, one) => sum + one, 0) / seconds.length;
  const below = seconds[(seconds.length - 1) >> 1] ?? 0;
  const above = seconds[seconds.length >> 1] ?? 0;
  return { stats: { ...stats, lifeTime: { averageSeconds, medianSeconds: (below + above) / 2 } } };
}
