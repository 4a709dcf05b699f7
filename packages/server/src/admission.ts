/** Applies who may come in: to requests and to upgrades, before anything else looks at them. */
import type { IncomingMessage } from 'node:http';
import { showsSecret, type AccessControl, type Secret } from '@stadion/access';
import { isFromThisMachine, isOpenPath } from './core/admission.ts';
import { foreignPageProblem } from './core/foreign-pages.ts';

/** What decides. */
export interface Admission {
  /** What others than this machine must show; undefined while nobody else can reach it. */
  readonly secret?: Secret | undefined;
  /** Who is known and what they may; undefined: whoever is let in may do everything. */
  readonly access?: AccessControl | undefined;
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
  { secret, ownNames, access, readers }: Admission,
): Refused | undefined {
  const problem = foreignPageProblem({ method: request.method ?? '', headers: request.headers }, ownNames, readers);
  if (problem !== undefined) return { status: 403, message: problem, headers: {} };
  if (access !== undefined) return undefined;
  if (secret === undefined || isFromThisMachine(request.socket) || isOpenPath(request.url ?? '')) return undefined;
  if (showsSecret(request.headers.authorization, secret)) return undefined;
  return {
    status: 401,
    message: 'Show the secret of this cluster: Authorization: Bearer SECRET, or stadion --secret-file FILE.',
    headers: { 'WWW-Authenticate': 'Basic realm="stadion"' },
  };
}
