/**
 * What each API needs of its callers. A path that is not named here needs what reading or changing that API needs, so that
 * nothing is open because it was forgotten.
 */
import type { Permission } from '@stadion/contract/permissions';

/** The APIs, each on a port of its own. */
export type ApiName = 'orchestrator' | 'master' | 'agent' | 'names' | 'edge';

/** What a caller must be permitted. */
export interface Requirement {
  readonly permission: Permission | 'public';
  /** The apps and groups that it is about, once the body is there; undefined: everything. */
  readonly paths?: (body: unknown) => readonly string[] | undefined;
  /** Having it for some paths is enough: the answer has only what is seen. */
  readonly isFiltered?: boolean;
  /** Where it takes the body to know what is asked, and whether that is filtered. */
  readonly permissionOf?: (body: unknown) => Permission;
  readonly isFilteredOf?: (body: unknown) => boolean;
  /** Having `permission` is not enough to know: what the body asks for may take another. */
  readonly isOfBody?: true;
}

/** Signs of life, and where the leader is: anybody may ask. */
const PUBLIC: ReadonlySet<string> = new Set([
  '/health',
  '/master/health',
  '/ping',
  '/redirect',
  '/master/redirect',
  '/healthz',
  '/_haproxy_health_check',
]);

const READ: Readonly<Record<ApiName, Permission>> = {
  orchestrator: 'signed-in',
  master: 'cluster:read',
  agent: 'cluster:read',
  names: 'names:read',
  edge: 'edge:read',
};
const WRITE: Readonly<Record<ApiName, Permission>> = {
  orchestrator: 'system:write',
  master: 'cluster:write',
  agent: 'cluster:write',
  names: 'names:write',
  edge: 'edge:write',
};

/** What the rooms know of their own routes. */
export interface RouteKnowledge {
  /** Of the orchestrator's API. */
  readonly orchestrator: (method: string, path: string, query: string) => Requirement | undefined;
  /** The type of an operator's call, e.g. `GET_STATE`; undefined: it cannot be read. */
  readonly operatorCall: (body: unknown) => string | undefined;
  /** The path of the file or folder that an operator's call reads; undefined: it reads none, or cannot be read. */
  readonly fileOfCall: (body: unknown) => string | undefined;
  /** The apps whose sandboxes some paths of files may be in; undefined: that cannot be told. */
  readonly appsOfFiles: (paths: readonly string[]) => readonly string[] | undefined;
  /** The task of a session, and the app that it belongs to. */
  readonly session: (path: string) => { readonly app: string | undefined } | undefined;
}

/** What a request line says, as it stands there. */
export interface Target {
  readonly written: string;
  /** What stands behind `?`. */
  readonly query: string;
  /** All values of its parameter `path`. */
  readonly files: readonly string[];
}

/**
 * Finds out what a request needs. Routers read escapes (`/%66iles` is `/files`), so that rules look at the path without them;
 * the rooms that know their own routes get it as it came.
 */
export function requirementOf(api: ApiName, method: string, target: Target, knowledge: RouteKnowledge): Requirement {
  const path = decoded(target.written);
  if (path === undefined) return { permission: WRITE[api] };
  if (PUBLIC.has(path) && isReading(method)) return { permission: 'public' };
  return (
    known(api, method, { path, ...target }, knowledge) ?? { permission: isReading(method) ? READ[api] : WRITE[api] }
  );
}

