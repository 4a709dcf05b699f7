/** What may be done on a platform, by name. */

/**
 * Every permission there is. `apps:*`, `events:read` and `system:*` are the orchestrator's; `cluster:*` is for what masters
 * and agents tell and take from operators; `signed-in` is held by everybody who is known.
 */
export const PERMISSIONS = [
  'apps:read',
  'apps:write',
  'events:read',
  'system:read',
  'system:write',
  'cluster:read',
  'cluster:write',
  'files:read',
  'frameworks:run',
  'agents:join',
  'tasks:exec',
  'secrets:read',
  'secrets:write',
  'names:read',
  'names:write',
  'edge:read',
  'edge:write',
  'signed-in',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

/**
 * What of apps, pods and groups a caller sees: lists, overviews and streams are read through it. Whoever is permitted for
 * everything has the whole one, and nothing is filtered.
 */
export interface Sight {
  readonly isWhole: boolean;
  /** Whether an app, a pod, a task's app or all of a group is seen. @param path absolute, e.g. `/team-a/web` */
  sees(path: string): boolean;
  /** Whether a group is seen, or something below it: as in Marathon, whoever sees that sees that there are groups above it. */
  leadsTo(group: string): boolean;
}

/** Nothing is hidden. */
export const WHOLE_SIGHT: Sight = { isWhole: true, sees: () => true, leadsTo: () => true };

/** Everything is. */
export const NO_SIGHT: Sight = { isWhole: false, sees: () => false, leadsTo: () => false };
