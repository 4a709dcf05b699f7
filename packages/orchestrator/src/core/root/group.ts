/** A group by itself: what people decide about it, beyond what is in it. */

/** What people decide. Ids are absolute. */
export interface GroupSettings {
  /** Apps and groups that everything in the group depends on. */
  readonly dependencies: readonly string[];
  /** Whether apps in it must have its name as their role; only for groups directly below the root. */
  readonly enforceRole: boolean;
}

/** A group as it is. */
export interface GroupState extends GroupSettings {
  /** Of the last change of anything in it. */
  readonly version: string;
}

/** A change of one group: `to` undefined removes it. */
export interface GroupEdit {
  readonly id: string;
  readonly to: GroupSettings | undefined;
}

/** A group that nobody has decided anything about. */
export const PLAIN_GROUP: GroupSettings = Object.freeze({ dependencies: Object.freeze([]), enforceRole: false });

/** Whether two groups are decided alike; both may be absent. */
export function sameSettings(left: GroupSettings | undefined, right: GroupSettings | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return left.enforceRole === right.enforceRole && left.dependencies.join() === right.dependencies.join();
}

/** Whether an id is the group's own, or of something in it. */
export function isWithin(id: string, groupId: string): boolean {
  return groupId === '/' || id === groupId || id.startsWith(`${groupId}/`);
}
