/** Plans with the root group before and after, for listeners that ask for them. */
import type { DeploymentPlanInfo, GroupInfo } from '@stadion/contract/orchestrator';
import type { PlanRoots } from '../core/deployment/plan-roots.ts';
import { FIRST_VERSION } from '../core/next-version.ts';
import { groupTree, type GroupTree } from '../core/root/group-tree.ts';

/**
 * A plan with its roots. Groups have the newest version of their apps: what else happened to a group before is not
 * remembered. The root of `target` has the plan's own.
 */
export function fullPlan(plan: DeploymentPlanInfo, { original, target }: PlanRoots): DeploymentPlanInfo {
  return {
    ...plan,
    original: groupInfo(groupTree('/', original)),
    target: { ...groupInfo(groupTree('/', target)), version: plan.version },
  };
}

function groupInfo({ id, apps, groups }: GroupTree): GroupInfo {
  const inner = groups.map(groupInfo);
  let version = FIRST_VERSION;
  for (const member of [...apps, ...inner]) if (member.version > version) version = member.version;
  return { id, apps: [...apps], pods: [], groups: inner, dependencies: [], version };
}
