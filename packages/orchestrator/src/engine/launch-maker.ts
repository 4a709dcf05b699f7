/** Launches instances where they were placed: each is written down as launched, and all of one offer leave in one ACCEPT. */
import { randomUuid, type Clock, type Random } from '@stadion/base';
import type { Offer, OfferOperation, TaskInfo } from '@stadion/contract/mesos';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { isResident } from '../core/app/spec.ts';
import { taskIdOf, type Instance } from '../core/instance.ts';
import { provisioned } from '../core/instance-update.ts';
import { wantedHostPorts } from '../core/placement/demand.ts';
import type { Placement, PreparedOffer } from '../core/placement/types.ts';
import { podOf } from '../core/pod/run-spec.ts';
import type { TaskGroup } from '../core/pod/task-group.ts';
import { newReservation } from '../core/residency/reservation.ts';
import type { Counters } from './counters.ts';
import type { Fleet } from './fleet.ts';
import type { LaunchGroup, LaunchQueue } from './launch-queue.ts';
import type { LaunchWatch } from './launch-watch.ts';
import type { MasterLink } from './master-link.ts';
import type { OfferPool } from './offer-pool.ts';

/** What an instance is launched as: one task, or the tasks of a pod with their executor. */
export type LaunchDescription = (
  { readonly kind: 'task'; readonly task: TaskInfo } | ({ readonly kind: 'group' } & TaskGroup)
) & {
  /** What has to be done first: reserving, and making volumes. */
  readonly before?: readonly OfferOperation[];
};

/** Makes the description of an instance for the agent. */
export type DescribeLaunch = (launch: {
  readonly app: AppDefinition;
  readonly instance: Instance;
  readonly taskId: string;
  readonly offer: Offer;
  readonly hostPorts: Placement['hostPorts'];
  /** Whether it runs on what is reserved for it already. */
  readonly isRelaunch: boolean;
}) => LaunchDescription;

/** What is to be launched on one offer. */
export interface PlannedOffer {
  readonly offer: PreparedOffer;
  readonly placements: Placement[];
  /** Instances that run again on what this offer holds for them. */
  readonly relaunches: { readonly group: PlannedGroup; readonly instance: Instance }[];
}

/** A group with an iterator over its waiting instances that all offers share: starting over for each takes quadratic time. */
export interface PlannedGroup extends LaunchGroup {
  readonly waiting: Iterator<string>;
}

interface LaunchMakerParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly fleet: Fleet;
  readonly queue: LaunchQueue;
  readonly pool: OfferPool;
  readonly link: MasterLink;
  readonly launchWatch: LaunchWatch;
  readonly counters: Counters;
  readonly describe: DescribeLaunch;
}

/** One per engine; called inside turns. */
export class LaunchMaker {
  private readonly parts: LaunchMakerParts;

  constructor(parts: LaunchMakerParts) {
    this.parts = parts;
  }

  /** Has an instance find another place: an offer shows that its launch never reserved anything, and nobody heard of it. */
  forsake(instance: Instance): void {
    const { fleet } = this.parts;
    const { reservation: _reservation, ...waiting } = instance;
    if (fleet.instance(instance.id) === instance) fleet.update(waiting);
  }

  /** Launches what was placed on one offer, with a single ACCEPT. */
  accept(groups: readonly PlannedGroup[], planned: PlannedOffer): number {
    const { offer: prepared, placements, relaunches } = planned;
    const { pool, link, counters } = this.parts;
    const offerId = prepared.offer.id.value;
    // Withdrawn since it was matched: those placed on it wait on.
    if (!pool.holds(offerId)) return 0;
    const launches: LaunchDescription[] = [];
    for (const placement of placements) {
      const group = groups[placement.request];
      const launch = group && this.launchOne(group, prepared, placement);
      if (launch !== undefined) launches.push(launch);
    }
    for (const { group, instance } of relaunches) {
      const launch = this.relaunch(group, prepared, instance);
      if (launch !== undefined) launches.push(launch);
    }
    // Still held and not used after all: declined at the end of the round.
    if (launches.length === 0) return 0;
    pool.remove(offerId);
    counters.add('tasks.launched.counter', launches.length);
    link.send({
      type: 'ACCEPT',
      ...link.own(),
      accept: {
        offer_ids: [prepared.offer.id],
        operations: operationsOf(launches),
        filters: { refuse_seconds: 0 },
      },
    });
    return launches.length;
  }

