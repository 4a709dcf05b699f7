/** Who may come in over the network. */

/** What is known of a request's two ends. */
export interface Ends {
  readonly remoteAddress?: string | undefined;
  readonly localAddress?: string | undefined;
}

/**
 * What anybody may ask, by path: signs of life and where the leader is. Executors of frameworks come from networks of
 * containers; the agent asks them for their own tokens.
 */
const OPEN_PATHS = new Set([
  ...['/health', '/master/health', '/ping', '/redirect', '/master/redirect'],
  ...['/api/v1/executor', '/slave(1)/api/v1/executor'],
]);

/**
 * Whether a request comes from this very machine: its users may do what the platform's own user lets them do, as they
 * may while the platform listens on loopback only.
 */
export function isFromThisMachine({ remoteAddress, localAddress }: Ends): boolean {
  if (remoteAddress === undefined) return false;
  const remote = withoutMapping(remoteAddress);
  return remote.startsWith('127.') || remote === '::1' || remote === withoutMapping(localAddress ?? '');
}

/** Whether a path needs no secret. @param url as in the request line */
export function isOpenPath(url: string): boolean {
  return OPEN_PATHS.has(url.split('?', 1)[0] ?? '');
}

/** An IPv4 address as IPv6 sockets show it. */
function withoutMapping(address: string): string {
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
}
