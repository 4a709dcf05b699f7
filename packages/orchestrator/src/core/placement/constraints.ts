/** The constraint operators of Marathon and the set of them that one request has to satisfy. */
import type { AppDefinition } from '@stadion/contract/orchestrator';
import type { AgentPlace } from '../instance.ts';
import { scalarText } from './attribute-text.ts';
import { fieldValue, type ConstraintState } from './constraint.ts';
import { groupBy } from './group-by.ts';
import { MAX_PATTERN_VERDICTS } from './limits.ts';
import { readPattern, type Pattern } from './pattern.ts';

/** A constraint with the stable code under which its refusals are counted. */
export interface CountedConstraint {
  /** `constraint:<field>:<OPERATOR>`; a second one of the same field and operator gets `:2`. */
  readonly code: string;
  readonly state: ConstraintState;
}

/**
 * The constraints of an app in their order, having counted where its instances are.
 * @param placed instances that count, oldest first: CLUSTER without a value follows the first
 */
export function constraintsOf(app: AppDefinition, placed: readonly AgentPlace[]): readonly CountedConstraint[] {
  const seen = new Map<string, number>();
  return (app.constraints ?? []).map((constraint) => {
    const [field = '', operator = ''] = constraint;
    const state = constraintState(constraint, field, operator.toUpperCase(), app.instances);
    for (const place of placed) state.add(fieldValue(place, field));
    const code = `constraint:${field}:${operator.toUpperCase()}`;
    const nth = (seen.get(code) ?? 0) + 1;
    seen.set(code, nth);
    return { code: nth === 1 ? code : `${code}:${nth}`, state };
  });
}

function constraintState(
  constraint: readonly string[],
  field: string,
  operator: string,
  instances: number,
): ConstraintState {
  const value = constraint[2];
  switch (operator) {
    case 'UNIQUE':
      return maxPer(field, 'UNIQUE', 1);
    case 'MAX_PER':
      return maxPer(field, `MAX_PER ${value ?? ''}`, wholeNumber(value) ?? 0);
    case 'CLUSTER':
      return cluster(field, value);
    case 'GROUP_BY':
      return groupBy(field, wholeNumber(value), instances);
    case 'IS':
      return valueTest(field, `IS ${value ?? ''}`, (found) => isSame(value ?? '', found), false);
    case 'LIKE':
      return likeness(constraint, field, 'LIKE');
    case 'UNLIKE':
      return likeness(constraint, field, 'UNLIKE');
    default:
      // The API refuses such a definition; one from a newer version's store waits instead of being misplaced.
      return valueTest(field, `${operator} (an operator that is not known)`, () => false, false);
  }
}

function wholeNumber(value: string | undefined): number | undefined {
  return value !== undefined && /^[+-]?\d+$/.test(value) ? Number(value) : undefined;
}

/** MAX_PER, and UNIQUE as its case of one. */
function maxPer(field: string, operator: string, max: number): ConstraintState {
  const counts = new Map<string, number>();
  return {
    field,
    name: `${field} ${operator}`,
    evens: false,
    accepts: (value) => value !== undefined && (counts.get(value) ?? 0) < max,
    add: (value) => {
      if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
    },
    explain: (values) => `allows ${max} ${max === 1 ? 'instance' : 'instances'} each, reached for ${values}`,
  };
}

/** CLUSTER: the value given, else that of the first instance. An empty value is as none. */
function cluster(field: string, value: string | undefined): ConstraintState {
  let wanted = value === '' ? undefined : value;
  return {
    field,
    name: `${field} CLUSTER`,
    evens: false,
    accepts: (found) => found !== undefined && (wanted === undefined || found === wanted),
    add: (found) => {
      wanted ??= found;
    },
    explain: (values) => `needs ${wanted ?? 'a value'}, agents have ${values}`,
  };
}

/** An operator that looks at the value only and counts nothing. */
function valueTest(
  field: string,
  operator: string,
  test: (value: string) => boolean,
  acceptsMissing: boolean,
): ConstraintState {
  return {
    field,
    name: `${field} ${operator}`,
    evens: false,
    accepts: (value) => (value === undefined ? acceptsMissing : test(value)),
    add: () => undefined,
    explain: (values) => `does not hold, agents have ${values}`,
  };
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

function isSame(wanted: string, found: string): boolean {
  if (wanted === found) return true;
  return NUMBER.test(wanted) && NUMBER.test(found) && scalarText(Number(wanted)) === scalarText(Number(found));
}

/** Patterns by the constraint that they stand in: definitions are replaced, never changed, and matched often. */
const patterns = new WeakMap<readonly string[], Pattern>();

function patternOf(constraint: readonly string[]): Pattern {
  let pattern = patterns.get(constraint);
  if (pattern === undefined) {
    pattern = remembering(readPattern(constraint[2] ?? ''));
    patterns.set(constraint, pattern);
  }
  return pattern;
}

/** A pattern that is asked once for each value: agents share few of them. */
function remembering(pattern: Pattern): Pattern {
  if (!pattern.ok) return pattern;
  const verdicts = new Map<string, boolean>();
  return {
    ok: true,
    matches(text) {
      const known = verdicts.get(text);
      if (known !== undefined) return known;
      const verdict = pattern.matches(text);
      if (verdicts.size < MAX_PATTERN_VERDICTS) verdicts.set(text, verdict);
      return verdict;
    },
  };
}

function likeness(constraint: readonly string[], field: string, operator: 'LIKE' | 'UNLIKE'): ConstraintState {
  const likes = operator === 'LIKE';
  const source = constraint[2] ?? '';
  const pattern = patternOf(constraint);
  if (!pattern.ok) {
    // The API refuses it; one that an older version has stored waits instead of being misplaced.
    const complaint = `${operator} ${source} (a pattern that cannot be read)`;
    return valueTest(field, complaint, () => false, !likes);
  }
  return valueTest(field, `${operator} ${source}`, (value) => pattern.matches(value) === likes, !likes);
}
