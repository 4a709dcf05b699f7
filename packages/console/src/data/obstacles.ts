/** What stands in the way of a change, and how it may be passed. */
import { isApiError } from '@stadion/contract/client';

/** What a change passes, as the query of the API has it. */
export interface Passing {
  /** Deployments that hold the app: they are cancelled. */
  readonly force?: boolean;
  /** Locks and closed deploy windows of groups. */
  readonly overridePolicy?: boolean;
}

/** Why a change was refused although nothing is wrong with it. */
export type Obstacle =
  | { readonly kind: 'deployments'; readonly ids: readonly string[] }
  | { readonly kind: 'policy'; readonly message: string };

/** A lock, or a window that is closed. */
const HELD_BACK = 423;

/** The obstacle that a refusal names, if it is one that may be passed. */
export function obstacleOf(error: unknown): Obstacle | undefined {
  if (!isApiError(error)) return undefined;
  if (error.status === HELD_BACK) return { kind: 'policy', message: error.message };
  const { deployments = [] } = error.answer;
  return error.status === 409 && deployments.length > 0
    ? { kind: 'deployments', ids: deployments.map(({ id }) => id) }
    : undefined;
}

/** What passes an obstacle too, beside those that were passed before it came to light. */
export function passing(before: Passing, obstacle: Obstacle | undefined): Passing {
  switch (obstacle?.kind) {
    case 'deployments':
      return { ...before, force: true };
    case 'policy':
      return { ...before, overridePolicy: true };
    case undefined:
      return before;
  }
}

/** On the button that passes it. */
export function passingVerb(verb: string, obstacle: Obstacle | undefined): string {
  switch (obstacle?.kind) {
    case 'deployments':
      return `${verb} by force`;
    case 'policy':
      return `Override and ${verb.slice(0, 1).toLowerCase()}${verb.slice(1)}`;
    case undefined:
      return verb;
  }
}
