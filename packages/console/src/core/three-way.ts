/** Two changes of the same thing, compared with what both began from: member by member. */
import type { Json, JsonObject } from './app-draft.ts';

/** What became of a member. */
export interface MemberChange {
  readonly name: string;
  readonly base: Json | undefined;
  readonly mine: Json | undefined;
  readonly theirs: Json | undefined;
  /** Who changed it; `conflict` when both did, and not to the same. */
  readonly by: 'mine' | 'theirs' | 'both' | 'conflict';
}

/** The members that at least one side changed, in the order of their names. */
export function threeWay(base: JsonObject, mine: JsonObject, theirs: JsonObject): readonly MemberChange[] {
  const names = [...new Set([base, mine, theirs].flatMap((side) => Object.keys(side)))].sort();
  return names.flatMap((name): MemberChange[] => {
    const change = { name, base: base[name], mine: mine[name], theirs: theirs[name] };
    const isMine = !isSame(change.base, change.mine);
    const isTheirs = !isSame(change.base, change.theirs);
    if (!isMine && !isTheirs) return [];
    if (!isTheirs) return [{ ...change, by: 'mine' }];
    if (!isMine) return [{ ...change, by: 'theirs' }];
    return [{ ...change, by: isSame(change.mine, change.theirs) ? 'both' : 'conflict' }];
  });
}

/** My change on top of theirs: where both changed a member, mine stays. */
export function rebased(base: JsonObject, mine: JsonObject, theirs: JsonObject): JsonObject {
  const result: Record<string, Json | undefined> = { ...theirs };
  for (const { name, by, mine: value } of threeWay(base, mine, theirs)) {
    if (by === 'mine' || by === 'conflict') result[name] = value;
  }
  return Object.fromEntries(Object.entries(result).filter(([, value]) => value !== undefined));
}

function isSame(left: Json | undefined, right: Json | undefined): boolean {
  return sorted(left) === sorted(right);
}

/** Equal values become equal texts, whatever the order of their members. */
function sorted(value: Json | undefined): string {
  const order = (_name: string, one: unknown): unknown =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([left], [right]) => (left < right ? -1 : 1)))
      : one;
  return value === undefined ? '' : JSON.stringify(value, order);
}
