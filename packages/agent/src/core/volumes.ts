/** Persistent volumes: directories that outlive their tasks, made and wiped by the operations of a framework. */
import type { Resource } from '@stadion/contract/mesos';

/** Which volume: its id is unique within the role that it is reserved for. */
export interface VolumeId {
  readonly role: string;
  readonly id: string;
}

/** Whether a resource is a volume. */
export function isVolume(resource: Resource): boolean {
  return resource.disk?.persistence !== undefined;
}

/** The volume that a resource is, or undefined. */
export function volumeIdOf(resource: Resource): VolumeId | undefined {
  const id = resource.disk?.persistence?.id;
  if (id === undefined) return undefined;
  return { role: resource.reservations?.at(-1)?.role ?? resource.role ?? '*', id };
}

/** The volumes among resources. */
export function volumesOf(resources: readonly Resource[]): readonly VolumeId[] {
  return resources.flatMap((resource) => volumeIdOf(resource) ?? []);
}

/** A key for a volume: no role holds a NUL. */
export function volumeKey({ role, id }: VolumeId): string {
  return `${role}\0${id}`;
}

/** Those of the first list that are not in the second. */
export function withoutVolumes(volumes: readonly VolumeId[], others: readonly VolumeId[]): readonly VolumeId[] {
  const keys = new Set(others.map(volumeKey));
  return volumes.filter((volume) => !keys.has(volumeKey(volume)));
}
