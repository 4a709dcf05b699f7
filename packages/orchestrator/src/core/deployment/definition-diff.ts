/** What differs between two definitions of an app, member by member. */
import type { AppDefinition } from '@stadion/contract/orchestrator';
import type { AppDiff, FieldDiff } from '@stadion/contract/orchestrator-extensions';
import { DIFF_APPS_MAX, DIFF_FIELDS_MAX, DIFF_VALUE_CHARACTERS_MAX } from './limits.ts';

/** Members that every change changes. */
const STAMPS = new Set(['version', 'versionInfo']);

/**
 * The members that differ, in the order of their paths; at most `DIFF_FIELDS_MAX`. Values are JSON texts, long ones cut
 * short; absent where there is none. Lists are compared as a whole.
 */
export function diffDefinitions(before: AppDefinition | undefined, after: AppDefinition | undefined): FieldDiff[] {
  const found: FieldDiff[] = [];
  compare('', membersOf(before), membersOf(after), found);
  return found.sort((left, right) => (left.path < right.path ? -1 : 1)).slice(0, DIFF_FIELDS_MAX);
}

/** What a change does to the first of its apps. */
export function appDiffs(
  changes: readonly {
    readonly id: string;
    readonly from: AppDefinition | undefined;
    readonly to: AppDefinition | undefined;
  }[],
): AppDiff[] {
  return changes
    .filter(({ from, to }) => from !== to)
    .slice(0, DIFF_APPS_MAX)
    .map(({ id, from, to }) => ({
      app: id,
      change: from === undefined ? 'create' : to === undefined ? 'remove' : 'update',
      fields: from === undefined || to === undefined ? [] : diffDefinitions(from, to),
    }));
}

type Members = Readonly<Record<string, unknown>>;

function membersOf(app: AppDefinition | undefined): Members {
  return Object.fromEntries(Object.entries(app ?? {}).filter(([name]) => !STAMPS.has(name)));
}

function compare(path: string, before: Members, after: Members, found: FieldDiff[]): void {
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, fresh] = [ownMember(before, name), ownMember(after, name)];
    const at = `${path}/${name}`;
    if (isObject(old) && isObject(fresh)) compare(at, old, fresh, found);
    else if (JSON.stringify(old) !== JSON.stringify(fresh)) {
      found.push({
        path: at,
        ...(old !== undefined && { before: shortJson(old) }),
        ...(fresh !== undefined && { after: shortJson(fresh) }),
      });
    }
  }
}

/** Only what is written there: labels may have names that every object has members of. */
function ownMember(members: Members, name: string): unknown {
  return Object.hasOwn(members, name) ? members[name] : undefined;
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shortJson(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= DIFF_VALUE_CHARACTERS_MAX ? text : `${text.slice(0, DIFF_VALUE_CHARACTERS_MAX)}…`;
}
