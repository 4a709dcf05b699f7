/** Where the platform may listen: until access control exists, on loopback only, because its API runs commands. */
import { isIP } from 'node:net';
import { PlatformError } from '@stadion/base';

/**
 * Refuses an address that other machines could reach.
 * @param address an IP address or `localhost`
 * @throws PlatformError `listen-address-open` or `listen-address-invalid`
 */
export function assertLoopback(address: string): void {
  if (address === 'localhost') return;
  const family = isIP(address);
  if (family === 0) {
    throw new PlatformError(
      'listen-address-invalid',
      `'${address}' is not an IP address. Give --bind-address an address of this machine, e.g. 127.0.0.1.`,
    );
  }
  const isLoopback = family === 4 ? address.startsWith('127.') : address === '::1';
  if (isLoopback) return;
  throw new PlatformError(
    'listen-address-open',
    `Refusing to listen on ${address}: this API runs commands and no access control is configured, so anybody who ` +
      'reaches it could run anything here. Listen on 127.0.0.1 (the default) and reach it through an SSH tunnel: ' +
      'ssh -L 8080:127.0.0.1:8080 HOST.',
    { details: { address } },
  );
}
