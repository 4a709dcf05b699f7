/** Where the platform may listen: its API runs commands, so beyond loopback only those come in who show a secret. */
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { AccessControl, followSecretFile, loadClusterSecret, type ClusterSecret } from '@stadion/access';
import { PlatformError, type Logger } from '@stadion/base';
import type { ServerConfig } from '@stadion/contract';
import type { SystemPorts } from './system-ports.ts';
import { openNodeTls, type NodeTls } from './tls/node-tls.ts';
import type { Undoing } from './undoing.ts';

/**
 * Refuses an address that other machines could reach while nothing keeps strangers out.
 * @throws PlatformError `listen-address-open` or `listen-address-invalid`
 */
export function assertListenable({
  bindAddress: address,
  secretFile,
  accessFile,
}: Pick<ServerConfig, 'bindAddress' | 'secretFile' | 'accessFile'>): void {
  if (address === 'localhost') return;
  const family = isIP(address);
  if (family === 0) {
    throw new PlatformError(
      'listen-address-invalid',
      `'${address}' is not an IP address. Give --bind-address an address of this machine, e.g. 127.0.0.1.`,
    );
  }
  const isLoopback = family === 4 ? address.startsWith('127.') : address === '::1';
  if (isLoopback || secretFile !== undefined || accessFile !== undefined) return;
  throw new PlatformError(
    'listen-address-open',
    `Refusing to listen on ${address}: this API runs commands and no access control is configured, so anybody who ` +
      'reaches it could run anything here. Give it a secret that they must show, with --secret-file FILE (made when it ' +
      'is missing), or listen on 127.0.0.1 (the default) and reach it through an SSH tunnel: ssh -L 8080:127.0.0.1:8080 HOST.',
    { details: { address } },
  );
}

/** Where everybody has to be known, the platform's own parts show each other a secret of their own. */
function secretFileOf({
  secretFile,
  accessFile,
  dataDir,
}: Pick<ServerConfig, 'secretFile' | 'accessFile' | 'dataDir'>): string | undefined {
  if (secretFile !== undefined) return resolve(secretFile);
  return accessFile === undefined ? undefined : resolve(dataDir, 'cluster-secret');
}

/** What lets others in, as it was found. */
export interface LoadedAccess {
  readonly secret: ClusterSecret | undefined;
  readonly access: AccessControl | undefined;
  /** Undefined where TLS is off. */
  readonly tls: NodeTls | undefined;
}

/**
 * What lets others in: the secret of the cluster, who is known where a file says so, and TLS. Files are watched.
 * @throws PlatformError `secret-unusable`, `access-file-unusable` and what is wrong with TLS
 */
export async function loadAccess(
  config: ServerConfig,
  ports: SystemPorts,
  log: Logger,
  undoing: Undoing,
): Promise<LoadedAccess> {
  const path = secretFileOf(config);
  const secret = path === undefined ? undefined : await loadClusterSecret(path, ports.random);
  const tls = await openNodeTls(config, { secret, ports, log }, undoing);
  if (path !== undefined && secret !== undefined) {
    const following = await followSecretFile(path, secret, ports.time, log);
    undoing.addNow(() => {
      following.cancel();
    });
  }
  if (config.accessFile === undefined) return { secret, access: undefined, tls };
  const access = await AccessControl.open(config.accessFile, ports.time, log);
  undoing.addNow(() => {
    access.close();
  });
  return { secret, access, tls };
}
