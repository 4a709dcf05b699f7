/** Reads query parameters the way Marathon does: anything but `true` is false, unknown values do not matter. */

/** A boolean parameter. */
export function flag(query: URLSearchParams, name: string, absent = false): boolean {
  const value = query.get(name);
  return value === null ? absent : value.toLowerCase() === 'true';
}

/** What is shown of an app besides its definition. */
export interface AppEmbeds {
  readonly counts: boolean;
  readonly deployments: boolean;
  readonly tasks: boolean;
  readonly readiness: boolean;
  readonly lastTaskFailure: boolean;
  readonly taskStats: boolean;
}

/**
 * Reads `embed`. The prefixes `apps.`, `app.` and `group.apps.` all mean the same.
 * @param always what is shown in any case
 */
export function appEmbeds(query: URLSearchParams, always: readonly (keyof AppEmbeds)[]): AppEmbeds {
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
  };
}
