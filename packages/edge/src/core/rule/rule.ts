/** A rule as a tree: what a request has to look like. Plain JSON. */

/** Every test that a rule can make. Hosts and header names are lower case. Patterns are RE2 and match anywhere. */
export type Rule =
  | { readonly kind: 'always' }
  | { readonly kind: 'and'; readonly rules: readonly Rule[] }
  | { readonly kind: 'or'; readonly rules: readonly Rule[] }
  | { readonly kind: 'not'; readonly rule: Rule }
  | { readonly kind: 'host'; readonly host: string }
  | { readonly kind: 'host-regex'; readonly pattern: string }
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'path-prefix'; readonly prefix: string; readonly ignoreCase?: boolean }
  | { readonly kind: 'path-regex'; readonly pattern: string }
  | { readonly kind: 'method'; readonly method: string }
  | { readonly kind: 'header'; readonly name: string; readonly value: string }
  | { readonly kind: 'header-regex'; readonly name: string; readonly pattern: string }
  | { readonly kind: 'query'; readonly name: string; readonly value?: string }
  | { readonly kind: 'query-regex'; readonly name: string; readonly pattern: string }
  | { readonly kind: 'client-ip'; readonly range: string };

/** A parsed thing, or one sentence about what is wrong. */
export type Parsed<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly problem: string };

/** Success. */
export function parsed<Value>(value: Value): Parsed<Value> {
  return { ok: true, value };
}

/** Failure, with what is wrong and what would be right. */
export function unparsed(problem: string): Parsed<never> {
  return { ok: false, problem };
}

/** Rules joined by AND; one rule stands for itself. */
export function allOf(rules: readonly Rule[]): Rule {
  const [first] = rules;
  if (first === undefined) return { kind: 'always' };
  return rules.length === 1 ? first : { kind: 'and', rules };
}

/** Rules joined by OR; one rule stands for itself. */
export function anyOf(rules: readonly Rule[]): Rule {
  const [first] = rules;
  if (first === undefined) return { kind: 'always' };
  return rules.length === 1 ? first : { kind: 'or', rules };
}

/**
 * The exact hosts that a request must name one of, so that other hosts need not try this rule.
 * @returns undefined when the rule may hold for any host
 */
export function hostsOf(rule: Rule): readonly string[] | undefined {
  if (rule.kind === 'host') return [rule.host];
  if (rule.kind === 'and') {
    for (const part of rule.rules) {
      const hosts = hostsOf(part);
      if (hosts !== undefined) return hosts;
    }
    return undefined;
  }
  if (rule.kind !== 'or') return undefined;
  const all: string[] = [];
  for (const part of rule.rules) {
    const hosts = hostsOf(part);
    if (hosts === undefined) return undefined;
    all.push(...hosts);
  }
  return [...new Set(all)];
}
