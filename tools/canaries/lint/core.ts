/** Must be refused by the linter, as if it stood in a core/: each marked line by the rule that its comment names. */
import { randomUUID } from 'node:crypto'; // no-restricted-imports
import { setTimeout as sleep } from 'node:timers/promises'; // no-restricted-imports
import { systemClock } from '@stadion/base/system'; // no-restricted-imports

export const now = Date.now(); // no-restricted-properties
export const today = new Date(); // no-restricted-syntax
export const text = Date(); // no-restricted-syntax
export const dice = Math.random(); // no-restricted-properties
export const id = crypto.randomUUID(); // no-restricted-properties
export const uptime = performance.now(); // no-restricted-globals
setTimeout(() => undefined, 1); // no-restricted-globals
globalThis.setTimeout(() => undefined, 1); // no-restricted-properties
export const race = Promise.race([]); // no-restricted-globals
export async function wait() { // no-restricted-syntax
  await sleep(1); // no-restricted-syntax
}
wait(); // no-floating-promises
export const anything = JSON.parse('1') as any; // no-explicit-any
export const forced = id as unknown as number; // no-restricted-syntax
export const first = [systemClock][0]!; // no-non-null-assertion
/* A comment cannot switch a rule off: */ // eslint-disable-next-line
export const silenced = Date.now(); // no-restricted-properties
export const ids = [randomUUID()];
export const always = id ?? text; // no-unnecessary-condition
export const said = `${[id]}`; // restrict-template-expressions
export const given = String(JSON.parse('1').member); // no-unsafe-member-access
export const loose = id == text; // eqeqeq
export const optional = (made: Date | undefined) => made && made.getTime(); // prefer-optional-chain
ids.forEach(async () => wait()); // no-misused-promises
export function kindOf(kind: 'one' | 'other'): string {
  switch (kind) { // switch-exhaustiveness-check
    case 'one':
      return text;
  }
  return id;
}
export default id; // no-restricted-syntax
