/** From which of its addresses a machine that joins reaches the cluster. */
import { connect, isIP } from 'node:net';
import type { JoinToken } from '@stadion/access';
import { PlatformError, describeError } from '@stadion/base';
import { zooKeeperServers } from '@stadion/store';

const ROUTE_MS_MAX = 5_000;

/** Where a machine that joins has to get to. */
type Whereabouts = Pick<JoinToken, 'masters' | 'zk'>;

/** The address of this machine that the way to the cluster leaves from. @throws PlatformError `cluster-unreachable` */
export async function ownAddressTowards(cluster: Whereabouts): Promise<string> {
  const problems: string[] = [];
  for (const end of endsOf(cluster)) {
    try {
      return await localAddressTowards(end);
    } catch (error) {
      problems.push(`${end.host}: ${describeError(error)}`);
    }
  }
  throw new PlatformError(
    'cluster-unreachable',
    `The cluster cannot be reached from here (${problems.join('; ')}). ` +
      'Check the network between the two machines, or say with --bind-address on which address this one is reached.',
  );
}

/** What listens there: its masters, then its ZooKeepers, each with a port. @throws PlatformError `store-address-invalid` */
export function endsOf({ masters, zk }: Whereabouts): readonly URL[] {
  const servers = zk === undefined ? [] : zooKeeperServers(zk);
  return [...masters, ...servers.map((server) => `http://${server}`)].map((url) => new URL(url));
}

function localAddressTowards({ hostname, port, protocol }: URL): Promise<string> {
  return new Promise((resolveAddress, reject) => {
    const usual = protocol === 'https:' ? 443 : 80;
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? usual : Number(port) });
    socket.setTimeout(ROUTE_MS_MAX, () => socket.destroy(new Error('no answer')));
    socket.on('connect', () => {
      const { localAddress } = socket;
      socket.destroy();
      if (localAddress !== undefined && isIP(localAddress) !== 0) resolveAddress(localAddress.replace('::ffff:', ''));
      else reject(new Error('no local address'));
    });
    socket.on('error', reject);
  });
}
