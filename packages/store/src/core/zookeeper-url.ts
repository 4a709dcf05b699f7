/** Where a ZooKeeper ensemble is, as Mesos writes it: `zk://[user:password@]host:port,host:port/path`; `zks://` by TLS. */

/** A parsed place. */
export interface ZooKeeperPlace {
  /** `host:port` of each server, at least one. */
  readonly servers: readonly string[];
  /** The folder under which everything is kept: begins with a slash, has no slash at its end, is not the root. */
  readonly path: string;
  /** `user:password` for the digest scheme. Secret. */
  readonly credentials?: string;
  /** Whether its servers are spoken to by TLS. */
  readonly isSecure: boolean;
}

/** The place, or a sentence that says what is wrong with the text. The text's password is never repeated. */
export type ParsedPlace =
  { readonly ok: true; readonly place: ZooKeeperPlace } | { readonly ok: false; readonly problem: string };

const DEFAULT_PORT = 2181;
const FORM = /^(zks?):\/\/(?:([^@/]+:[^@/]+)@)?([^@/]+)(\/.*)?$/;
const SERVER = /^(\[[\da-fA-F:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/;
const SEGMENT = /^[\w.-]+$/;

/**
 * Reads `zk://…` and `zks://…`. The port may be left out (2181), the path may not: two clusters that share an ensemble must not share
 * their state by oversight.
 */
export function parseZooKeeperUrl(text: string): ParsedPlace {
  const match = FORM.exec(text.trim());
  if (match === null) return wrong('it must look like zk://host:2181,host:2181/stadion');
  const [, scheme, credentials, hosts = '', path = ''] = match;
  const servers: string[] = [];
  for (const host of hosts.split(',')) {
    const server = SERVER.exec(host);
    const port = Number(server?.[2] ?? DEFAULT_PORT);
    if (server === null || port < 1 || port > 65_535) return wrong(`'${host}' is not a host with a port`);
    servers.push(`${server[1] ?? ''}:${String(port)}`);
  }
  const segments = path.split('/').filter((segment) => segment !== '');
  if (segments.length === 0) return wrong('it must end with the folder to use, e.g. /stadion');
  const bad = segments.find((segment) => !SEGMENT.test(segment) || segment === '.' || segment === '..');
  if (bad !== undefined) return wrong(`'${bad}' cannot be part of the folder: letters, digits, '.', '_' and '-' can`);
  return {
    ok: true,
    place: {
      servers,
      path: `/${segments.join('/')}`,
      ...(credentials === undefined ? {} : { credentials }),
      isSecure: scheme === 'zks',
    },
  };
}

function wrong(problem: string): ParsedPlace {
  return { ok: false, problem };
}
