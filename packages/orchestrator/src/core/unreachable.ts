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
 * @param strategy of the app
 * @param since when the instance became unreachable, milliseconds
 * @param isInactive whether a replacement was already asked for
 */
export function decideUnreachable(
  strategy: AppDefinition['unreachableStrategy'],
  since: number,
  isInactive: boolean,
  now: number,
): UnreachableDecision {
  if (strategy === 'disabled') return { kind: 'wait', until: undefined };
  const expungeAt = since + strategy.expungeAfterSeconds * 1000;
  if (now >= expungeAt) return { kind: 'expunge' };
  if (isInactive) return { kind: 'wait', until: expungeAt };
  const inactiveAt = since + strategy.inactiveAfterSeconds * 1000;
  return now >= inactiveAt ? { kind: 'inactive' } : { kind: 'wait', until: inactiveAt };
}
