/** Finds the contract's route for a request. Ids contain slashes, so keywords behind an id are matched from the right. */
import { assert } from '@stadion/base';
import { orchestratorRoutes, type Route } from '@stadion/contract/orchestrator';

/** The name of a route in the contract. */
export type RouteName = keyof typeof orchestratorRoutes;

/** What stands in a path for each `{name}`; ids are segments joined by `/`, without a leading one. */
export type PathParameters = Readonly<Record<string, string>>;

/** What was found. */
export type RouteMatch =
  | { readonly kind: 'found'; readonly name: RouteName; readonly route: Route; readonly parameters: PathParameters }
  /** The path exists, but not with this method. */
  | { readonly kind: 'other-method'; readonly allowed: readonly string[] }
  | { readonly kind: 'not-found' };

interface Pattern {
  readonly name: RouteName;
  readonly route: Route;
  readonly tokens: readonly string[];
  /** Where the token stands that takes one or more segments, or -1. */
  readonly wideAt: number;
}

const WIDE = new Set(['{id}', '{group}']);

const patterns: readonly Pattern[] = (Object.keys(orchestratorRoutes) as RouteName[])
  .map((name) => {
    const route: Route = orchestratorRoutes[name];
    const tokens = segmentsOf(route.path);
    return { name, route, tokens, wideAt: tokens.findIndex((token) => WIDE.has(token)) };
  })
  // More literal words win: `/v2/apps/{id}/tasks` before `/v2/apps/{id}`.
  .sort((left, right) => literals(right) - literals(left) || right.tokens.length - left.tokens.length);

function literals(pattern: Pattern): number {
  return pattern.tokens.filter((token) => !token.startsWith('{')).length;
}

/**
 * Finds the route.
 * @param method in upper case; HEAD is served by GET
 * @param segments of the path, decoded, without empty ones
 */
export function matchRoute(method: string, segments: readonly string[]): RouteMatch {
  const wanted = method === 'HEAD' ? 'GET' : method;
  const allowed = new Set<string>();
  for (const pattern of patterns) {
    const parameters = matchPattern(pattern, segments);
    if (parameters === undefined) continue;
    const { name, route } = pattern;
    if (route.method === wanted) return { kind: 'found', name, route, parameters };
    allowed.add(route.method);
  }
  return allowed.size === 0 ? { kind: 'not-found' } : { kind: 'other-method', allowed: [...allowed].sort() };
}

function matchPattern({ tokens, wideAt }: Pattern, segments: readonly string[]): PathParameters | undefined {
  const isLengthRight = wideAt < 0 ? segments.length === tokens.length : segments.length >= tokens.length;
  if (!isLengthRight) return undefined;
  const parameters: Record<string, string> = {};
  const surplus = segments.length - tokens.length;
  let at = 0;
  for (const [index, token] of tokens.entries()) {
    const width = index === wideAt ? surplus + 1 : 1;
    const text = segments.slice(at, at + width).join('/');
    at += width;
    if (token.startsWith('{')) parameters[token.slice(1, -1)] = text;
    else if (token !== text) return undefined;
  }
  return parameters;
}

/**
 * The segments of a raw path: percent-decoded (`%2F` counts as a slash), empty ones dropped.
 * @returns undefined when an escape is broken
 */
export function pathSegments(path: string): readonly string[] | undefined {
  try {
    return segmentsOf(decodeURIComponent(path));
  } catch {
    return undefined;
  }
}

/** A keyword after `::` is a segment of its own, with the colons, so that it is told from an id. */
function segmentsOf(path: string): string[] {
  return path
    .replaceAll('::', '/::')
    .split('/')
    .filter((segment) => segment !== '');
}

/** The parameter that the matched route is known to have. */
export function parameter(parameters: PathParameters, name: string): string {
  const value = parameters[name];
  assert(value !== undefined, `the route has no parameter ${name}`);
  return value;
}
