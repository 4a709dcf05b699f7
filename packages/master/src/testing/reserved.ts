/** Reserved resources and volumes as a framework names them. */
import type { Resource } from '@stadion/contract/mesos';

/** Resources, dynamically reserved for a role. */
export function reserved(resources: readonly Resource[], role: string): Resource[] {
  return resources.map((resource) => ({
    ...resource,
    reservations: [
      { type: 'DYNAMIC', role, principal: 'test', labels: { labels: [{ key: 'instance', value: 'i1' }] } },
    ],
  }));
}

/** A disk of its own, which nobody has reserved. */
export function ownDisk(type: 'PATH' | 'MOUNT', root: string, mib: number): Resource {
  const source = type === 'PATH' ? { type, path: { root } } : { type, mount: { root } };
  return { name: 'disk', type: 'SCALAR', scalar: { value: mib }, disk: { source } };
}

/** A volume of this many MiB. */
export function volume(id: string, mib: number, role: string): Resource {
  const [disk] = reserved([{ name: 'disk', type: 'SCALAR', scalar: { value: mib } }], role);
  return {
    ...(disk as Resource),
    disk: { persistence: { id }, volume: { mode: 'RW', container_path: 'data' } },
  };
}
