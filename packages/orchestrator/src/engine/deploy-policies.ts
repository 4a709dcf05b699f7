/** Locks and windows of groups, in memory and in the store. */
import type { Clock } from '@stadion/base';
import type { DeployPolicy } from '@stadion/contract/orchestrator-extensions';
import { ancestorIds } from '../core/app/app-id.ts';
import { heldBack } from '../core/deploy-policy.ts';
import type { Journal } from './journal.ts';
import { POLICIES_MAX } from './limits.ts';
import { asJson, policyKey } from './records.ts';

/** One per engine. */
export class DeployPolicies {
  private readonly policies = new Map<string, DeployPolicy>();
  private readonly journal: Journal;
  private readonly clock: Clock;

  constructor(journal: Journal, clock: Clock) {
    this.journal = journal;
    this.clock = clock;
  }

  all(): ReadonlyMap<string, DeployPolicy> {
    return this.policies;
  }

  /** Sets, or with undefined removes, the policy of a group. False when there are too many. */
  set(groupId: string, policy: DeployPolicy | undefined): boolean {
    if (policy === undefined) {
      this.policies.delete(groupId);
      this.journal.remove(policyKey(groupId));
      return true;
    }
    if (!this.policies.has(groupId) && this.policies.size >= POLICIES_MAX) return false;
    this.policies.set(groupId, policy);
    this.journal.put(policyKey(groupId), asJson(policy));
    return true;
  }

  /** Takes over a policy from the store. */
  load(groupId: string, policy: DeployPolicy): void {
    this.policies.set(groupId, policy);
  }

  /** Why changes of these apps are held back now, each reason once. */
  refusals(appIds: Iterable<string>): readonly string[] {
    if (this.policies.size === 0) return [];
    const groups = new Set<string>(['/']);
    for (const appId of appIds) for (const groupId of ancestorIds(appId)) groups.add(groupId);
    const now = this.clock.now();
    return [...groups].flatMap((groupId) => {
      const policy = this.policies.get(groupId);
      return (policy && heldBack(groupId, policy, now)) ?? [];
    });
  }
}
