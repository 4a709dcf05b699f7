/** Takes in what Mesos tells about tasks: ours are updated and acknowledged, strangers are ended. */
import type { Clock } from '@stadion/base';
import type { TaskStatus } from '@stadion/contract/mesos';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { formatTimestamp } from '../core/app/timestamp.ts';
import { exhaustedCheck, healthChanges } from '../core/health.ts';
import { parseTaskId } from '../core/instance-ids.ts';
import { taskIdOf, type Instance } from '../core/instance.ts';
import { applyStatus, conditionOf } from '../core/instance-update.ts';
import { isOver } from '../core/pod/pod-tasks.ts';
import { podOf } from '../core/pod/run-spec.ts';
import { confirmedBy } from '../core/residency/confirmation.ts';
import { isUnreachable } from '../core/unreachable.ts';
import type { Counters } from './counters.ts';
import type { ListenerFeed } from './event-feed.ts';
import type { Fleet } from './fleet.ts';
import type { Journal } from './journal.ts';
import type { LaunchWatch } from './launch-watch.ts';
import type { Lifecycle } from './lifecycle.ts';
import { SHARED_ADDRESSES_MAX } from './limits.ts';
import type { MasterLink } from './master-link.ts';
import type { ReservationKeeper } from './reservation-keeper.ts';
import type { RootState } from './root-state.ts';
import type { UnreachableWatch } from './unreachable-watch.ts';

interface StatusHandlerParts {
  readonly fleet: Fleet;
  readonly root: RootState;
  readonly link: MasterLink;
  readonly journal: Journal;
  readonly feed: ListenerFeed;
  readonly lifecycle: Lifecycle;
  readonly launchWatch: LaunchWatch;
  readonly reservations: ReservationKeeper;
  readonly unreachableWatch: UnreachableWatch;
  readonly clock: Clock;
  readonly counters: Counters;
  /** Instances whose records are damaged: their tasks are known to exist, so they are left alone. */
  readonly damaged: ReadonlySet<string>;
}

/** One per engine; called inside turns. */
export class StatusHandler {
  private readonly parts: StatusHandlerParts;
  private readonly addresses = new Map<string, Instance['ipAddresses']>();

  constructor(parts: StatusHandlerParts) {
    this.parts = parts;
  }

  handle(status: TaskStatus): void {
    const { fleet, link, counters } = this.parts;
    counters.add(counterOf(status.state));
    const instance = fleet.byTaskId(status.task_id.value);
    if (instance === undefined) this.handleStranger(status);
    else this.handleOwn(instance, status);
    // Leaves with the turn's other effects, after the change is durable.
    if (status.uuid !== undefined && status.agent_id !== undefined) {
      link.acknowledge(status.task_id.value, status.agent_id.value, status.uuid);
    }
  }

  private handleOwn(instance: Instance, status: TaskStatus): void {
    const { fleet, root, feed, lifecycle, launchWatch, unreachableWatch, clock } = this.parts;
    const definition = root.appAtVersion(instance.appId, instance.appVersion);
    const checks =
      instance.tasks === undefined ? (definition?.healthChecks?.length ?? 0) : checkedContainers(definition);
    const outcome = applyStatus(instance, status, clock.now(), this.share, checks);
    if (outcome.kind === 'unchanged') {
      if (feed.isHeard && tellsProgress(status)) this.announceStatus(instance, status);
      return;
    }
    const next = outcome.instance;
    if (feed.isHeard && tellsNewState(instance, next)) this.announceStatus(next, status);
    if (outcome.kind === 'ended') {
      lifecycle.taskEnded(next, outcome.end);
      return;
    }
    // One with volumes is killed when its agent is back, and goes on from there.
    const isLeaving = instance.condition === 'Killing' && instance.reservation === undefined;
    if ((isLeaving || instance.goal === 'Decommissioned') && isUnreachable(next)) {
      // Out of reach, and on its way out before: nobody waits for it. Should it come back, it is unknown and ends; kept,
      // it would be an instance that is to run, and a restart of ours would forget that its end was promised.
      lifecycle.forget(next);
      return;
    }
    fleet.update(next);
    if (next.condition !== instance.condition) {
      const cameUp = next.condition === 'Staging' || next.condition === 'Starting' || next.condition === 'Running';
      if (cameUp) lifecycle.cameUp(next);
      if (next.condition === 'Running') launchWatch.forget(next.id);
      // A pod of which one container has ended badly: its agent ends the others, and is asked to in case it does not.
      if (next.condition === 'Killing' && next.tasks?.some(({ state }) => state !== undefined && isOver(state))) {
        lifecycle.killTask(next);
      }
      if (isUnreachable(next) && !isUnreachable(instance)) unreachableWatch.add(next);
      if (isUnreachable(instance) && !isUnreachable(next)) unreachableWatch.forget(next.id);
    }
    if (next.health !== instance.health) this.handleHealth(instance, next);
  }

