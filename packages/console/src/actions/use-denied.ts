/** Whether we may do something, before the server is asked to. */
import { useCallback } from 'react';
import { useQuery } from '@tanstack/react-query';
import type { Action } from '../core/actions.ts';
import { denialOf, neededFor, type NeededPermission } from '../core/needed-permission.ts';
import { permissionsQuery } from '../data/queries.ts';

/** Tells why an action is not ours to take; undefined: it is, or nobody knows yet, and the server will tell. */
export function useDenied(): (action: Action) => string | undefined {
  const { data } = useQuery(permissionsQuery);
  return useCallback((action) => (data === undefined ? undefined : denialOf(data, neededFor(action))), [data]);
}

/** The same of something that is no action with a dialog. */
export function useDenial(needed: NeededPermission): string | undefined {
  const { data } = useQuery(permissionsQuery);
  return data === undefined ? undefined : denialOf(data, needed);
}
