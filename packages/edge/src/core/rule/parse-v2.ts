/**
 * Traefik 2's rules, and the matchers that version 3 renamed: ``Host(`a`, `b`) && !PathPrefix(`/x`)``. Several arguments
 * are OR (but name and value where a matcher takes both).
 */
import { limits } from '../../limits.ts';
import { parseRange } from '../policy/address-ranges.ts';
import { hostTemplate, normalizeHost, pathRule } from './parse-v1.ts';
import { compilePattern } from './patterns.ts';
import { anyOf, parsed, unparsed, type Parsed, type Rule } from './rule.ts';

type Token =
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'sign'; readonly text: '(' | ')' | ',' | '!' | '&&' | '||' };

/** Reads a rule of HTTP routers. */
export function parseRuleV2(text: string): Parsed<Rule> {
  return parseExpression(text, httpMatcher);
}

/** Reads a rule of TCP routers: HostSNI, HostSNIRegexp, ClientIP. */
export function parseTcpRule(text: string): Parsed<Rule> {
  return parseExpression(text, tcpMatcher);
}

/** Makes the rule of one call, e.g. `Host` with its arguments. */
type Matcher = (name: string, values: readonly string[]) => Parsed<Rule>;

/**
 * Reads calls joined by `&&`, `||`, `!` and parentheses.
 * @param matcher what each call means
 */
export function parseExpression(text: string, matcher: Matcher): Parsed<Rule> {
  if (text.length > limits.ruleCharacters) return unparsed(`a rule is longer than ${limits.ruleCharacters} characters`);
  const tokens = tokenize(text);
  if (!tokens.ok) return tokens;
  if (tokens.value.length === 0) return unparsed('the rule is empty');
  const reader = new ExpressionReader(tokens.value, matcher);
  const rule = reader.either(0);
  if (!rule.ok) return rule;
  const rest = reader.rest();
  return rest === undefined ? rule : unparsed(`'${rest}' is left over in the rule`);
}

function tokenize(text: string): Parsed<readonly Token[]> {
  const tokens: Token[] = [];
  let index = 0;
  while (index < text.length) {
    const character = text.charAt(index);
    const two = text.slice(index, index + 2);
    if (/\s/.test(character)) index += 1;
    else if (two === '&&' || two === '||') {
      tokens.push({ kind: 'sign', text: two });
      index += 2;
    } else if (character === '(' || character === ')' || character === ',' || character === '!') {
      tokens.push({ kind: 'sign', text: character });
      index += 1;
    } else if (character === '`' || character === '"') {
      const end = text.indexOf(character, index + 1);
      if (end < 0) return unparsed(`a ${character} is not closed`);
      tokens.push({ kind: 'string', text: text.slice(index + 1, end) });
      index = end + 1;
    } else {
      const word = /^[A-Za-z]\w*/.exec(text.slice(index))?.[0];
      if (word === undefined) return unparsed(`'${character}' is not expected in a rule`);
      tokens.push({ kind: 'word', text: word });
      index += word.length;
    }
  }
  return parsed(tokens);
}

/** Recursive descent over the tokens, bounded in depth and number of calls. */
class ExpressionReader {
  private readonly tokens: readonly Token[];
  private readonly matcher: Matcher;
  private index = 0;
  private calls = 0;

  constructor(tokens: readonly Token[], matcher: Matcher) {
    this.tokens = tokens;
    this.matcher = matcher;
  }

  rest(): string | undefined {
    return this.tokens[this.index]?.text;
  }

  either(depth: number): Parsed<Rule> {
    if (depth > limits.ruleDepth) return unparsed(`parentheses go deeper than ${limits.ruleDepth}`);
    return this.joined('||', 'or', () => this.joined('&&', 'and', () => this.one(depth)));
  }

  private joined(sign: '||' | '&&', kind: 'or' | 'and', part: () => Parsed<Rule>): Parsed<Rule> {
    const rules: Rule[] = [];
    do {
      const rule = part();
      if (!rule.ok) return rule;
      rules.push(rule.value);
    } while (this.takes(sign));
    const [first] = rules;
    return parsed(rules.length === 1 && first !== undefined ? first : { kind, rules });
  }

  private one(depth: number): Parsed<Rule> {
    if (this.takes('!')) {
      const inner = depth > limits.ruleDepth ? unparsed('too many !') : this.one(depth + 1);
      return inner.ok ? parsed({ kind: 'not', rule: inner.value }) : inner;
    }
    if (this.takes('(')) {
      const inner = this.either(depth + 1);
      if (!inner.ok) return inner;
      return this.takes(')') ? inner : unparsed('a ( is not closed');
    }
    return this.call();
  }

