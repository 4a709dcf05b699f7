/** What is shown to ZooKeeper, and whom to believe, where it is spoken to by TLS. */
import { readFileSync } from 'node:fs';
import { PlatformError } from '@stadion/base';
import type { StatePlace } from '@stadion/contract';
import type { ZooKeeperOptions } from '@stadion/store';

/**
 * Files are read anew for each connection, so that a new certificate is shown without a restart.
 * @throws PlatformError `flag-invalid` for files that would do nothing, a certificate without its key, or a file that
 *   cannot be read
 */
export function zooKeeperTls(
  settings: Pick<StatePlace, 'zk' | 'zkTlsCa' | 'zkTlsCert' | 'zkTlsKey'>,
): ZooKeeperOptions['tls'] {
  const { zk, zkTlsCa, zkTlsCert, zkTlsKey } = settings;
  const isGiven = zkTlsCa !== undefined || zkTlsCert !== undefined || zkTlsKey !== undefined;
  if (!isGiven) return undefined;
  if (zk?.startsWith('zks://') !== true) {
    throw new PlatformError(
      'flag-invalid',
      '--zk-tls-ca, --zk-tls-cert and --zk-tls-key do nothing without an address of ZooKeeper that begins with zks://.',
    );
  }
  if ((zkTlsCert === undefined) !== (zkTlsKey === undefined)) {
    throw new PlatformError('flag-invalid', '--zk-tls-cert and --zk-tls-key go together.');
  }
  const read = () => ({
    ...(zkTlsCa !== undefined && { ca: readFileSync(zkTlsCa, 'utf8') }),
    ...(zkTlsCert !== undefined && { cert: readFileSync(zkTlsCert, 'utf8') }),
    ...(zkTlsKey !== undefined && { key: readFileSync(zkTlsKey, 'utf8') }),
  });
  try {
    read();
  } catch (error) {
    throw new PlatformError('flag-invalid', 'A file of --zk-tls-ca, --zk-tls-cert or --zk-tls-key cannot be read.', {
      cause: error,
    });
  }
  return read;
}
