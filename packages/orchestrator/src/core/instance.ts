/** One instance of an app, from the wish to run it to its end: the orchestrator's unit of account. */
import type { HealthResult, ReadinessResult, TaskState } from '@stadion/contract/mesos';
import type { CheckStatusInfo } from '@stadion/contract/mesos-workload';
import type { AgentPlace } from './agent-place.ts';
import { podTaskIds, type PodTask } from './pod/pod-tasks.ts';
import type { Reservation } from './residency/reservation.ts';
import type { InstanceCondition } from '@stadion/contract/orchestrator';

export type { AgentPlace } from './agent-place.ts';

/**
 * What is wanted of an instance. `Running`: relaunch it when it ends. `Stopped`: kill it, keep it with its volumes.
 * `Decommissioned`: kill it and forget it. `Frozen`: out of rotation, kept as it is for a person to look at, and replaced.
 */
export type InstanceGoal = 'Running' | 'Stopped' | 'Decommissioned' | 'Frozen';

/** What becomes of one that is to go: it is kept with its volumes, or forgotten. */
export type Departure = Extract<InstanceGoal, 'Stopped' | 'Decommissioned'>;

/**
 * An instance. Its id is `<app id segments joined by _>.instance-<uuid>` and survives relaunches on the same version;
 * each launch has a task id `<instance id>._app.<incarnation>`. Times are milliseconds since the Unix epoch.
 * Replaced as a whole, never changed in place.
 */
export interface Instance {
  readonly id: string;
  readonly appId: string;
  /** The app version (timestamp text) it is to run, or runs. */
  readonly appVersion: string;
  readonly goal: InstanceGoal;
  readonly condition: InstanceCondition;
  /** When the condition began. */
  readonly since: number;
  /** Counts launches from 1; 0 while never launched. */
  readonly incarnation: number;
  /** The place of the current launch; undefined while scheduled. */
  readonly place: AgentPlace | undefined;
  /** Host ports of the current launch, in the order of the app's definitions, without those that have no host port. */
  readonly hostPorts: readonly number[];
  readonly ipAddresses: readonly { readonly ipAddress: string; readonly protocol: string }[];
  /** The last state that Mesos told, undefined before the first. */
  readonly taskState: TaskState | undefined;
  readonly stagedAt: number | undefined;
  readonly startedAt: number | undefined;
  /** Undefined: no result yet. */
  readonly healthy: boolean | undefined;
  readonly health: readonly HealthResult[];
  readonly readiness: readonly ReadinessResult[];
  /** The last result of the `check` of an app that has one. */
  readonly checkStatus?: CheckStatusInfo | undefined;
  /** The containers of the current launch, for an instance of a pod; what is above then is of all of them together. */
  readonly tasks?: readonly PodTask[];
  /** What is set aside for it on its agent, for an instance with persistent volumes that was launched. */
  readonly reservation?: Reservation;
  /** Until when it drains: out of rotation, still running. Undefined unless it does. */
  readonly drainUntil: number | undefined;
}

/** The task id of the current launch; of a pod, that of its first container. Only for an instance that was launched. */
export function taskIdOf(instance: Pick<Instance, 'id' | 'incarnation' | 'tasks'>): string {
  return `${instance.id}.${instance.tasks?.[0]?.name ?? '_app'}.${String(instance.incarnation)}`;
}

/** All task ids of the current launch: one of an app, one for each container of a pod. */
export function taskIdsOf(instance: Pick<Instance, 'id' | 'incarnation' | 'tasks'>): readonly string[] {
  return instance.tasks === undefined ? [taskIdOf(instance)] : podTaskIds(instance, instance.tasks);
}

/** Whether an instance has a place and is on its way to run: its image may be being brought. */
export function isComingUp({ condition }: Pick<Instance, 'condition'>): boolean {
  return condition === 'Provisioned' || condition === 'Staging' || condition === 'Starting';
}
