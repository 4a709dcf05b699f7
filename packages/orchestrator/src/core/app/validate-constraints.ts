/** Marathon's rules for placement constraints. */
import { readPattern } from '../placement/pattern.ts';
import { CONSTRAINTS_MAX, CONSTRAINT_VALUE_LENGTH_MAX } from './limits.ts';
import type { AppSpec } from './spec.ts';
import type { Refuse } from './checked.ts';

/** Says what is wrong with an operator's value, or nothing. */
type ValueRule = (value: string | undefined) => string | undefined;

const isWholeNumber = (value: string): boolean => /^\d{1,9}$/.test(value);

const VALUE_RULES: ReadonlyMap<string, ValueRule> = new Map<string, ValueRule>([
  ['UNIQUE', (value) => (value === undefined ? undefined : 'Operator UNIQUE takes no value')],
  ['CLUSTER', () => undefined],
  [
    'GROUP_BY',
    (value) =>
      value === undefined || isWholeNumber(value) ? undefined : `Value '${value}' of GROUP_BY must be a whole number`,
  ],
  ['LIKE', regularExpression],
  ['UNLIKE', regularExpression],
  [
    'MAX_PER',
    (value) => (value !== undefined && isWholeNumber(value) ? undefined : 'Operator MAX_PER needs a whole number'),
  ],
  [
    'IS',
    (value) =>
      value !== undefined && /^[A-Za-z0-9_/.-]*$/.test(value)
        ? undefined
        : 'Operator IS needs a value made of letters, digits and _ / . -',
  ],
]);

function regularExpression(value: string | undefined): string | undefined {
  if (value === undefined) return 'A regular expression value must be provided';
  const pattern = readPattern(value);
  return pattern.ok ? undefined : pattern.message;
}

/** Every constraint names a field, a known operator, and the value that this operator takes. */
export function constraintRules(app: AppSpec, refuse: Refuse): void {
  const count = app.constraints?.length ?? 0;
  if (count > CONSTRAINTS_MAX) {
    refuse(true, '/constraints', `must be at most ${String(CONSTRAINTS_MAX)}, these are ${String(count)}`);
    return;
  }
  for (const [index, [field = '', operator = '', value]] of (app.constraints ?? []).entries()) {
    const path = `/constraints(${String(index)})`;
    const rule = VALUE_RULES.get(operator);
    const known = [...VALUE_RULES.keys()].join(', ');
    refuse(field === '', path, 'must name a field: hostname, @region, @zone or an attribute of agents');
    refuse(rule === undefined, path, `Operator must be one of the following: ${known}`);
    const isLong = (value?.length ?? 0) > CONSTRAINT_VALUE_LENGTH_MAX;
    refuse(isLong, path, `a value must have at most ${String(CONSTRAINT_VALUE_LENGTH_MAX)} characters`);
    const message = isLong ? undefined : rule?.(value);
    refuse(message !== undefined, path, message ?? '');
  }
}
