/**
 * Traefik 1's rules: `Host:a,b;PathPrefixStrip:/x`. A comma is OR inside a matcher, a semicolon is AND. Modifiers change
 * the path after the match, in Traefik's fixed order, whatever order they are written in.
 */
import type { MiddlewareStep } from '../model.ts';
import { limits } from '../../limits.ts';
import { compilePattern, templatePattern } from './patterns.ts';
import { allOf, anyOf, parsed, unparsed, type Parsed, type Rule } from './rule.ts';

/** A rule with what it does to the path of a request. */
export interface RuleV1 {
  readonly rule: Rule;
  readonly modifiers: readonly MiddlewareStep[];
}

type Term = { readonly rule: Rule } | { readonly step: MiddlewareStep; readonly order: number; readonly rule?: Rule };

/** Reads a rule. An empty one is refused. */
export function parseRuleV1(text: string): Parsed<RuleV1> {
  if (text.length > limits.ruleCharacters) return unparsed(`a rule is longer than ${limits.ruleCharacters} characters`);
  const terms: Term[] = [];
  for (const part of splitTerms(text)) {
    const colon = part.indexOf(':');
    if (colon < 0) return unparsed(`'${part}' is not of the form Matcher:value`);
    const term = parseTerm(part.slice(0, colon).trim(), part.slice(colon + 1).trim());
    if (!term.ok) return term;
    terms.push(term.value);
  }
  if (terms.length === 0) return unparsed('the rule is empty');
  if (terms.length > limits.ruleTerms) return unparsed(`a rule has more than ${limits.ruleTerms} parts`);
  const rules = terms.flatMap(({ rule }) => (rule === undefined ? [] : [rule]));
  const steps = terms.flatMap((term) => ('step' in term ? [term] : [])).sort((one, other) => one.order - other.order);
  return parsed({ rule: allOf(rules), modifiers: steps.map(({ step }) => step) });
}

/** Splits at semicolons that are not inside braces: a pattern may contain one. */
function splitTerms(text: string): readonly string[] {
  return splitOutsideBraces(text, ';');
}

