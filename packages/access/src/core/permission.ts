/** Who is granted what. */
import { PERMISSIONS, type Permission } from '@stadion/contract/permissions';

/** Some permissions, for everything or for what is below a path of apps and groups. */
export interface Grant {
  readonly permissions: ReadonlySet<Permission>;
  /** `/` for everything, else e.g. `/team-a`. */
  readonly path: string;
}

/** Somebody who is known. */
export interface Identity {
  readonly name: string;
  readonly grants: readonly Grant[];
}

/**
 * Reads `<permission> [path]`. A permission is one of the names, or a pattern: `apps:*`, `*:read`, `*`.
 * @returns the grant, or what is wrong with the text
 */
export function readGrant(text: string): Grant | string {
  const [pattern = '', path = '/', ...more] = text.trim().split(/\s+/);
  if (more.length > 0) return `'${text}' is more than a permission and a path`;
  if (!/^\/(?:[\w.-]+(?:\/[\w.-]+)*)?$/.test(path)) {
    return `'${path}' is not a path of apps or groups (write /team-a, without a slash at its end)`;
  }
  const permissions = new Set<Permission>(PERMISSIONS.filter((permission) => fits(permission, pattern)));
  return permissions.size === 0
    ? `'${pattern}' is no permission; there are ${PERMISSIONS.join(', ')}, and patterns like apps:* or *:read`
    : { permissions, path };
}

/**
 * Whether an identity may do something to all of these paths. No paths: it concerns everything.
 * What is not granted is not permitted.
 */
export function isPermitted(
  { grants }: Identity,
  permission: Permission,
  paths: readonly string[] | undefined,
): boolean {
  if (permission === 'signed-in') return true;
  return (paths ?? ['/']).every((path) =>
    grants.some((grant) => grant.permissions.has(permission) && isWithin(path, grant.path)),
  );
}

/** Whether a path is another or below it. Both are absolute, without `..` in them. */
export function isWithin(path: string, scope: string): boolean {
  return scope === '/' || path === scope || path.startsWith(`${scope}/`);
}

function fits(permission: string, pattern: string): boolean {
  if (pattern === '*' || pattern === permission) return true;
  const [area, verb] = permission.split(':');
  return pattern === `${area ?? ''}:*` || (verb !== undefined && pattern === `*:${verb}`);
}