function known(
  api: ApiName,
  method: string,
  { path, written, query, files }: Target & { readonly path: string },
  knowledge: RouteKnowledge,
): Requirement | undefined {
  const session = api === 'orchestrator' || api === 'agent' ? knowledge.session(written) : undefined;
  if (session !== undefined) {
    const { app } = session;
    return { permission: 'tasks:exec', paths: () => (app === undefined ? undefined : [app]) };
  }
  // Tools of Mesos change it by GET.
  if ((api === 'master' || api === 'agent') && path.startsWith('/logging/')) {
    return { permission: isReading(method) && query === '' ? READ[api] : WRITE[api] };
  }
  switch (api) {
    case 'orchestrator':
      if (path.startsWith('/secrets/v1/')) {
        return { permission: isReading(method) ? 'secrets:read' : 'secrets:write', paths: () => secretPaths(path) };
      }
      return knowledge.orchestrator(method, written, query);
    case 'agent':
      if (isReading(method) && FILES_PATHS.test(path)) {
        if (!/\/(?:browse|read|download)(?:\.json)?$/.test(path)) return { permission: 'files:read' };
        // Whichever of them is read.
        return { permission: 'files:read', paths: () => knowledge.appsOfFiles(files) };
      }
      // The agent asks executors for their own tokens.
      if (/^(?:\/slave\(1\))?\/api\/v1\/executor$/.test(path)) return { permission: 'public' };
      return agentCall(path, method, knowledge);
    case 'master':
      if (path === '/stadion/agent-link' || path === '/stadion/secret-of-task') return { permission: 'agents:join' };
      if (/^(?:\/master)?\/api\/v1\/scheduler$/.test(path)) return { permission: 'frameworks:run' };
      // A master's own log tells of everybody: it takes a grant for everything.
      if (isReading(method) && FILES_PATHS.test(path)) return { permission: 'files:read' };
      if (isReading(method) && FILTERED_PATHS.test(path)) return { permission: 'cluster:read', isFiltered: true };
      return operatorOfMaster(path, method, knowledge);
    default:
      return undefined;
  }
}

const FILES_PATHS = /^\/(?:(?:master|slave\(1\))\/)?files(?:\/|\.|$)/;

/** What the master tells of frameworks, tasks and roles: each caller what they see of them. */
const FILTERED_PATHS =
  /^(?:\/master)?\/(?:(?:state|state-summary|slaves|frameworks|tasks|roles)(?:\.json)?|weights|quota)\/?$/;
const FILTERED_CALLS: ReadonlySet<string> = new Set([
  'GET_STATE',
  'GET_AGENTS',
  'GET_FRAMEWORKS',
  'GET_EXECUTORS',
  'GET_OPERATIONS',
  'GET_TASKS',
  'GET_ROLES',
  'GET_WEIGHTS',
  'GET_QUOTA',
  'SUBSCRIBE',
]);

function operatorOfMaster(path: string, method: string, knowledge: RouteKnowledge): Requirement | undefined {
  const asked = operator(path, method, knowledge);
  return (
    asked && {
      ...asked,
      isOfBody: true,
      isFilteredOf: (body) => FILTERED_CALLS.has(knowledge.operatorCall(body) ?? ''),
    }
  );
}

/** Whoever works inside containers needs the right to that, whatever else he may, and so who reads files; a stream does nothing else. */
function agentCall(path: string, method: string, knowledge: RouteKnowledge): Requirement | undefined {
  const asked = operator(path, method, knowledge);
  if (asked === undefined) return undefined;
  return {
    ...asked,
    isOfBody: true,
    paths: (body) => {
      const file = knowledge.fileOfCall(body);
      return file === undefined ? undefined : knowledge.appsOfFiles([file]);
    },
    permissionOf: (body) => {
      const type = knowledge.operatorCall(body);
      const isInside = type === undefined || /^(?:ATTACH|LAUNCH|WAIT|KILL|REMOVE)_.*CONTAINER/.test(type);
      return isInside ? 'tasks:exec' : (asked.permissionOf?.(body) ?? WRITE.agent);
    },
  };
}

/** Operators ask and order by POST: what it is stands in the body. */
function operator(path: string, method: string, knowledge: RouteKnowledge): Requirement | undefined {
  if (method !== 'POST' || !/^(?:\/(?:master|slave\(1\)))?\/api\/v1(?:\/operator)?$/.test(path)) return undefined;
  return {
    permission: 'cluster:write',
    permissionOf: (body) => {
      const type = knowledge.operatorCall(body);
      if (type === 'LIST_FILES' || type === 'READ_FILE') return 'files:read';
      return type !== undefined && /^(?:GET_|SUBSCRIBE$)/.test(type) ? 'cluster:read' : 'cluster:write';
    },
  };
}

/** Secrets are kept by paths like those of apps. */
function secretPaths(path: string): readonly string[] | undefined {
  const name = /^\/secrets\/v1\/secret\/default\/(.+)$/.exec(path)?.[1];
  return name === undefined || name.split('/').includes('..') ? undefined : [`/${name}`];
}

/** Without escapes; undefined where one is broken. */
function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

function isReading(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}
