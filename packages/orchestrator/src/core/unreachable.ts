/** What to do about an instance whose agent is out of contact: Marathon's `unreachableStrategy`. */
import type { AppDefinition } from '@stadion/contract/orchestrator';
import type { Instance } from './instance.ts';

/** Whether an instance's agent is out of contact: replaced or not, or to be ended when the agent is back. */
export function isUnreachable({ condition, taskState }: Pick<Instance, 'condition' | 'taskState'>): boolean {
  if (condition === 'Killing') return taskState === 'TASK_UNREACHABLE';
  return condition === 'Unreachable' || condition === 'UnreachableInactive';
}

/** `wait`: nothing before `until` (undefined: ever). `inactive`: replace it, keep it. `expunge`: forget it. */
export type UnreachableDecision =
  | { readonly kind: 'wait'; readonly until: number | undefined }
  | { readonly kind: 'inactive' }
  | { readonly kind: 'expunge' };

/**
 * An instance with volumes is replaced like any other, and never forgotten: its data comes back with its agent.
 * @param strategy of the app
 * @param instance `since` when it became unreachable, milliseconds; inactive when a replacement was already asked for
 */
export function decideUnreachable(
  strategy: AppDefinition['unreachableStrategy'],
  { since, condition, reservation }: Pick<Instance, 'since' | 'condition' | 'reservation'>,
  now: number,
): UnreachableDecision {
  if (strategy === 'disabled') return { kind: 'wait', until: undefined };
  const expungeAt = reservation === undefined ? since + strategy.expungeAfterSeconds * 1000 : undefined;
  if (expungeAt !== undefined && now >= expungeAt) return { kind: 'expunge' };
  if (condition === 'UnreachableInactive') return { kind: 'wait', until: expungeAt };
  const inactiveAt = since + strategy.inactiveAfterSeconds * 1000;
  return now >= inactiveAt ? { kind: 'inactive' } : { kind: 'wait', until: inactiveAt };
}
