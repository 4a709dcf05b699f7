/** Volumes that stay with an instance, as rows: of an app and of a pod alike. */
import type { AppDefinition, Task } from '@stadion/contract/orchestrator';
import type { PodStatus } from '@stadion/contract/orchestrator-pods';
import { stateWords, type EventTone } from './event-words.ts';
import { podInstanceWords } from './pod-row.ts';

/** One persistent volume of one instance. */
export interface VolumeRow {
  /** The volume's id on its agent. */
  readonly id: string;
  readonly name: string;
  /** MiB that are reserved for it; undefined where the definition that it was made by is gone. */
  readonly size: number | undefined;
  /** Where its tasks find it: below the sandbox, unless it begins with a slash. */
  readonly containerPaths: readonly string[];
  readonly mode: string;
  readonly host: string;
  readonly agentId: string | undefined;
  /** The task that has it or had it last; the first of a pod's. */
  readonly taskId: string;
  readonly isAttached: boolean;
  /** How the instance is that it belongs to. */
  readonly instance: { readonly tone: EventTone; readonly word: string };
}

/** A volume that an instance mounts and that does not belong to it. */
export interface OtherVolume {
  readonly containerPath: string;
  readonly kind: string;
  readonly source: string;
  readonly mode: string;
}

/** Whether an app keeps data with its instances. */
export function keepsVolumes({ container }: Pick<AppDefinition, 'container'>): boolean {
  return container?.volumes.some(({ persistent }) => persistent !== undefined) === true;
}

/** The volumes of some tasks of an app, in the order of tasks. */
export function appVolumes(
  { container }: Pick<AppDefinition, 'container'>,
  tasks: readonly Task[],
): readonly VolumeRow[] {
  return tasks.flatMap((task) =>
    task.localVolumes.map(({ persistenceId, containerPath }) => {
      const declared = container?.volumes.find((volume) => volume.containerPath === containerPath);
      return {
        id: persistenceId,
        name: containerPath,
        size: declared?.persistent?.size,
        containerPaths: [containerPath],
        mode: declared?.mode ?? 'RW',
        host: task.host,
        agentId: task.slaveId,
        taskId: task.id,
        isAttached: task.startedAt !== undefined,
        instance: stateWords(task.state),
      };
    }),
  );
}

/** The volumes of all instances of a pod. */
export function podVolumes({ spec, instances }: Pick<PodStatus, 'spec' | 'instances'>): readonly VolumeRow[] {
  return instances.flatMap(({ localVolumes, containers, agentHostname, agentId, status, id }) =>
    localVolumes.map(({ persistenceId, containerPath: name }) => {
      const mounts = spec.containers.flatMap((container) =>
        (container.volumeMounts ?? [])
          .filter((mount) => mount.name === name)
          .map(({ mountPath, readOnly }) => ({ container: container.name, mountPath, readOnly: readOnly === true })),
      );
      const [first] = mounts;
      const task = containers.find((container) => container.name === first?.container) ?? containers[0];
      return {
        id: persistenceId,
        name,
        size: spec.volumes?.find((volume) => volume.name === name)?.persistent?.size,
        containerPaths: mounts.map(({ container, mountPath }) => `${container}: ${mountPath}`),
        mode: mounts.length > 0 && mounts.every(({ readOnly }) => readOnly) ? 'RO' : 'RW',
        host: agentHostname ?? '',
        agentId,
        taskId: task?.containerId ?? id,
        isAttached: status === 'STABLE' || status === 'DEGRADED',
        instance: podInstanceWords(status),
      };
    }),
  );
}

/** What else the instances of an app mount. */
export function otherVolumes({ container }: Pick<AppDefinition, 'container'>): readonly OtherVolume[] {
  return (container?.volumes ?? []).flatMap((volume): OtherVolume[] => {
    const { containerPath, mode = 'RW', hostPath, external, secret } = volume;
    if (hostPath !== undefined) return [{ containerPath, mode, kind: 'Of the node', source: hostPath }];
    if (secret !== undefined) return [{ containerPath, mode: 'RO', kind: 'Secret', source: secret }];
    if (external === undefined) return [];
    const { name, provider } = external;
    const source = [provider, name].filter((part) => typeof part === 'string').join(': ');
    return [{ containerPath, mode, kind: 'By a driver', source }];
  });
}