  private handleHealth(before: Instance, after: Instance): void {
    const { root, feed, journal, clock, lifecycle, counters } = this.parts;
    const app = root.appAtVersion(after.appId, after.appVersion);
    if (app === undefined) return;
    const timestamp = formatTimestamp(clock.now());
    if (feed.isHeard) {
      const changes = healthChanges(before.health, after.health);
      for (const index of changes.failed) {
        const healthCheck = app.healthChecks?.[index];
        if (healthCheck === undefined) continue;
        // The field is named for a task and holds the instance id: so it is in Marathon.
        const taskId = after.id;
        journal.emit({ eventType: 'failed_health_check_event', timestamp, appId: after.appId, taskId, healthCheck });
      }
      for (const { alive } of changes.flipped) {
        journal.emit({
          eventType: 'health_status_changed_event',
          timestamp,
          appId: after.appId,
          instanceId: after.id,
          version: after.appVersion,
          alive,
        });
      }
    }
    const exhausted = exhaustedCheck(after.health, app);
    if (exhausted === undefined || after.condition !== 'Running' || after.goal !== 'Running') return;
    const reason = exhausted.last_failure_cause ?? 'the check failed too often';
    counters.add('tasks.unhealthy.kills.counter');
    if (feed.isHeard) {
      journal.emit({
        eventType: 'unhealthy_instance_kill_event',
        timestamp,
        appId: after.appId,
        taskId: taskIdOf(after),
        instanceId: after.id,
        version: after.appVersion,
        reason,
        host: after.place?.hostname ?? '',
        ...(after.place !== undefined && { slaveId: after.place.agentId }),
      });
    }
    const message = `Task was killed since health check failed. Reason: ${reason}`;
    lifecycle.recordFailure(after, 'TASK_KILLED', message);
    lifecycle.killTask(after);
  }

  /** A task of ours that we do not know, or no longer: nothing may run that nobody answers for. */
  private handleStranger(status: TaskStatus): void {
    const { fleet, link, journal, feed, clock, counters, damaged, reservations } = this.parts;
    const taskId = status.task_id.value;
    const instanceId = parseTaskId(taskId)?.instanceId;
    if (instanceId !== undefined && damaged.has(instanceId)) return;
    this.handleFormer(status, instanceId);
    if (instanceId !== undefined) reservations.taskHeardOf(instanceId, status.agent_id?.value ?? '');
    if (!isOver(status.state)) {
      if (status.state === 'TASK_UNREACHABLE') return;
      counters.add('tasks.unknown.kills.counter');
      link.kill(taskId, status.agent_id?.value);
      return;
    }
    // What was reserved for it is free to be given back.
    reservations.search();
    this.explainFailure(status);
    if (!feed.isHeard || status.state === 'TASK_UNKNOWN' || status.reason === 'REASON_RECONCILIATION') return;
    journal.emit({
      eventType: 'unknown_instance_terminated_event',
      timestamp: formatTimestamp(clock.now()),
      instanceId: instanceId ?? taskId,
      runSpecId: fleet.appIdOfTask(taskId),
      condition: conditionOf(status),
    });
  }

  /** A task of an earlier launch may be the one that wrote on the volumes of the present one. */
  private handleFormer(status: TaskStatus, instanceId: string | undefined): void {
    const { fleet } = this.parts;
    const instance = instanceId === undefined ? undefined : fleet.instance(instanceId);
    if (instance === undefined) return;
    const next = confirmedBy(instance, status);
    if (next !== instance) fleet.update(next);
  }

  /** A master that is asked says that a task failed, and not why: its agent does, when that is heard after it. */
  private explainFailure({ task_id, state, uuid, message }: TaskStatus): void {
    const { fleet } = this.parts;
    const failure = fleet.lastFailure(fleet.appIdOfTask(task_id.value));
    if (failure?.taskId !== task_id.value || failure.state !== state) return;
    if (uuid === undefined || message === undefined || message === failure.message) return;
    fleet.recordFailure({ ...failure, message });
  }

  private announceStatus(instance: Instance, status: TaskStatus): void {
    const { journal, clock } = this.parts;
    journal.emit({
      eventType: 'status_update_event',
      timestamp: formatTimestamp(clock.now()),
      slaveId: instance.place?.agentId ?? '',
      taskId: status.task_id.value,
      taskStatus: status.state,
      message: status.message ?? '',
      appId: instance.appId,
      host: instance.place?.hostname ?? '',
      ipAddresses: [...instance.ipAddresses],
      ports: [...instance.hostPorts],
      version: instance.appVersion,
    });
  }

  /** Agents give the same address to task after task: one list serves them all. */
  private readonly share = (addresses: Instance['ipAddresses']): Instance['ipAddresses'] => {
    const key = addresses.map((address) => `${address.protocol}/${address.ipAddress}`).join(' ');
    const known = this.addresses.get(key);
    if (known !== undefined) return known;
    if (this.addresses.size >= SHARED_ADDRESSES_MAX) this.addresses.clear();
    this.addresses.set(key, addresses);
    return addresses;
  };
}

const counterNames = new Map<TaskStatus['state'], string>();

/** The counter of updates with a state; its name is made once. */
function counterOf(state: TaskStatus['state']): string {
  let name = counterNames.get(state);
  if (name === undefined) {
    name = `mesos.task-updates.${state.toLowerCase().replaceAll('_', '-')}.counter`;
    counterNames.set(state, name);
  }
  return name;
}

/** A start that takes long says how far it is. That is news and nothing to remember. */
function tellsProgress({ state, message, reason }: TaskStatus): boolean {
  return state === 'TASK_STARTING' && (message ?? '') !== '' && reason !== 'REASON_RECONCILIATION';
}

/** Whether the task that a status is about has come into another state. */
function tellsNewState(before: Instance, after: Instance): boolean {
  if (after.tasks === undefined) return after.taskState !== before.taskState;
  return after.tasks.some(({ state }, index) => state !== before.tasks?.[index]?.state);
}

/** The names of a pod's containers that have a health check. */
function checkedContainers(definition: AppDefinition | undefined): ReadonlySet<string> {
  const containers = (definition && podOf(definition))?.containers ?? [];
  return new Set(containers.filter(({ healthCheck }) => healthCheck !== undefined).map(({ name }) => name));
}
