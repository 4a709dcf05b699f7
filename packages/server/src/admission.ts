/** Applies who may come in: to requests and to upgrades, before anything else looks at them. */
import type { IncomingMessage } from 'node:http';
import { showsSecret, type AccessControl, type Secret } from '@stadion/access';
import { AGENT_LINK_PATH, AGENT_SECRETS_PATH } from './agent-link/link-wire.ts';
import { isFromThisMachine, isOpenPath } from './core/admission.ts';
import { foreignPageProblem } from './core/foreign-pages.ts';
import { tlsProblem, type TlsConnection } from './core/tls-refusal.ts';
import type { NodeTls } from './tls/node-tls.ts';
import { shownBy } from './tls/tls-port.ts';

/** What decides. */
export interface Admission {
  /** What others than this machine must show; undefined while nobody else can reach it. */
  readonly secret?: Secret | undefined;
  /** Who is known and what they may; undefined: whoever is let in may do everything. */
  readonly access?: AccessControl | undefined;
  /** TLS of this machine, where it is on. */
  readonly tls?: NodeTls | undefined;
  /** Names under which this machine is meant to be reached. */
  readonly ownNames: ReadonlySet<string>;
  /** Origins of other people's pages that may read here, `*` for any. */
  readonly readers?: ReadonlySet<string>;
}

/** Why somebody is not let in. */
export interface Refused {
  readonly status: 401 | 403;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Judges a request; undefined: it may come in. Where people are known by name, who it is and what they may is found out
 * behind this door (`permission.ts`), and coming from this machine is worth nothing.
 */
export function refusalOf(
  request: IncomingMessage,
  { secret, ownNames, access, readers, tls }: Admission,
): Refused | undefined {
  const problem = foreignPageProblem({ method: request.method ?? '', headers: request.headers }, ownNames, readers);
  if (problem !== undefined) return { status: 403, message: problem, headers: {} };
  const refused = tls === undefined ? undefined : tlsRefusal(request, tls);
  if (refused !== undefined) return refused;
  if (access !== undefined) return undefined;
  if (secret === undefined || isFromThisMachine(request.socket) || isOpenPath(request.url ?? '')) return undefined;
  if (showsSecret(request.headers.authorization, secret)) return undefined;
  return {
    status: 401,
    message: 'Show the secret of this cluster: Authorization: Bearer SECRET, or stadion --secret-file FILE.',
    headers: { 'WWW-Authenticate': 'Basic realm="stadion"' },
  };
}

function tlsRefusal(request: IncomingMessage, { isRequired }: NodeTls): Refused | undefined {
  const connection = { ...shownBy(request), isFromThisMachine: isFromThisMachine(request.socket) };
  const message = tlsProblem({ ...connection, asks: askedFor(request.url ?? '') }, isRequired);
  return message === undefined ? undefined : { status: 403, message, headers: {} };
}

/** Routers read escaped letters as what they stand for. */
function askedFor(url: string): TlsConnection['asks'] {
  let path = url.split(/[?#]/, 1)[0] ?? '';
  try {
    path = decodeURIComponent(path);
  } catch {
    // Nothing is routed there.
  }
  if (path === AGENT_LINK_PATH) return 'link';
  return path === AGENT_SECRETS_PATH ? 'secret' : 'other';
}