function splitOutsideBraces(text: string, separator: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (character === '{') depth += 1;
    else if (character === '}') depth -= 1;
    else if (character === separator && depth <= 0) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  parts.push(text.slice(start));
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

function parseTerm(matcher: string, value: string): Parsed<Term> {
  const values = splitOutsideBraces(value, ',');
  if (values.length === 0) return unparsed(`${matcher} needs a value`);
  const many = (each: (one: string) => Parsed<Rule>): Parsed<Term> => {
    const rules: Rule[] = [];
    for (const one of values) {
      const rule = each(one);
      if (!rule.ok) return rule;
      rules.push(rule.value);
    }
    return parsed({ rule: anyOf(rules) });
  };
  switch (matcher) {
    case 'Host':
      return many((host) => parsed({ kind: 'host', host: normalizeHost(host) }));
    case 'HostRegexp':
      return many((host) => hostTemplate(host));
    case 'Path':
      return many((path) => pathRule(path, 'exact'));
    case 'PathPrefix':
      return many((path) => pathRule(path, 'prefix'));
    case 'PathStrip':
      return stripping(values, 'exact', 1);
    case 'PathPrefixStrip':
      return stripping(values, 'prefix', 2);
    case 'PathStripRegex':
      return strippingRegex(values, 'exact', 3);
    case 'PathPrefixStripRegex':
      return strippingRegex(values, 'prefix', 4);
    case 'Method':
      return many((method) => parsed({ kind: 'method', method: method.toUpperCase() }));
    case 'Headers':
    case 'HeadersRegexp':
      return headerTerm(matcher, value);
    case 'Query':
      return many((pair) => {
        const equals = pair.indexOf('=');
        if (equals < 0) return parsed({ kind: 'query', name: pair });
        return parsed({ kind: 'query', name: pair.slice(0, equals), value: pair.slice(equals + 1) });
      });
    case 'AddPrefix':
      return parsed({ step: { kind: 'add-prefix', prefix: value }, order: 5 });
    case 'ReplacePath':
      return parsed({ step: { kind: 'replace-path', path: value }, order: 6 });
    case 'ReplacePathRegex':
      return replacePathRegex(value);
    default:
      return unparsed(
        `there is no matcher '${matcher}'. Known: Host, HostRegexp, Path, PathPrefix, PathStrip, PathPrefixStrip, ` +
          'PathStripRegex, PathPrefixStripRegex, Method, Headers, HeadersRegexp, Query, AddPrefix, ReplacePath, ReplacePathRegex',
      );
  }
}

function stripping(paths: readonly string[], ending: 'exact' | 'prefix', order: number): Parsed<Term> {
  if (paths.some((path) => path.includes('{'))) return strippingRegex(paths, ending, order);
  const rules = paths.map((path): Rule =>
    ending === 'exact' ? { kind: 'path', path } : { kind: 'path-prefix', prefix: path },
  );
  return parsed({ rule: anyOf(rules), step: { kind: 'strip-prefix', prefixes: paths, forceSlash: true }, order });
}

function strippingRegex(paths: readonly string[], ending: 'exact' | 'prefix', order: number): Parsed<Term> {
  const patterns: string[] = [];
  for (const path of paths) {
    const pattern = templatePattern(path, '[^/]+', ending);
    if (!pattern.ok) return pattern;
    patterns.push(pattern.value);
  }
  const rules = patterns.map((pattern): Rule => ({ kind: 'path-regex', pattern }));
  return parsed({ rule: anyOf(rules), step: { kind: 'strip-prefix-regex', patterns }, order });
}

function headerTerm(matcher: string, value: string): Parsed<Term> {
  const comma = value.indexOf(',');
  if (comma < 0) return unparsed(`${matcher} needs a name and a value, separated by a comma`);
  const name = value.slice(0, comma).trim().toLowerCase();
  const wanted = value.slice(comma + 1).trim();
  if (matcher === 'Headers') return parsed({ rule: { kind: 'header', name, value: wanted } });
  const pattern = compilePattern(wanted);
  return pattern.ok ? parsed({ rule: { kind: 'header-regex', name, pattern: wanted } }) : pattern;
}

function replacePathRegex(value: string): Parsed<Term> {
  const space = value.indexOf(' ');
  if (space < 0) return unparsed('ReplacePathRegex needs a pattern and a replacement, separated by a space');
  const pattern = value.slice(0, space);
  const outcome = compilePattern(pattern);
  if (!outcome.ok) return outcome;
  const step = { kind: 'replace-path-regex', pattern, replacement: value.slice(space + 1).trim() } as const;
  return parsed({ step, order: 7 });
}

/** A host as it is compared: lower case, without port and final dot. */
export function normalizeHost(host: string): string {
  return host.toLowerCase().replace(/:\d+$/, '').replace(/\.$/, '');
}

/** A HostRegexp of Traefik 1 and 2: a template when it has braces. */
export function hostTemplate(template: string): Parsed<Rule> {
  const pattern = templatePattern(template.toLowerCase(), '[^.]+', 'exact');
  return pattern.ok ? parsed({ kind: 'host-regex', pattern: pattern.value }) : pattern;
}

/** A path, or a template of one. */
export function pathRule(path: string, ending: 'exact' | 'prefix'): Parsed<Rule> {
  if (!path.startsWith('/')) return unparsed(`the path '${path}' does not begin with a slash`);
  if (!path.includes('{')) {
    return parsed(ending === 'exact' ? { kind: 'path', path } : { kind: 'path-prefix', prefix: path });
  }
  const pattern = templatePattern(path, '[^/]+', ending);
  return pattern.ok ? parsed({ kind: 'path-regex', pattern: pattern.value }) : pattern;
}