  private call(): Parsed<Rule> {
    const name = this.tokens[this.index];
    if (name?.kind !== 'word') return unparsed(`a matcher such as Host is expected, not '${name?.text ?? 'the end'}'`);
    this.index += 1;
    this.calls += 1;
    if (this.calls > limits.ruleTerms) return unparsed(`a rule has more than ${limits.ruleTerms} parts`);
    if (!this.takes('(')) return unparsed(`${name.text} needs arguments in parentheses`);
    const values: string[] = [];
    while (!this.takes(')')) {
      const value = this.tokens[this.index];
      if (value?.kind !== 'string') return unparsed(`${name.text} takes texts in back quotes`);
      values.push(value.text);
      this.index += 1;
      if (!this.takes(',') && this.tokens[this.index]?.text !== ')') return unparsed(`${name.text}( is not closed`);
    }
    if (values.length > limits.ruleTerms) return unparsed(`${name.text} has more than ${limits.ruleTerms} arguments`);
    return this.matcher(name.text, values);
  }

  private takes(sign: string): boolean {
    const token = this.tokens[this.index];
    if (token?.kind !== 'sign' || token.text !== sign) return false;
    this.index += 1;
    return true;
  }
}

function httpMatcher(name: string, values: readonly string[]): Parsed<Rule> {
  const [first, second] = values;
  if (first === undefined) return unparsed(`${name} needs a value`);
  const many = (each: (one: string) => Parsed<Rule>): Parsed<Rule> => anyParsed(values, each);
  switch (name) {
    case 'Host':
    case 'HostHeader':
      return many((host) => hostOrWildcard(host));
    case 'HostRegexp':
      return many((host) => regexOrTemplate(host, hostTemplate, (pattern) => ({ kind: 'host-regex', pattern })));
    case 'Path':
      return many((path) => pathRule(path, 'exact'));
    case 'PathPrefix':
      return many((path) => pathRule(path, 'prefix'));
    case 'PathRegexp':
      return many((pattern) => checked(pattern, { kind: 'path-regex', pattern }));
    case 'Method':
      return many((method) => parsed({ kind: 'method', method: method.toUpperCase() }));
    case 'Headers':
    case 'Header':
      if (second === undefined) return unparsed(`${name} needs a name and a value`);
      return parsed({ kind: 'header', name: first.toLowerCase(), value: second });
    case 'HeadersRegexp':
    case 'HeaderRegexp':
      if (second === undefined) return unparsed(`${name} needs a name and a pattern`);
      return checked(second, { kind: 'header-regex', name: first.toLowerCase(), pattern: second });
    case 'Query':
      if (second !== undefined && !first.includes('=')) return parsed({ kind: 'query', name: first, value: second });
      return many((pair) => {
        const equals = pair.indexOf('=');
        if (equals < 0) return parsed({ kind: 'query', name: pair });
        return parsed({ kind: 'query', name: pair.slice(0, equals), value: pair.slice(equals + 1) });
      });
    case 'QueryRegexp':
      if (second === undefined) return unparsed('QueryRegexp needs a name and a pattern');
      return checked(second, { kind: 'query-regex', name: first, pattern: second });
    case 'ClientIP':
      return many((range) => clientIp(range));
    default:
      return unparsed(
        `there is no matcher '${name}'. Known: Host, HostRegexp, Path, PathPrefix, PathRegexp, Method, Header(s), ` +
          'Header(s)Regexp, Query, QueryRegexp, ClientIP',
      );
  }
}

function tcpMatcher(name: string, values: readonly string[]): Parsed<Rule> {
  if (values.length === 0) return unparsed(`${name} needs a value`);
  switch (name) {
    case 'HostSNI':
      return anyParsed(values, (host) => (host === '*' ? parsed({ kind: 'always' }) : hostOrWildcard(host)));
    case 'HostSNIRegexp':
      return anyParsed(values, (host) =>
        regexOrTemplate(host, hostTemplate, (pattern) => ({ kind: 'host-regex', pattern })),
      );
    case 'ClientIP':
      return anyParsed(values, clientIp);
    default:
      return unparsed(`there is no TCP matcher '${name}'. Known: HostSNI, HostSNIRegexp, ClientIP`);
  }
}

function anyParsed(values: readonly string[], each: (one: string) => Parsed<Rule>): Parsed<Rule> {
  const rules: Rule[] = [];
  for (const one of values) {
    const rule = each(one);
    if (!rule.ok) return rule;
    rules.push(rule.value);
  }
  return parsed(anyOf(rules));
}

function hostOrWildcard(host: string): Parsed<Rule> {
  if (!host.startsWith('*.')) return parsed({ kind: 'host', host: normalizeHost(host) });
  return hostTemplate(`{any:[^.]+}${host.slice(1)}`);
}

/** Versions 1 and 2 take templates with braces, version 3 takes plain patterns: `{` tells them apart, save in a repeat. */
function regexOrTemplate(
  text: string,
  template: (text: string) => Parsed<Rule>,
  plain: (pattern: string) => Rule,
): Parsed<Rule> {
  return /\{\w+(:|\})/.test(text) && !/\{\d+(,\d*)?\}/.test(text) ? template(text) : checked(text, plain(text));
}

function checked(pattern: string, rule: Rule): Parsed<Rule> {
  const outcome = compilePattern(pattern);
  return outcome.ok ? parsed(rule) : outcome;
}

function clientIp(range: string): Parsed<Rule> {
  const outcome = parseRange(range);
  return outcome.ok ? parsed({ kind: 'client-ip', range }) : outcome;
}
