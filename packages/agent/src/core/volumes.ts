/** Persistent volumes: directories that outlive their tasks, made and wiped by the operations of a framework. */
import { Type, type Static } from '@sinclair/typebox';
import type { Resource } from '@stadion/contract/mesos';

/**
 * A disk of its own: under a directory of the type `PATH` there may be many volumes; of the type `MOUNT` it is a file system that
 * is one volume as a whole.
 */
export const OwnDisk = Type.Object({
  type: Type.Union([Type.Literal('PATH'), Type.Literal('MOUNT')]),
  root: Type.String(),
});
export type OwnDisk = Readonly<Static<typeof OwnDisk>>;

/** Which volume: its id is unique within the role that it is reserved for. */
export const VolumeId = Type.Object({
  role: Type.String(),
  id: Type.String(),
  /** Where it is, unless it is on the disk of the work directory. */
  disk: Type.Optional(OwnDisk),
});
export type VolumeId = Readonly<Static<typeof VolumeId>>;

/** The disk of its own that a resource is on; undefined: that of the work directory. */
export function ownDiskOf({ disk }: Resource): OwnDisk | undefined {
  const source = disk?.source;
  return source && { type: source.type, root: (source.path ?? source.mount)?.root ?? '' };
}

/** Whether a resource is a volume. */
export function isVolume(resource: Resource): boolean {
  return resource.disk?.persistence !== undefined;
}

/** The volume that a resource is, or undefined. */
export function volumeIdOf(resource: Resource): VolumeId | undefined {
  const id = resource.disk?.persistence?.id;
  if (id === undefined) return undefined;
  const disk = ownDiskOf(resource);
  const role = resource.reservations?.at(-1)?.role ?? resource.role ?? '*';
  return { role, id, ...(disk !== undefined && { disk }) };
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
