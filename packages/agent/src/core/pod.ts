/** Pods: tasks that share a sandbox and a network, start together, and end together (Mesos's default executor). */
import type { ContainerInfo, Resource, TaskInfo } from '@stadion/contract/mesos';
import type { ExecutorInfo } from '@stadion/contract/mesos-workload';
import { isVolume, volumeIdOf, type VolumeId } from './volumes.ts';

/** The pod that a task belongs to, or its custom executor. One object for all its tasks. */
export interface TaskPod {
  /** The container id of its executor, which names the sandbox of the pod. */
  readonly podId: string;
  readonly executor: ExecutorInfo;
  /** Its containers run as several users: what they share is open to all of them. */
  readonly hasSeveralUsers: boolean;
}

/** True when a custom executor runs its tasks. The pod is then all that it runs, in its own sandbox. */
export function isExecuted(pod: TaskPod | undefined): boolean {
  return pod?.executor.type === 'CUSTOM';
}

/** What of a task tells its container. */
interface Contained {
  readonly pod?: TaskPod | undefined;
  readonly containerId: string;
}

/** The name of the container that a task runs in: its own, or that of the custom executor that runs it. */
export function containerNameOf({ pod, containerId }: Contained): string {
  return pod !== undefined && isExecuted(pod) ? pod.podId : containerId;
}

/** The same as Mesos has it: a container of a pod is inside that of the pod's executor. */
export function containerIdOf(task: Contained): {
  readonly value: string;
  readonly parent?: { readonly value: string };
} {
  const value = containerNameOf(task);
  return task.pod === undefined || isExecuted(task.pod) ? { value } : { value, parent: { value: task.pod.podId } };
}

/** Something that appears in the sandbox of a task. `containerPath` and `readOnly` are as the task wants them. */
export interface MountSource {
  readonly from:
    /** It may hold so much; a disk that is a volume as a whole has its own end. */
    | { readonly kind: 'volume'; readonly volume: VolumeId; readonly limitMebibytes: number | undefined }
    /** A directory in the sandbox of the pod, which its containers share. */
    | { readonly kind: 'shared'; readonly name: string };
  readonly containerPath: string;
  readonly readOnly: boolean;
}

/** All volumes that the agent itself provides to a task: persistent ones, and directories of sandboxes. */
export function mountSources(info: TaskInfo, pod: TaskPod | undefined): readonly MountSource[] {
  const own = info.resources.flatMap((resource) => persistentSource(resource));
  const volumes = info.container?.volumes ?? [];
  return [...own, ...volumes.flatMap((volume) => sandboxSource(volume, pod))];
}

/** Says in a sentence what is wrong with the volumes of a task, or nothing. */
export function findVolumeProblem(info: TaskInfo, pod: TaskPod | undefined): string | undefined {
  for (const { source } of info.container?.volumes ?? []) {
    if (source?.type !== 'SANDBOX_PATH') continue;
    const { type, path = '' } = source.sandbox_path ?? {};
    // One name: what lies deeper belongs to the containers, which could lead the agent elsewhere.
    if (type !== 'PARENT' || !isName(path)) return 'A volume in the sandbox is one name in the sandbox of the pod';
    if (pod === undefined) return 'Only tasks of a pod have a sandbox that they share';
  }
  return undefined;
}

type Volume = NonNullable<ContainerInfo['volumes']>[number];

function persistentSource(resource: Resource): readonly MountSource[] {
  const volume = volumeIdOf(resource);
  if (volume === undefined) return [];
  const { mode = 'RW', container_path: containerPath = '' } = resource.disk?.volume ?? {};
  return [{ from: fromVolume(resource, volume), containerPath, readOnly: mode === 'RO' }];
}

function sandboxSource(
  { source, container_path: containerPath, mode }: Volume,
  pod: TaskPod | undefined,
): MountSource[] {
  const place = source?.type === 'SANDBOX_PATH' ? source.sandbox_path : undefined;
  if (place === undefined) return [];
  const readOnly = mode === 'RO';
  // A persistent volume of the pod is at its container path in the shared sandbox.
  const resource = pod?.executor.resources.find(
    (each) => isVolume(each) && each.disk?.volume?.container_path === place.path,
  );
  const volume = resource && volumeIdOf(resource);
  const from: MountSource['from'] =
    resource === undefined || volume === undefined
      ? { kind: 'shared', name: place.path }
      : fromVolume(resource, volume);
  return [{ from, containerPath, readOnly }];
}

function fromVolume({ scalar }: Resource, volume: VolumeId): MountSource['from'] {
  return { kind: 'volume', volume, limitMebibytes: volume.disk?.type === 'MOUNT' ? undefined : scalar?.value };
}

function isName(path: string): boolean {
  return path !== '' && path !== '.' && path !== '..' && !path.includes('/') && !path.includes('\0');
}
