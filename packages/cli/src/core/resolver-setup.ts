/** How a machine's own resolver is told where the names of a cluster are, and how that is undone. */

/** The resolvers that can be set up. */
export const RESOLVERS = ['resolved', 'resolv.conf', 'dnsmasq', 'unbound'] as const;
export type ResolverKind = (typeof RESOLVERS)[number];

/** Where the name server is, and for what. */
export interface NameServerPlace {
  readonly address: string;
  readonly port: number;
  readonly domain: string;
}

/** One file to be changed. */
export interface ResolverPlan {
  readonly path: string;
  /** Its content with the set-up, from the content before; undefined when the file was not there. */
  readonly setUp: (before: string | undefined) => string;
  /** Its content without; undefined: the file goes. */
  readonly undo: (before: string) => string | undefined;
  /** What a person does next, a command. */
  readonly next: string | undefined;
}

const BEGIN = '# stadion: begin';
const END = '# stadion: end';

/** What to change, or a sentence that says why it cannot be. */
export function planResolver(kind: ResolverKind, place: NameServerPlace): ResolverPlan | string {
  const { address, port, domain } = place;
  const host = address.includes(':') ? `[${address}]` : address;
  switch (kind) {
    case 'resolved': {
      const content = `[Resolve]\nDNS=${host}:${port}\nDomains=~${domain}\n`;
      return ownFile('/etc/systemd/resolved.conf.d/stadion.conf', content, 'systemctl restart systemd-resolved');
    }
    case 'dnsmasq':
      return ownFile(
        '/etc/dnsmasq.d/stadion.conf',
        `server=/${domain}/${address}#${port}\n`,
        'systemctl restart dnsmasq',
      );
    case 'unbound': {
      const content = [
        'server:',
        '  do-not-query-localhost: no',
        `  domain-insecure: "${domain}"`,
        'forward-zone:',
        `  name: "${domain}"`,
        `  forward-addr: ${address}@${port}`,
      ];
      return ownFile(
        '/etc/unbound/unbound.conf.d/stadion.conf',
        `${content.join('\n')}\n`,
        'systemctl restart unbound',
      );
    }
    case 'resolv.conf':
      if (port !== 53) {
        return `resolv.conf knows no ports: start the name server with --dns-port 53, or set up another resolver (${RESOLVERS.join(', ')}).`;
      }
      return {
        path: '/etc/resolv.conf',
        setUp: (before = '') => `${BEGIN}\nnameserver ${address}\n${END}\n${withoutBlock(before)}`,
        undo: withoutBlock,
        next: undefined,
      };
  }
}

function ownFile(path: string, content: string, next: string): ResolverPlan {
  const marked = `${BEGIN}\n${content}${END}\n`;
  return { path, setUp: () => marked, undo: () => undefined, next };
}

function withoutBlock(text: string): string {
  const begin = text.indexOf(`${BEGIN}\n`);
  const end = text.indexOf(`${END}\n`);
  return begin < 0 || end < begin ? text : text.slice(0, begin) + text.slice(end + END.length + 1);
}
