/** What is set aside on one agent for an instance with persistent volumes, under the names that Marathon gives it. */
import type { Labels } from '@stadion/contract/mesos';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import type { AgentPlace } from '../agent-place.ts';
import type { AssignedDisk } from '../placement/own-disks.ts';
import { persistentVolumesOf } from '../app/spec.ts';
import { safeIdOf } from '../instance-ids.ts';

/** A volume of one instance. */
export interface LocalVolume {
  /** The path in the container of an app; the name of the volume in a pod. */
  readonly containerPath: string;
  /** `<safe app id>#<container path>#<uuid>`: the volume's id on the agent. Never used for a second volume. */
  readonly persistenceId: string;
  /** The disk of its own that it is on, and how much of it, in MiB; undefined: the agent's root disk. */
  readonly disk?: { readonly type: 'path' | 'mount'; readonly root: string; readonly mib: number };
}

/** Kept from the first launch of an instance until it is forgotten. */
export interface Reservation {
  readonly place: AgentPlace;
  /** The role that it is for. */
  readonly role: string;
  readonly volumes: readonly LocalVolume[];
  /** The host ports of the first launch, which every later one has again. */
  readonly hostPorts: readonly number[];
  /** The incarnation whose launch made it: what its tasks and those of later ones report is about this reservation. */
  readonly incarnation: number;
  /** Whether a task of the instance got as far as the agent: from then on the volumes may hold something. */
  readonly isConfirmed: boolean;
}

/** @param newUuid a new one at each call */
export function newReservation(
  app: AppDefinition,
  launch: Pick<Reservation, 'place' | 'role' | 'hostPorts' | 'incarnation'>,
  disks: readonly AssignedDisk[],
  newUuid: () => string,
): Reservation {
  const volumes = persistentVolumesOf(app).map(({ name }): LocalVolume => {
    const disk = disks.find(({ volume }) => volume === name);
    return {
      containerPath: name,
      persistenceId: [safeIdOf(app.id), name, newUuid()].join('#'),
      ...(disk !== undefined && { disk: { type: disk.type, root: disk.root, mib: disk.milli / 1000 } }),
    };
  });
  return { ...launch, volumes, isConfirmed: false };
}

const FRAMEWORK_LABEL = 'marathon_framework_id';
/** Holds the id of the instance, not of a task: so it is in Marathon. */
const INSTANCE_LABEL = 'marathon_task_id';

/** Whose a reservation is. */
export function reservationLabels(frameworkId: string, instanceId: string): Labels {
  return {
    labels: [
      { key: FRAMEWORK_LABEL, value: frameworkId },
      { key: INSTANCE_LABEL, value: instanceId },
    ],
  };
}

/** The instance that a reservation of this framework is for; undefined when it is of somebody else. */
export function instanceOfLabels(labels: Labels | undefined, frameworkId: string): string | undefined {
  const valueOf = (wanted: string) => labels?.labels.find(({ key }) => key === wanted)?.value;
  return valueOf(FRAMEWORK_LABEL) === frameworkId ? valueOf(INSTANCE_LABEL) : undefined;
}

/** What of a persistence id is its own, for the API. */
export function uuidOf({ persistenceId }: LocalVolume): string {
  return persistenceId.slice(persistenceId.lastIndexOf('#') + 1);
}
