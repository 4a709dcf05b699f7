/** Where a task can be reached, in the shape of its status. */
import type { TaskStatus } from '@stadion/contract/mesos';
import type { RecoveredContainer } from './container.ts';

/** The networks of a container status. */
export type NetworkInfos = NonNullable<NonNullable<TaskStatus['container_status']>['network_infos']>;

/** One network with these addresses. */
export function networkInfosOf(addresses: readonly string[]): NetworkInfos {
  const ip_addresses = addresses.map((address) => ({
    protocol: address.includes(':') ? 'IPv6' : 'IPv4',
    ip_address: address,
  }));
  return [{ ip_addresses }];
}

/** The addresses of a container's own, where it has any. */
export function addressesOf(container: RecoveredContainer | undefined): readonly string[] {
  return container?.state === 'running' ? (container.addresses ?? []) : [];
}
