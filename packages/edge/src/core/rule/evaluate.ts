/** Turns a rule into a function, once, so that a request is only compared. */
import { assertNever } from '@stadion/base';
import { parseRange, type AddressRange } from '../policy/address-ranges.ts';
import { compilePattern, type Pattern } from './patterns.ts';
import type { Rule } from './rule.ts';

/** What rules look at. */
export interface RequestView {
  readonly method: string;
  /** Lower case, without port and trailing dot. */
  readonly host: string;
  /** Normalised, without the query. */
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  /** Keyed by lower case names, as Node gives them. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The peer of the connection (or what a trusted PROXY header said), never a header. */
  readonly clientIp: string;
}

/** Whether a request is meant. */
export type Predicate = (request: RequestView) => boolean;

/** The function of a rule. The rule came through a parser, so its patterns and ranges are valid. */
export function compileRule(rule: Rule): Predicate {
  switch (rule.kind) {
    case 'always':
      return () => true;
    case 'and':
      return every(rule.rules.map(compileRule));
    case 'or':
      return some(rule.rules.map(compileRule));
    case 'not': {
      const inner = compileRule(rule.rule);
      return (request) => !inner(request);
    }
    case 'host':
      return (request) => request.host === rule.host;
    case 'host-regex': {
      const pattern = patternOf(rule.pattern);
      return (request) => pattern.test(request.host);
    }
    case 'path':
      return (request) => request.path === rule.path;
    case 'path-prefix':
      return pathPrefix(rule.prefix, rule.ignoreCase === true);
    case 'path-regex': {
      const pattern = patternOf(rule.pattern);
      return (request) => pattern.test(request.path);
    }
    case 'method':
      return (request) => request.method === rule.method;
    case 'header':
      return (request) => headerValues(request, rule.name).includes(rule.value);
    case 'header-regex': {
      const pattern = patternOf(rule.pattern);
      return (request) => headerValues(request, rule.name).some((value) => pattern.test(value));
    }
    case 'query':
      return (request) =>
        queryValues(request, rule.name).some((value) => rule.value === undefined || value === rule.value);
    case 'query-regex': {
      const pattern = patternOf(rule.pattern);
      return (request) => queryValues(request, rule.name).some((value) => pattern.test(value));
    }
    case 'client-ip':
      return clientIn(rule.range);
    default:
      return assertNever(rule, 'a rule');
  }
}

function every(predicates: readonly Predicate[]): Predicate {
  return (request) => {
    for (const predicate of predicates) if (!predicate(request)) return false;
    return true;
  };
}

function some(predicates: readonly Predicate[]): Predicate {
  return (request) => {
    for (const predicate of predicates) if (predicate(request)) return true;
    return false;
  };
}

function pathPrefix(prefix: string, ignoreCase: boolean): Predicate {
  if (!ignoreCase) return (request) => request.path.startsWith(prefix);
  const lower = prefix.toLowerCase();
  return (request) => request.path.slice(0, prefix.length).toLowerCase() === lower;
}

function clientIn(text: string): Predicate {
  const range = parseRange(text);
  if (!range.ok) return () => false;
  const { value }: { value: AddressRange } = range;
  return (request) => value.contains(request.clientIp);
}

function headerValues(request: RequestView, name: string): readonly string[] {
  const value = request.headers[name];
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}

function queryValues(request: RequestView, name: string): readonly string[] {
  return request.query === '' ? [] : new QueryPairs(request.query).getAll(name);
}

/** `application/x-www-form-urlencoded`, without the outside world's URL classes. */
class QueryPairs {
  private readonly pairs: readonly (readonly [string, string])[];

  constructor(query: string) {
    this.pairs = query.split('&').map((pair) => {
      const equals = pair.indexOf('=');
      return equals < 0
        ? ([decode(pair), ''] as const)
        : ([decode(pair.slice(0, equals)), decode(pair.slice(equals + 1))] as const);
    });
  }

  getAll(name: string): readonly string[] {
    return this.pairs.filter(([key]) => key === name).map(([, value]) => value);
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

function patternOf(text: string): Pattern {
  const outcome = compilePattern(text);
  if (outcome.ok) return outcome.value;
  const never: Pattern = { test: () => false, replace: () => undefined, prefixOf: () => undefined };
  return never;
}
