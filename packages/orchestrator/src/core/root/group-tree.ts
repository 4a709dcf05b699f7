/** Apps as the tree of groups that their ids make. */
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { parentId } from '../app/app-id.ts';

/** A group with what is directly in it. */
export interface GroupTree {
  readonly id: string;
  readonly apps: readonly AppDefinition[];
  readonly groups: readonly GroupTree[];
}

interface OpenGroup {
  readonly id: string;
  readonly apps: AppDefinition[];
  readonly groups: OpenGroup[];
}

/**
 * Builds the tree below a group.
 * @param id of the group, e.g. `/`
 * @param apps all apps below it, in the order in which they are to be shown
 * @param groups ids of groups below it; those above the apps need not be named
 */
export function groupTree(id: string, apps: Iterable<AppDefinition>, groups: Iterable<string> = []): GroupTree {
  const top: OpenGroup = { id, apps: [], groups: [] };
  const byId = new Map([[id, top]]);
  const groupOf = (groupId: string): OpenGroup => {
    const known = byId.get(groupId);
    if (known !== undefined) return known;
    const group: OpenGroup = { id: groupId, apps: [], groups: [] };
    byId.set(groupId, group);
    groupOf(parentId(groupId)).groups.push(group);
    return group;
  };
  for (const groupId of groups) groupOf(groupId);
  for (const app of apps) groupOf(parentId(app.id)).apps.push(app);
  return top;
}
