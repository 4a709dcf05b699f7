/**
 * A second implementation of the constraints, straight from the table in Marathon's reference (2.6), that counts all
 * placed instances anew for every question. The tests hold the fast one against it.
 */
import type { AgentPlace } from '../../instance.ts';

/** Whether the constraint lets an instance go to `place`, the app's instances being at `placed`, oldest first. */
export function naiveAccepts(
  constraint: readonly string[],
  place: AgentPlace,
  placed: readonly AgentPlace[],
  instances: number,
): boolean {
  const [field = '', operator = '', value] = constraint;
  const offered = valueAt(place, field);
  if (offered === undefined) return operator === 'UNLIKE';
  const values = placed.map((one) => valueAt(one, field)).filter((one) => one !== undefined);
  const same = values.filter((one) => one === offered).length;
  switch (operator) {
    case 'UNIQUE':
      return same === 0;
    case 'CLUSTER':
      if (value !== undefined && value !== '') return offered === value;
      return values.length === 0 || values[0] === offered;
    case 'GROUP_BY':
      return naiveGroupBy(value, offered, values, instances);
    case 'LIKE':
      return wholeMatch(value ?? '', offered);
    case 'UNLIKE':
      return !wholeMatch(value ?? '', offered);
    case 'MAX_PER':
      return same < Number(value);
    case 'IS':
      return offered === value;
    default:
      return false;
  }
}

function naiveGroupBy(value: string | undefined, offered: string, values: readonly string[], instances: number) {
  const groups = [...new Set(values)];
  const sizes = groups.map((group) => values.filter((one) => one === group).length);
  const size = values.filter((one) => one === offered).length;
  const wanted = Number(value ?? 0);
  if (wanted < 1) return size === 0 || size === Math.min(...sizes);
  if (size === 0 && groups.length >= wanted) return false;
  const share = Math.floor(instances / wanted);
  const groupsWithExtra = sizes.filter((one) => one > share).length;
  return size < share || (size === share && groupsWithExtra < instances % wanted);
}

function wholeMatch(pattern: string, text: string): boolean {
  return new RegExp(pattern).exec(text)?.[0] === text;
}

function valueAt(place: AgentPlace, field: string): string | undefined {
  if (field === 'hostname') return place.hostname;
  if (field === '@zone') return place.zone;
  return place.attributes.get(field);
}
