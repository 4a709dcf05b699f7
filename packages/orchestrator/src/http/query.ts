/** Reads query parameters the way Marathon does: anything but `true` is false, unknown values do not matter. */

import { EXTENSIONS_HEADER, EXTENSIONS_QUERY } from '@stadion/contract/orchestrator-extensions';
import type { Call } from './answer.ts';

/** A boolean parameter. */
export function flag(query: URLSearchParams, name: string, absent = false): boolean {
  const value = query.get(name);
  return value === null ? absent : value.toLowerCase() === 'true';
}

/** Whether a client wants to see what Marathon does not have: by header, or where none can be set, by query. */
export function wantsExtensions({ request, query }: Pick<Call, 'request' | 'query'>): boolean {
  const header = request.headers[EXTENSIONS_HEADER];
  return flag(query, EXTENSIONS_QUERY, typeof header === 'string' && header.toLowerCase() === 'true');
}

/**
 * Whether a client is the last release of marathon-python (0.13): it fails on members that came with Marathon 1.9, `role`
 * of the queue and `enforceRole` of groups, which say nothing that it could use. It has no name of its own.
 */
export function isStrictReader({ request }: Pick<Call, 'request'>): boolean {
  const { accept, 'user-agent': agent = '' } = request.headers;
  return accept === 'application/json' && agent.startsWith('python-requests/');
}

/** Whether the same client follows events: it fails on plans without `original` and `target`. */
export function isStrictStreamReader({ request }: Pick<Call, 'request'>): boolean {
  return (request.headers['user-agent'] ?? '').startsWith('python-requests/');
}

/** What is shown of an app besides its definition. */
export interface AppEmbeds {
  readonly counts: boolean;
  readonly deployments: boolean;
  readonly tasks: boolean;
  readonly readiness: boolean;
  readonly lastTaskFailure: boolean;
  readonly taskStats: boolean;
  /** What Marathon does not have. */
  readonly extensions: boolean;
}

/**
 * Reads `embed`. The prefixes `apps.`, `app.` and `group.apps.` all mean the same.
 * @param always what is shown in any case
 */
export function appEmbeds(call: Pick<Call, 'request' | 'query'>, always: readonly (keyof AppEmbeds)[]): AppEmbeds {
  const { query } = call;
  const asked = new Set(query.getAll('embed').map((value) => value.replace(/^(?:group\.apps|apps|app)\./, '')));
  const has = (name: keyof AppEmbeds): boolean => always.includes(name) || asked.has(name);
  const failures = asked.has('failures');
  const tasks = has('tasks') || failures;
  return {
    counts: has('counts'),
    deployments: has('deployments') || tasks,
    tasks,
    readiness: has('readiness'),
    lastTaskFailure: has('lastTaskFailure') || failures,
    taskStats: has('taskStats'),
    extensions: wantsExtensions(call),
  };
}
