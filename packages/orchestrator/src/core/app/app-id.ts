/** App and group ids: paths such as `/shop/db`, resolved like file paths. The grammar is Marathon's. */
import { APP_ID_LENGTH_MAX } from './limits.ts';

const SEGMENT = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
const SEGMENT_IN_MARATHON =
  '^(([a-z0-9]|[a-z0-9][a-z0-9\\-]*[a-z0-9])\\.)*([a-z0-9]|[a-z0-9][a-z0-9\\-]*[a-z0-9])|(\\.|\\.\\.)$';
const RESERVED_LAST = new Set(['restart', 'tasks', 'versions', '.', '..']);
const RESERVED_MESSAGE = `must not end with any of the following segments: ${[...RESERVED_LAST].join(', ')}`;

/**
 * The absolute form of an id: relative ones start at `base`, empty segments and `.` vanish, `..` goes up and stays at
 * the root. Total: any text gives a path; {@link appIdErrors} says whether it may name an app.
 */
export function resolveId(raw: string, base = '/'): string {
  const path: string[] = [];
  const segments = raw.startsWith('/') ? raw.split('/') : [...base.split('/'), ...raw.split('/')];
  for (const segment of segments) {
    if (segment === '..') path.pop();
    else if (segment !== '' && segment !== '.') path.push(segment);
  }
  return `/${path.join('/')}`;
}

/** Why a raw id cannot name an app; empty when it can. */
export function appIdErrors(raw: string): readonly string[] {
  if (raw.length > APP_ID_LENGTH_MAX) return [`must not be longer than ${String(APP_ID_LENGTH_MAX)} characters`];
  const given = raw.split('/').filter((segment) => segment !== '');
  const resolved = resolveId(raw);
  if (given.length === 0 || resolved === '/') return ['must not be the root path'];
  const errors: string[] = [];
  const path = resolved.split('/').slice(1);
  if (!path.every((segment) => SEGMENT.test(segment))) {
    errors.push(`must fully match regular expression '${SEGMENT_IN_MARATHON}'`);
  }
  const last = given.at(-1) ?? '';
  if (RESERVED_LAST.has(last)) errors.push(RESERVED_MESSAGE);
  return errors;
}

/** What an app or group depends on: `../db` starts at itself, as Marathon has it; a plain name is a neighbour. */
export function resolveDependency(dependency: string, dependentId: string): string {
  return resolveId(dependency, dependency.startsWith('.') ? dependentId : `${dependentId}/..`);
}

/** The group an app or group is in; the root's parent is the root. */
export function parentId(id: string): string {
  const at = id.lastIndexOf('/');
  return at <= 0 ? '/' : id.slice(0, at);
}

/** The groups above an id, nearest first, the root left out: `/a/b/c` gives `/a/b`, `/a`. */
export function ancestorIds(id: string): readonly string[] {
  const ancestors: string[] = [];
  for (let at = id.lastIndexOf('/'); at > 0; at = id.lastIndexOf('/', at - 1)) ancestors.push(id.slice(0, at));
  return ancestors;
}
