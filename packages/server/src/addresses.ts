/** Real URLs from what a server listens on, and the address under which others reach this machine. */
import { networkInterfaces } from 'node:os';
import { PlatformError, hostPort } from '@stadion/base';

/** The URL of a listening server; an IPv6 address stands in brackets. */
export function urlOf(bound: { readonly address: string; readonly port: number }): string {
  return `http://${hostPort(bound.address, bound.port)}`;
}

/** The name under which others reach this machine: the one that was given, or its address. */
export function hostnameOf(config: { readonly hostname?: string; readonly bindAddress: string }): string {
  if (config.hostname !== undefined) return config.hostname;
  return config.bindAddress === 'localhost' ? 'localhost' : advertisedAddress(config.bindAddress);
}

/**
 * The address to tell others: the one that is listened on, or, when that is all of them, the first that is not
 * loopback.
 * @param bindAddress an IP address or `localhost`
 */
export function advertisedAddress(bindAddress: string): string {
  if (bindAddress === 'localhost') return '127.0.0.1';
  if (bindAddress !== '0.0.0.0' && bindAddress !== '::') return bindAddress;
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const outside = all.filter(({ internal, family }) => !internal && family === 'IPv4');
  return outside[0]?.address ?? '127.0.0.1';
}

/**
 * The origin of an HTTP API that somebody has given, with or without `http://`.
 * @param flag the option that it was given with
 * @throws PlatformError `address-invalid`
 */
export function checkedUrl(text: string, flag: string): string {
  const url = /^https?:\/\//.test(text) ? text : `http://${text}`;
  if (URL.canParse(url)) return new URL(url).origin;
  throw new PlatformError(
    'address-invalid',
    `'${text}' is not an address. Give ${flag} one such as http://10.0.0.1:5050`,
  );
}
