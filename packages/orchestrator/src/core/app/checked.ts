/** The outcome of looking at something that people sent: a value, or everything that is wrong with it. */
import type { Violation } from '@stadion/contract/orchestrator';

/** A good value, or what is wrong, at least one violation. */
export type Checked<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly violations: readonly Violation[] };

/** Reports a violation when a condition holds. */
export type Refuse = (isWrong: boolean, path: string, message: string) => void;

/** One violation at one path, e.g. `/healthChecks(0)/portIndex`; `/` for the object as a whole. */
export function violation(path: string, ...errors: readonly string[]): Violation {
  return { path, errors: [...errors] };
}

/** What remains of an object type when its `undefined` members are left out. */
export type Compact<Value> = {
  [Key in keyof Value as undefined extends Value[Key] ? never : Key]: Value[Key];
} & { [Key in keyof Value as undefined extends Value[Key] ? Key : never]?: Exclude<Value[Key], undefined> };

/** A copy without the members that are `undefined`: canonical forms have no such members. */
export function compact<Value extends object>(value: Value): Compact<Value> {
  const members = Object.entries(value).filter((entry: [string, unknown]) => entry[1] !== undefined);
  return Object.fromEntries(members) as Compact<Value>;
}

/** The list or map itself, or `undefined` when it is empty: canonical forms leave most empty ones out. */
export function unlessEmpty<Value extends object>(value: Value | undefined): Value | undefined {
  return value === undefined || Object.keys(value).length === 0 ? undefined : value;
}
