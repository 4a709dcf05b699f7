/** What an action takes, and whether somebody has it: the rule of the server, told before anything is asked of it. */
import type { OwnPermissions } from '@stadion/contract/orchestrator-extensions';
import { isOfDeployment, isOfNodes, isOfRebalance, type Action } from './actions.ts';

/** A permission for some apps and groups; without any it must be held for everything. */
export interface NeededPermission {
  readonly permission: 'apps:write' | 'system:write' | 'tasks:exec';
  readonly paths: readonly string[];
}

/** What an action takes. */
export function neededFor(action: Action): NeededPermission {
  if (isOfNodes(action) || isOfRebalance(action)) return { permission: 'system:write', paths: [] };
  // A deployment may span teams.
  if (isOfDeployment(action)) return { permission: 'apps:write', paths: [] };
  if ('podId' in action) return { permission: 'apps:write', paths: [action.podId] };
  return { permission: 'apps:write', paths: ['groupId' in action ? action.groupId : action.appId] };
}

/** Why somebody may not; undefined: they may. */
export function denialOf({ name, grants }: OwnPermissions, needed: NeededPermission): string | undefined {
  const { permission, paths } = needed;
  const isHeld = (paths.length === 0 ? ['/'] : paths).every((path) =>
    grants.some((grant) => grant.permissions.includes(permission) && isWithin(path, grant.path)),
  );
  if (isHeld) return undefined;
  const where = paths.length === 0 ? 'for everything' : `for ${paths.join(', ')}`;
  return `${name ?? 'You'} may not do this: it takes ${permission} ${where}`;
}

/** Whether somebody holds a permission for anything at all. */
export function holdsSomewhere({ grants }: OwnPermissions, permission: NeededPermission['permission']): boolean {
  return grants.some((grant) => grant.permissions.includes(permission));
}

function isWithin(path: string, scope: string): boolean {
  return scope === '/' || path === scope || path.startsWith(`${scope}/`);
}