  private launchOne(
    group: PlannedGroup,
    prepared: PreparedOffer,
    { hostPorts, disks }: Placement,
  ): LaunchDescription | undefined {
    const { describe, pool, random } = this.parts;
    const { definition } = group;
    const instance = this.nextWaiting(group);
    // Fewer wait than when they were matched.
    if (instance === undefined) return undefined;
    const { place, offer } = prepared;
    // A copy of exactly the right size: what a filter makes has room for 16 more, and there is one per instance.
    const ports = hostPorts.filter((port) => port !== undefined).slice();
    const role = offer.allocation_info.role;
    const reservation = isResident(definition)
      ? newReservation(
          definition,
          { place, role, hostPorts: ports, incarnation: instance.incarnation + 1 },
          disks,
          () => randomUuid(random),
        )
      : undefined;
    const launched = this.begin(instance, definition, { place, hostPorts: ports, ...(reservation && { reservation }) });
    pool.launchedOn(prepared, definition, disks);
    return describe({
      app: definition,
      instance: launched,
      taskId: taskIdOf(launched),
      offer,
      hostPorts,
      isRelaunch: false,
    });
  }

  /** Launches an instance again where its volumes are. */
  private relaunch(group: PlannedGroup, prepared: PreparedOffer, found: Instance): LaunchDescription | undefined {
    const { queue, describe } = this.parts;
    const { definition, app } = group;
    const instance = app.all.get(found.id);
    const { offer } = prepared;
    // It may have changed since it was matched.
    if (instance?.reservation?.place.agentId !== offer.agent_id.value || !app.scheduled.has(found.id)) return undefined;
    if (queue.definitionFor(app, instance.appVersion) !== definition) return undefined;
    const { hostPorts } = instance.reservation;
    const rest = [...hostPorts];
    const launched = this.begin(instance, definition, { place: prepared.place, hostPorts });
    return describe({
      app: definition,
      instance: launched,
      taskId: taskIdOf(launched),
      offer,
      hostPorts: wantedHostPorts(definition).map((port) => (port === undefined ? undefined : rest.shift())),
      isRelaunch: true,
    });
  }

  private begin(
    instance: Instance,
    definition: AppDefinition,
    where: Pick<Parameters<typeof provisioned>[1], 'place' | 'hostPorts' | 'reservation'>,
  ): Instance {
    const { fleet, clock, launchWatch } = this.parts;
    const now = clock.now();
    const launched = provisioned(instance, {
      appVersion: definition.version,
      ...where,
      ...containersOf(definition),
      now,
    });
    fleet.update(launched);
    launchWatch.add(launched.id);
    return launched;
  }

  /** The next instance that still waits and belongs to the group's definition. */
  private nextWaiting({ app, definition, waiting }: PlannedGroup): Instance | undefined {
    for (let next = waiting.next(); next.done !== true; next = waiting.next()) {
      const instance = app.all.get(next.value);
      if (instance === undefined || instance.reservation !== undefined) continue;
      if (this.parts.queue.definitionFor(app, instance.appVersion) === definition) return instance;
    }
    return undefined;
  }
}

/** What has to be done first, then the tasks together, and each pod as a whole. */
function operationsOf(launches: readonly LaunchDescription[]): OfferOperation[] {
  const tasks = launches.flatMap((launch) => (launch.kind === 'task' ? [launch.task] : []));
  const groups = launches.flatMap((launch): OfferOperation[] => {
    if (launch.kind === 'task') return [];
    const { executor, tasks: members } = launch;
    return [{ type: 'LAUNCH_GROUP', launch_group: { executor, task_group: { tasks: [...members] } } }];
  });
  const before = launches.flatMap((launch) => launch.before ?? []);
  if (tasks.length === 0) return [...before, ...groups];
  return [...before, { type: 'LAUNCH', launch: { task_infos: tasks } }, ...groups];
}

function containersOf(definition: AppDefinition): { readonly containers?: readonly string[] } {
  const pod = podOf(definition);
  return pod === undefined ? {} : { containers: pod.containers.map(({ name }) => name) };
}
