/** Where the platform may listen: its API runs commands, so beyond loopback only those come in who show a secret. */
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { loadClusterSecret, type Secret } from '@stadion/access';
import { PlatformError, type Random } from '@stadion/base';
import type { ServerConfig } from '@stadion/contract';

/**
 * Refuses an address that other machines could reach while nothing keeps strangers out.
 * @throws PlatformError `listen-address-open` or `listen-address-invalid`
 */
export function assertListenable({
  bindAddress: address,
  secretFile,
}: Pick<ServerConfig, 'bindAddress' | 'secretFile'>): void {
  if (address === 'localhost') return;
  const family = isIP(address);
  if (family === 0) {
    throw new PlatformError(
      'listen-address-invalid',
      `'${address}' is not an IP address. Give --bind-address an address of this machine, e.g. 127.0.0.1.`,
    );
  }
  const isLoopback = family === 4 ? address.startsWith('127.') : address === '::1';
  if (isLoopback || secretFile !== undefined) return;
  throw new PlatformError(
    'listen-address-open',
    `Refusing to listen on ${address}: this API runs commands and no access control is configured, so anybody who ` +
      'reaches it could run anything here. Give it a secret that they must show, with --secret-file FILE (made when it ' +
      'is missing), or listen on 127.0.0.1 (the default) and reach it through an SSH tunnel: ssh -L 8080:127.0.0.1:8080 HOST.',
    { details: { address } },
  );
}

/** The secret of the configuration, made when its file is missing. @throws PlatformError `secret-unusable` */
export async function loadSecret(
  { secretFile }: Pick<ServerConfig, 'secretFile'>,
  random: Random,
): Promise<Secret | undefined> {
  return secretFile === undefined ? undefined : loadClusterSecret(resolve(secretFile), random);
}
