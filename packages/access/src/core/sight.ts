/** What somebody sees of apps and groups: the one decision that every list, overview and stream is read through. */
import { NO_SIGHT, WHOLE_SIGHT, type Permission, type Sight } from '@stadion/contract/permissions';
import { isWithin, type Identity } from './permission.ts';

/** What an identity sees by a permission: everything, what is below the paths that it was granted for, or nothing. */
export function sightOf({ grants }: Identity, permission: Permission): Sight {
  const scopes = grants.filter(({ permissions }) => permissions.has(permission)).map(({ path }) => path);
  if (scopes.includes('/')) return WHOLE_SIGHT;
  if (scopes.length === 0) return NO_SIGHT;
  return {
    isWhole: false,
    sees: (path) => scopes.some((scope) => isWithin(path, scope)),
    leadsTo: (group) => scopes.some((scope) => isWithin(group, scope) || isWithin(scope, group)),
  };
}
