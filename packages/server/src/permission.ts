/** The one place where it is decided whether a request may do what it asks for, once it was let in. */
import type { IncomingMessage } from 'node:http';
import { isPermitted, showsSecret, sightOf, type Identity } from '@stadion/access';
import { codecOf, type MessageName } from '@stadion/contract/mesos-wire';
import { NO_SIGHT, PERMISSIONS, WHOLE_SIGHT, type Permission, type Sight } from '@stadion/contract/permissions';
import { decodeSessionTarget } from '@stadion/contract/task-session';
import { appOfTask, appsOfFiles, requiredPermission } from '@stadion/orchestrator/permissions';
import type { Admission, Refused } from './admission.ts';
import { requirementOf, type ApiName, type Requirement, type RouteKnowledge } from './core/required-permissions.ts';

/** Names whoever sent a request, to what comes after the door. Whatever a client says in it is taken out. */
export const USER_HEADER = 'x-stadion-user';

/** The platform's own parts and whoever has the secret of the cluster. */
const CLUSTER: Identity = { name: 'cluster', grants: [{ permissions: new Set(PERMISSIONS), path: '/' }] };

/** What is known of a request that was let in. */
export interface Permit {
  readonly identity: Identity;
  readonly requirement: Requirement;
  /** False: it depends on the body, and {@link judgeBody} is to be asked. */
  readonly isDecided: boolean;
}

/** Who shows an `Authorization` header; undefined: nobody who is known, or nobody is known at all. */
export async function identityOf(
  authorization: string | undefined,
  { access, secret }: Pick<Admission, 'access' | 'secret'>,
): Promise<Identity | undefined> {
  if (secret !== undefined && showsSecret(authorization, secret)) return CLUSTER;
  return access?.identify(authorization);
}

/**
 * Judges a request by who sends it. Without an access file everybody who is let in may do everything.
 * @returns why not, or what was found out; undefined where nothing has to be known
 */
export async function judge(
  request: IncomingMessage,
  admission: Admission,
  api: ApiName,
): Promise<{ readonly refused: Refused } | Permit | undefined> {
  const { access } = admission;
  request.headers[USER_HEADER] = undefined;
  if (access === undefined) return undefined;
  // What routers take for the query has whatever follows, another `#` too.
  const [, written = '', query = ''] = /^([^?#]*)[?#]?(.*)$/s.exec(request.url ?? '') ?? [];
  // Routers read a whole URL as its path, those who look at the text would not: nobody needs it here.
  if (!written.startsWith('/')) return { refused: NOT_A_PATH };
  const requirement = requirementOf(
    api,
    request.method ?? '',
    { written, query, files: new URLSearchParams(query).getAll('path') },
    knowledgeFor(api, request.headers['content-type']),
  );
  if (requirement.permission === 'public') return undefined;
  const identity = await identityOf(request.headers.authorization, admission);
  if (identity === undefined) return { refused: UNKNOWN };
  request.headers[USER_HEADER] = identity.name;
  const { permission } = requirement;
  if (requirement.isFiltered === true) {
    return mayLook(request, identity, permission)
      ? { identity, requirement, isDecided: true }
      : { refused: notPermitted(identity, permission) };
  }
  if (requirement.isOfBody !== true && isPermitted(identity, permission, undefined)) {
    sights.set(request, WHOLE_SIGHT);
    return { identity, requirement, isDecided: true };
  }
  if (requirement.paths === undefined && requirement.permissionOf === undefined) {
    return { refused: notPermitted(identity, permission) };
  }
  return { identity, requirement, isDecided: false };
}

/** What senders of requests see that were let in to be answered with that. */
const sights = new WeakMap<IncomingMessage, Sight>();

/** What the sender of a request sees; nothing where that was not found out, everything where nobody is known by name. */
export function sightOfSender(request: IncomingMessage, { access }: Pick<Admission, 'access'>): Sight {
  return access === undefined ? WHOLE_SIGHT : (sights.get(request) ?? NO_SIGHT);
}

/** Keeps what the sender sees by a permission. @returns whether that is anything */
function mayLook(request: IncomingMessage, identity: Identity, permission: Permission): boolean {
  const sight = sightOf(identity, permission);
  sights.set(request, sight);
  return sight !== NO_SIGHT;
}

/** Judges a request that could not be judged without its body. */
export function judgeBody(
  request: IncomingMessage,
  { identity, requirement }: Permit,
  body: unknown,
): Refused | undefined {
  const permission = requirement.permissionOf?.(body) ?? requirement.permission;
  if (permission === 'public') return undefined;
  const isSeeing = mayLook(request, identity, permission);
  if (requirement.isFilteredOf?.(body) === true) return isSeeing ? undefined : notPermitted(identity, permission);
  const paths = requirement.paths?.(body);
  return isPermitted(identity, permission, paths) ? undefined : notPermitted(identity, permission, paths);
}

const UNKNOWN: Refused = {
  status: 401,
  message: 'Say who you are: a user and a password, or a token (Authorization: Bearer TOKEN).',
  headers: { 'WWW-Authenticate': 'Basic realm="stadion", charset="UTF-8"' },
};

const NOT_A_PATH: Refused = {
  status: 403,
  message: 'The request line has to have a path, not a whole address.',
  headers: {},
};

function notPermitted({ name }: Identity, permission: string, paths?: readonly string[]): Refused {
  const where = paths === undefined ? '' : ` for ${paths.slice(0, 5).join(', ')}`;
  return { status: 403, message: `${name} is not permitted to do this: it takes ${permission}${where}.`, headers: {} };
}

/** @param contentType of the request: bodies are read as whoever answers reads them */
function knowledgeFor(api: ApiName, contentType: string | undefined): RouteKnowledge {
  const call: MessageName = api === 'agent' ? 'AgentCall' : 'OperatorCall';
  const callIn = (body: unknown): Readonly<Record<string, unknown>> => {
    if (!Buffer.isBuffer(body)) return {};
    try {
      const message: unknown = codecOf(contentType)?.decode(call, new Uint8Array(body));
      return isObject(message) ? message : {};
    } catch {
      return {};
    }
  };
  return {
    orchestrator: requiredPermission,
    appsOfFiles,
    operatorCall(body) {
      const { type } = callIn(body);
      return typeof type === 'string' ? type : undefined;
    },
    fileOfCall(body) {
      const message = callIn(body);
      const { type } = message;
      if (type !== 'LIST_FILES' && type !== 'READ_FILE') return undefined;
      const content = message[type.toLowerCase()];
      return isObject(content) && typeof content['path'] === 'string' ? content['path'] : undefined;
    },
    session(path) {
      const target = decodeSessionTarget(path);
      return target === undefined ? undefined : { app: appOfTask(target.taskId) };
    },
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
