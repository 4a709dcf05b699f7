/** Addresses of servers that are known by name. HAProxy resolves names at its start only; here they are followed. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { FragmentChange, Service } from '../core/model.ts';

/** Finds the address of a name, IPv4 before IPv6; undefined when it has none. */
export type Resolve = (name: string) => Promise<string | undefined>;

const resolveBySystem: Resolve = async (name) => {
  try {
    return (await lookup(name, { verbatim: false })).address;
  } catch {
    // Without an address the route stays with the workers, who ask again at each connection.
    return undefined;
  }
};

/** The addresses. */
export class ServerAddresses {
  private readonly resolve: Resolve;
  private readonly known = new Map<string, string | undefined>();

  constructor(resolve: Resolve = resolveBySystem) {
    this.resolve = resolve;
  }

  /** Whether a change names a server whose address has not been looked for yet. */
  isNew(change: FragmentChange): boolean {
    return namesIn(change).some((name) => !this.known.has(name));
  }

  /** Looks for the addresses of all names in changes that are not known. */
  async learn(changes: readonly FragmentChange[]): Promise<void> {
    const names = new Set(changes.flatMap(namesIn).filter((name) => !this.known.has(name)));
    await Promise.all([...names].map(async (name) => this.known.set(name, await this.resolve(name))));
  }

  /** Looks again for all addresses. @returns the names that have another one */
  async refresh(): Promise<ReadonlySet<string>> {
    const moved = new Set<string>();
    await Promise.all(
      [...this.known].map(async ([name, before]) => {
        const now = await this.resolve(name);
        // A name server that does not answer moves nobody.
        if (now === undefined || now === before) return;
        this.known.set(name, now);
        moved.add(name);
      }),
    );
    return moved;
  }

  /** A change with addresses in place of the names that have one. */
  applyTo(change: FragmentChange): FragmentChange {
    const { source, fragment } = change;
    if (fragment === undefined || namesIn(change).length === 0) return change;
    const services = fragment.services.map((service): Service => {
      if (service.kind !== 'servers') return service;
      const servers = service.servers.map((server) => ({
        ...server,
        host: this.known.get(server.host) ?? server.host,
      }));
      return { ...service, servers };
    });
    return { source, fragment: { ...fragment, services } };
  }
}

/** The names of servers in a change. */
export function namesIn({ fragment }: FragmentChange): readonly string[] {
  const servers = fragment?.services.flatMap((service) => (service.kind === 'servers' ? service.servers : [])) ?? [];
  return servers.flatMap(({ host }) => (isIP(host) === 0 ? [host] : []));
}
