/** What the thread that parses a state says. */
import type { Cluster, RunningTask } from '../core/cluster.ts';

/** The leader and the asked master as a state names them, `master@ip:port`. */
export interface NamedMasters {
  readonly leader: unknown;
  readonly pid: unknown;
}

/** To whom asks. */
export type FromStateThread =
  | { readonly kind: 'broken' }
  | ({ readonly kind: 'opened'; readonly hostNames: ReadonlySet<string> } & NamedMasters)
  /** Some of the tasks; more come when they are asked for. */
  | { readonly kind: 'tasks'; readonly tasks: readonly RunningTask[] }
  | { readonly kind: 'rest'; readonly cluster: Omit<Cluster, 'tasks'> };

/** The names of the masters in a parsed state. */
export function mastersIn(state: unknown): NamedMasters {
  const { leader, pid } = (typeof state === 'object' && state !== null ? state : {}) as Record<string, unknown>;
  return { leader, pid };
}
