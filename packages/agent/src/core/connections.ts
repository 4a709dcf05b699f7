/** Who is connected to what listens on this host, from the kernel's tables of sockets. */

/** ESTABLISHED, and SYN_RECV: a peer that is just coming. */
const OPEN = new Set(['01', '03']);

/**
 * Counts open connections by the local port.
 * @param tables the texts of `/proc/net/tcp` and `/proc/net/tcp6`
 */
export function openConnections(tables: readonly string[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const table of tables) {
    // The first line is a heading. Of the others: number, local address, remote address, state.
    for (const line of table.split('\n').slice(1)) {
      const [, local = '', , state = ''] = line.trim().split(/\s+/, 4);
      if (!OPEN.has(state)) continue;
      const port = Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16);
      if (!Number.isNaN(port)) counts.set(port, (counts.get(port) ?? 0) + 1);
    }
  }
  return counts;
}
