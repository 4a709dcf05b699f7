/**
 * One spelling of a path, so that rules, allow lists and the service behind see the same thing: RFC 3986 section 6.2.2
 * (unreserved characters decoded, dot segments removed), and no empty segments.
 */

/** The path and query of a request target, or why it is refused. */
export type RequestTarget =
  | { readonly ok: true; readonly path: string; readonly query: string; readonly isChanged: boolean }
  | { readonly ok: false; readonly reason: string };

/** Paths that need no second look, which are nearly all. */
const SUSPICIOUS = /%|\\|\/\/|\/\.|[\u0000-\u0020\u007f]/;

/**
 * Takes a request target apart: origin form (`/a?b`), absolute form (`http://host/a`), or `*`.
 * @param target as it stands in the request line
 */
export function readTarget(target: string): RequestTarget {
  const origin = target.startsWith('/') ? target : originForm(target);
  if (origin === undefined) return { ok: false, reason: 'the request target is not a path' };
  const hash = origin.indexOf('#');
  const whole = hash < 0 ? origin : origin.slice(0, hash);
  const mark = whole.indexOf('?');
  const path = mark < 0 ? whole : whole.slice(0, mark);
  const query = mark < 0 ? '' : whole.slice(mark + 1);
  if (!SUSPICIOUS.test(path)) return { ok: true, path, query, isChanged: origin !== target || hash >= 0 };
  const normal = normalize(path);
  if (normal === undefined) return { ok: false, reason: 'the path cannot be read in one way only' };
  return { ok: true, path: normal, query, isChanged: true };
}

function originForm(target: string): string | undefined {
  if (target === '*') return '/';
  const scheme = /^https?:\/\/[^/?#]*/i.exec(target)?.[0];
  if (scheme === undefined) return undefined;
  const rest = target.slice(scheme.length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}

function normalize(path: string): string | undefined {
  if (/[\\\u0000-\u0020\u007f]/.test(path)) return undefined;
  const broken: string[] = [];
  const decoded = path.replace(/%(..)?/g, (whole, hex: string | undefined) => {
    if (hex === undefined || !/^[0-9a-fA-F]{2}$/.test(hex)) {
      broken.push(whole);
      return whole;
    }
    const code = Number.parseInt(hex, 16);
    // Control characters and an escaped backslash mean different things to different servers.
    if (code < 0x20 || code === 0x7f || code === 0x5c) broken.push(whole);
    const character = String.fromCharCode(code);
    return /[A-Za-z0-9\-._~]/.test(character) ? character : `%${hex.toUpperCase()}`;
  });
  if (broken.length > 0) return undefined;
  const segments: string[] = [];
  const parts = decoded.split('/').slice(1);
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    if (part === '..') {
      if (segments.pop() === undefined) return undefined;
      if (isLast) segments.push('');
    } else if (part === '.') {
      if (isLast) segments.push('');
    } else if (part !== '' || isLast) segments.push(part);
  }
  return `/${segments.join('/')}`;
}
