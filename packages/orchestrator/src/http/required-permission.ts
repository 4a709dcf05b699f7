/** What a caller of this API must be permitted to do, and to which apps and groups. */
import { Buffer } from 'node:buffer';
import type { Route } from '@stadion/contract/orchestrator';
import { resolveId } from '../core/app/app-id.ts';
import { appIdOfSafe, parseTaskId } from '../core/instance-ids.ts';
import { matchRoute, pathSegments, type PathParameters, type RouteName } from './route-table.ts';

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

/** Finds out by a request line; undefined: this is no route of the API. */
export function requiredPermission(method: string, path: string): RequiredPermission | undefined {
  const segments = pathSegments(path);
  const match = segments === undefined ? undefined : matchRoute(method, segments);
  if (match?.kind !== 'found') return undefined;
  const { name, route, parameters } = match;
  const isFiltered = route.isFiltered === true || isOfGroup(name, parameters);
  return { permission: route.permission, paths: (body) => pathsOf(name, parameters, body), isFiltered };
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

function pathsOf(name: RouteName, parameters: PathParameters, body: unknown): readonly string[] | undefined {
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

/** How deep groups may be nested for this to look at them. */
const DEPTH_MAX = 32;

/**
 * Every `id` of apps, pods and groups in a body; relative ones only at its top, for others are below those.
 * @returns undefined when one leads upwards or the nesting is too deep: then it may concern anything
 */
function namedIn(value: unknown, at: string, depth = 0): string[] | undefined {
  if (depth > DEPTH_MAX) return undefined;
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

/** The app or pod of a task, by its id; undefined: this is no id of a task. */
export function appOfTask(task: unknown): string | undefined {
  const parts = typeof task === 'string' ? parseTaskId(task) : undefined;
  return parts === undefined ? undefined : appIdOfSafe(parts.safeId);
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
