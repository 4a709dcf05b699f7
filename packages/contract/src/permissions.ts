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
