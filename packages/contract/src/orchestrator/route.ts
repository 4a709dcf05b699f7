/** What a route is, and what many of them share. */
import { Type, type Static, type TSchema } from '@sinclair/typebox';
import { stringEnum } from '../string-enum.ts';

/** What a caller must be allowed to do. */
export const Permission = stringEnum([
  'apps:read',
  'apps:write',
  'events:read',
  'system:read',
  'system:write',
  'names:read',
  'names:write',
  'edge:read',
  'signed-in',
]);
export type Permission = Static<typeof Permission>;

/**
 * One route. In `path`, `{id}` and `{group}` stand for app and group ids, which may contain slashes (the keyword after
 * it is matched from the right); other `{…}` are one segment. `query` members may be repeated where they are arrays.
 */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly permission: Permission | 'public';
  /**
   * Whoever is permitted for some apps and groups is answered too, with what they see: the answer is made of the view through
   * their sight, and a deployment is changed by who sees all of it. Without it the permission is needed for everything, or for
   * what the path and the body name; what `apps:read` then answers is made of that view as well.
   */
  readonly isFiltered?: true;
  readonly summary: string;
  readonly query?: TSchema;
  readonly body?: TSchema;
  readonly answers: Readonly<Record<number, TSchema>>;
}

/** Writes a route down with its exact type. */
export const route = <const R extends Route>(definition: R): R => definition;

/** Whether to cancel deployments that stand in the way. */
export const force = Type.Optional(Type.Boolean());
/**
 * What every change of apps and groups may be given. The last two are Stadion's own: the token of the plan that the
 * change was looked at with, and the wish to pass locks and closed deploy windows.
 */
export const change = {
  force,
  planToken: Type.Optional(Type.String()),
  overridePolicy: Type.Optional(Type.Boolean()),
};
/** The query of a change. */
export const Force = Type.Object(change);
/** A query of nothing but `embed`. */
export const Embed = Type.Object({ embed: Type.Optional(Type.Array(Type.String())) });
