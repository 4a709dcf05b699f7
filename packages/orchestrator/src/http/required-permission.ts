/** What a caller of this API must be permitted to do, and to which apps and groups. */
import { Buffer } from 'node:buffer';
import type { Route } from '@stadion/contract/orchestrator';
import { resolveId } from '../core/app/app-id.ts';
import { appIdOfSafe, appOfTask, safeIdOfInstance } from '../core/instance-ids.ts';
import { taskOfExecutor } from '../core/task/custom-executor.ts';
import { matchRoute, pathSegments, type PathParameters, type RouteName } from './route-table.ts';
import { GROUP_DEPTH_JUDGED_MAX } from './limits.ts';

/** What a request needs. */
export interface RequiredPermission {
  readonly permission: Route['permission'];
  /**
   * The apps and groups that the request is about, as absolute paths; undefined: it concerns everything.
   * @param body as it came
   */
  readonly paths: (body: unknown) => readonly string[] | undefined;
  /** Whoever is permitted for some of it is answered with what they see. */
  readonly isFiltered: boolean;
}

/** Finds out by a request line; undefined: this is no route of the API. @param query what stands behind `?` */
export function requiredPermission(method: string, path: string, query: string): RequiredPermission | undefined {
  const segments = pathSegments(path);
  const match = segments === undefined ? undefined : matchRoute(method, segments);
  if (match?.kind !== 'found') return undefined;
  const { name, route, parameters } = match;
  const isFiltered = route.isFiltered === true || isOfGroup(name, parameters);
  return { permission: route.permission, paths: (body) => pathsOf(name, parameters, { body, query }), isFiltered };
}

/** Whether an id stands for all apps of a group: `*`, `a/*`. What is in it is filtered like any list. */
function isOfGroup(name: RouteName, { id }: PathParameters): boolean {
  return (name === 'getApp' || name === 'listAppTasks') && (id === '*' || id?.endsWith('/*') === true);
}

/** Routes without an id in their path, whose body says what they are about. */
const IN_BODY: ReadonlySet<RouteName> = new Set([
  'createApp',
  'putApps',
  'patchApps',
  'createPod',
  'createRootGroup',
  'plan',
]);

/** Routes that read files of sandboxes. */
const FILE_ROUTES: ReadonlySet<RouteName> = new Set(['browseFiles', 'readFile', 'downloadFile']);

function pathsOf(
  name: RouteName,
  parameters: PathParameters,
  { body, query }: { readonly body: unknown; readonly query: string },
): readonly string[] | undefined {
  if (FILE_ROUTES.has(name)) return appsOfFiles(new URLSearchParams(query).getAll('path'));
  const { taskId } = parameters;
  if (name === 'takeOutOfRotation' || name === 'bringIntoRotation') {
    const app = appOfTask(taskId);
    return app === undefined ? undefined : [app];
  }
  const id = parameters['id'] ?? parameters['group'];
  if (id !== undefined) {
    // What is written below a group may name itself absolutely.
    const named = namedIn(parse(body), '');
    // As handlers read it: what leads upwards is somewhere else.
    return named === undefined ? undefined : [resolveId(id), ...named.filter((path) => path.startsWith('/'))];
  }
  if (name === 'deleteTasks') {
    const tasks = parse(body);
    const ids = isObject(tasks) && Array.isArray(tasks['ids']) ? tasks['ids'] : [];
    const apps = ids.map(appOfTask);
    return apps.every((app) => app !== undefined) && apps.length > 0 ? apps : undefined;
  }
  if (!IN_BODY.has(name)) return undefined;
  const sent = parse(body);
  const named = namedIn(name === 'plan' ? plannedIn(sent) : sent, '');
  return named === undefined || named.length === 0
    ? undefined
    : named.map((path) => (path.startsWith('/') ? path : `/${path}`));
}

/** What a plan is asked for; a group without a name is the root. */
function plannedIn(body: unknown): unknown {
  if (!isObject(body)) return undefined;
  const { app, apps, group } = body;
  if (group !== undefined && (!isObject(group) || typeof group['id'] !== 'string')) return undefined;
  return [app, apps, group].flat();
}

/**
 * Every `id` of apps, pods and groups in a body; relative ones only at its top, for others are below those.
 * @returns undefined when one leads upwards or the nesting is too deep: then it may concern anything
 */
function namedIn(value: unknown, at: string, depth = 0): string[] | undefined {
  if (depth > GROUP_DEPTH_JUDGED_MAX) return undefined;
  const found: string[] = [];
  for (const item of Array.isArray(value) ? (value as unknown[]) : [value]) {
    if (!isObject(item)) continue;
    const { id } = item;
    if (typeof id === 'string') {
      if (id.split('/').includes('..')) return undefined;
      if (id.startsWith('/') || at === '') found.push(id);
    }
    for (const member of ['apps', 'groups', 'pods']) {
      const below = namedIn(item[member], member, depth + 1);
      if (below === undefined) return undefined;
      found.push(...below);
    }
  }
  return found;
}

/**
 * The apps and pods whose sandboxes these paths of files may be in: an agent finds a sandbox by a framework and an executor
 * anywhere in a path, so that each of them counts.
 * @returns undefined: that cannot be told, and it may be any
 */
export function appsOfFiles(paths: readonly string[]): readonly string[] | undefined {
  const apps = new Set<string>();
  for (const path of paths) {
    const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
    const executors = segments.filter((_segment, index) => segments[index - 1] === 'executors');
    if (executors.length === 0 || segments.includes('..')) return undefined;
    for (const executor of executors) {
      const app = appOfExecutor(executor);
      if (app === undefined) return undefined;
      apps.add(app);
    }
  }
  return apps.size === 0 ? undefined : [...apps];
}

/** The app or pod of an executor, by its id: that of its only task, made of it, or that of a launch of a pod. */
function appOfExecutor(executorId: string): string | undefined {
  const app = appOfTask(executorId) ?? appOfTask(taskOfExecutor(executorId));
  if (app !== undefined) return app;
  const dot = executorId.lastIndexOf('.');
  const safeId = /^[1-9]\d{0,15}$/.test(executorId.slice(dot + 1))
    ? safeIdOfInstance(executorId.slice(0, dot))
    : undefined;
  return safeId === undefined ? undefined : appIdOfSafe(safeId);
}

function parse(body: unknown): unknown {
  if (!Buffer.isBuffer(body)) return undefined;
  try {
    return JSON.parse(body.toString()) as unknown;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
