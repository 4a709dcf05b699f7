/**
 * Sockets that whoever starts the program listens on already (`sd_listen_fds(3)` of systemd): it keeps them while one run of the
 * program takes the place of another, so that nobody who connects meanwhile is turned away.
 */

/** The first descriptor that is handed over. */
const FIRST = 3;

/**
 * The descriptors that were handed over, by the names of what they are for.
 * @param env of the process: `LISTEN_PID`, `LISTEN_FDS`, `LISTEN_FDNAMES`
 * @param names what is wanted, in the order that descriptors without a known name are given to them
 * @returns empty where the sockets are not meant for this process
 */
export function inheritedSockets(
  env: Readonly<Record<string, string | undefined>>,
  pid: number,
  names: readonly string[],
): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const count = Number(env['LISTEN_FDS'] ?? 0);
  if (env['LISTEN_PID'] !== String(pid) || !Number.isInteger(count)) return found;
  const given = (env['LISTEN_FDNAMES'] ?? '').split(':');
  const unnamed: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const name = given[index] ?? '';
    if (names.includes(name) && !found.has(name)) found.set(name, FIRST + index);
    else unnamed.push(FIRST + index);
  }
  for (const name of names) {
    if (found.has(name)) continue;
    const descriptor = unnamed.shift();
    if (descriptor !== undefined) found.set(name, descriptor);
  }
  return found;
}
