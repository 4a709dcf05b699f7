/** Steps that change the path, or send the client elsewhere. */
import type { MiddlewareStep } from '../../core/model.ts';
import { compilePattern, type Pattern } from '../../core/rule/patterns.ts';
import { plainAnswer, type Answer, type Exchange, type Step } from '../exchange.ts';
import { setHeader } from '../upstream/headers.ts';

type Kind<Name extends MiddlewareStep['kind']> = MiddlewareStep & { readonly kind: Name };

/** A pattern that went through a parser already. */
function patternOf(text: string): Pattern | undefined {
  const outcome = compilePattern(text);
  return outcome.ok ? outcome.value : undefined;
}

/** Takes the first prefix that is there off the path. */
export function stripPrefix({ prefixes }: Kind<'strip-prefix'>): Step {
  return {
    before(exchange) {
      const prefix = prefixes.find((one) => exchange.upstreamPath.startsWith(one));
      if (prefix !== undefined) strip(exchange, prefix.replace(/\/$/, ''));
      return undefined;
    },
  };
}

/** The same by patterns, which match at the beginning. */
export function stripPrefixRegex({ patterns }: Kind<'strip-prefix-regex'>): Step {
  const compiled = patterns.flatMap((text) => patternOf(text) ?? []);
  return {
    before(exchange) {
      for (const pattern of compiled) {
        const prefix = pattern.prefixOf(exchange.upstreamPath);
        if (prefix === undefined) continue;
        strip(exchange, prefix);
        break;
      }
      return undefined;
    },
  };
}

function strip(exchange: Exchange, prefix: string): void {
  const rest = exchange.upstreamPath.slice(prefix.length);
  exchange.upstreamPath = withSlash(rest);
  exchange.requestChanges.push(['X-Forwarded-Prefix', prefix]);
}

/** A path begins with exactly one slash: two would name another host where a server echoes it. */
function withSlash(path: string): string {
  return `/${path.replace(/^\/+/, '')}`;
}

/** Puts something before the path. */
export function addPrefix({ prefix }: Kind<'add-prefix'>): Step {
  return {
    before(exchange) {
      exchange.upstreamPath = withSlash(`${prefix}${exchange.upstreamPath}`);
      return undefined;
    },
  };
}

/** Another path, whatever was asked for. */
export function replacePath({ path }: Kind<'replace-path'>): Step {
  return {
    before(exchange) {
      exchange.requestChanges.push(['X-Replaced-Path', exchange.upstreamPath]);
      exchange.upstreamPath = withSlash(path);
      return undefined;
    },
  };
}

/** Another path, made from what was asked for. */
export function replacePathRegex({ pattern, replacement }: Kind<'replace-path-regex'>): Step {
  const compiled = patternOf(pattern);
  return {
    before(exchange) {
      const replaced = compiled?.replace(exchange.upstreamPath, replacement);
      if (replaced === undefined) return undefined;
      exchange.requestChanges.push(['X-Replaced-Path', exchange.upstreamPath]);
      exchange.upstreamPath = withSlash(replaced);
      return undefined;
    },
  };
}

/** The Host that the server is told. */
export function replaceHost({ host }: Kind<'replace-host'>): Step {
  return {
    before(exchange) {
      exchange.upstreamHost = host;
      return undefined;
    },
  };
}

/** 307 and 308 keep the method; browsers know 301 and 302 for GET. */
function redirection(exchange: Exchange, location: string, isPermanent: boolean): Answer {
  const isSafe = exchange.method === 'GET' || exchange.method === 'HEAD';
  const status = isPermanent ? (isSafe ? 301 : 308) : isSafe ? 302 : 307;
  return plainAnswer(status, location, ['location', encodeURI(location).replaceAll('%25', '%')]);
}

/** To the same place by another scheme. */
export function redirectScheme(step: Kind<'redirect-scheme'>, portOf: (scheme: string) => number | undefined): Step {
  const scheme = step.scheme === 'http' || step.scheme === 'web' ? 'http' : 'https';
  return {
    before(exchange) {
      if (exchange.origin.scheme === scheme) return undefined;
      // Behind a proxy that is believed, it is the proxy that knows how the client came.
      if (exchange.origin.isTrusted && exchange.header('x-forwarded-proto') === scheme) return undefined;
      const port = step.port === undefined ? portOf(scheme) : Number(step.port);
      const isUsual = port === undefined || port === (scheme === 'https' ? 443 : 80);
      const host = step.host ?? hostWithoutPort(exchange.authority);
      const query = exchange.query === '' ? '' : `?${exchange.query}`;
      const location = `${scheme}://${host}${isUsual ? '' : `:${String(port)}`}${exchange.path}${query}`;
      return redirection(exchange, location, step.isPermanent);
    },
  };
}

function hostWithoutPort(authority: string): string {
  return authority.replace(/:\d+$/, '');
}

/** To a place made from the URL; nowhere when it would be the same. */
export function redirectRegex({ pattern, replacement, isPermanent }: Kind<'redirect-regex'>): Step {
  const compiled = patternOf(pattern);
  return {
    before(exchange) {
      const { url } = exchange;
      const location = compiled?.replace(url, replacement);
      if (location === undefined || location === url || /[\r\n]/.test(location)) return undefined;
      return redirection(exchange, location, isPermanent);
    },
  };
}

/** Another Location where a server sends the client to itself (marathon-lb's reverse proxy path). */
export function rewriteLocation({ path }: Kind<'rewrite-location'>): Step {
  return {
    head(exchange, _status, headers) {
      for (let index = 0; index + 1 < headers.length; index += 2) {
        const value = headers[index + 1] ?? '';
        if (headers[index]?.toLowerCase() !== 'location') continue;
        const own = value.startsWith('/') || value.startsWith(`${exchange.origin.scheme}://${exchange.authority}/`);
        if (own) setHeader(headers, 'location', path);
        return;
      }
    },
  };
}
