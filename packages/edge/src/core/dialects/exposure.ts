/** Which apps Traefik's dialects expose: `traefik.enable`, and constraints on tags or labels. */
import type { AppView } from '../app-view.ts';
import { compilePattern, escapePattern } from '../rule/patterns.ts';
import { parseExpression } from '../rule/parse-v2.ts';
import { parsed, unparsed, type Parsed, type Rule } from '../rule/rule.ts';
import { splitList, type LabelReader } from './labels.ts';
import type { DialectOptions } from './options.ts';

/** Whether an app is exposed. A constraint that cannot be read exposes nothing, and is reported. */
export function isExposed(app: AppView, reader: LabelReader, options: DialectOptions): boolean {
  if (!reader.boolean(options.exposedByDefault, 'traefik.enable')) return false;
  const tags = [
    ...splitList(app.labels['traefik.tags'] ?? ''),
    ...(app.labels['HAPROXY_GROUP'] === undefined ? [] : [app.labels['HAPROXY_GROUP']]),
    ...(options.filterMarathonConstraints ? app.constraints : []),
  ];
  for (const text of options.constraints) {
    const constraint = parseConstraint(text);
    if (!constraint.ok) {
      reader.report('traefik.tags', constraint.problem, 'route');
      return false;
    }
    if (!constraint.value(app, tags)) return false;
  }
  return true;
}

/** Says whether an app with these tags satisfies a constraint. */
type Constraint = (app: AppView, tags: readonly string[]) => boolean;

/** Reads a constraint of Traefik 1 (`tag==api*`) or of Traefik 2 (``Label(`a`, `b`) && !LabelRegex(…)``). */
export function parseConstraint(text: string): Parsed<Constraint> {
  const simple = /^\s*tag\s*(==|!=)\s*(.+?)\s*$/.exec(text);
  if (simple === null) return parseConstraintExpression(text);
  const [, sign, glob = ''] = simple;
  const pattern = compilePattern(`^${escapePattern(glob).replaceAll('\\*', '.*').replaceAll('\\?', '.')}$`);
  if (!pattern.ok) return pattern;
  const { value } = pattern;
  return parsed((_app, tags) => tags.some((tag) => value.test(tag)) === (sign === '=='));
}

function parseConstraintExpression(text: string): Parsed<Constraint> {
  // The tree of a rule serves for constraints, too: a label is a header of the app.
  const rule = parseExpression(text, (name, [first, second]) => {
    if (first === undefined) return unparsed(`${name} needs a value`);
    if (name === 'MarathonConstraint') return parsed({ kind: 'query', name: first });
    if (second === undefined) return unparsed(`${name} needs the name of a label and a value`);
    if (name === 'Label') return parsed({ kind: 'header', name: first, value: second });
    if (name !== 'LabelRegex') {
      return unparsed(`there is no '${name}' in constraints. Known: Label, LabelRegex, MarathonConstraint`);
    }
    const pattern = compilePattern(second);
    return pattern.ok ? parsed({ kind: 'header-regex', name: first, pattern: second }) : pattern;
  });
  return rule.ok ? parsed((app) => holds(rule.value, app)) : rule;
}

function holds(rule: Rule, app: AppView): boolean {
  if (rule.kind === 'and') return rule.rules.every((part) => holds(part, app));
  if (rule.kind === 'or') return rule.rules.some((part) => holds(part, app));
  if (rule.kind === 'not') return !holds(rule.rule, app);
  if (rule.kind === 'query') return app.constraints.includes(rule.name);
  if (rule.kind === 'header') return app.labels[rule.name] === rule.value;
  if (rule.kind !== 'header-regex') return false;
  const pattern = compilePattern(rule.pattern);
  const label = app.labels[rule.name];
  return label !== undefined && pattern.ok && pattern.value.test(label);
}
