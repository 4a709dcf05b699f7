/**
 * The console's pages: static files that were built beforehand, with the headers that keep them safe and fast. Paths
 * that no file has belong to the application in the browser, when a person asks for them.
 */
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { randomUuid, type Random } from '@stadion/base';
import type { OrchestratorHttpOptions } from '@stadion/orchestrator';

type Pages = NonNullable<OrchestratorHttpOptions['pages']>;
type Page = Awaited<ReturnType<Pages>>;

/** Where the build puts them, seen from this room's sources and from its output alike. */
const SITE = fileURLToPath(new URL('../../console/dist/site/', import.meta.url));
/** Stands in the page wherever the number that allows its own styles belongs. */
const NONCE = '__STADION_NONCE__';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/** What the build packs, best first. */
const ENCODINGS = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const;

const NOT_BUILT = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Stadion</title>
<h1>The console is not built</h1><p>Run <code>npm run build</code>. The API works: <a href="/v2/apps">/v2/apps</a></p></html>
`;

/** Where Marathon has its page, which people have among their bookmarks. What stands behind `#` there means nothing to ours. */
const MARATHONS_PAGE: Page = { status: 302, headers: { Location: '/' }, body: { kind: 'none' } };

/** Gives the console's files. @param site their folder */
export function consolePages(random: Random, site = SITE): Pages {
  return async ({ path, wantsHtml, acceptEncoding }) => {
    const type = CONTENT_TYPES[extname(path)];
    const file = normalize(path);
    if (type !== undefined && file === path) {
      const asset = await assetAt(join(site, file), type, acceptEncoding);
      if (asset !== undefined) return asset;
    }
    if (path === '/ui' || path === '/ui/') return MARATHONS_PAGE;
    if (!wantsHtml && path !== '/') return undefined;
    return indexPage(site, randomUuid(random));
  };
}

/** A file whose name changes with its content: whoever has it never asks again. */
async function assetAt(path: string, type: string, acceptEncoding: string): Promise<Page> {
  for (const [coding, ending] of ENCODINGS) {
    if (!new RegExp(`\\b${coding}\\b`).test(acceptEncoding)) continue;
    const packed = await readFile(`${path}${ending}`).catch(() => undefined);
    if (packed !== undefined) return asset(packed, type, { 'Content-Encoding': coding });
  }
  const plain = await readFile(path).catch(() => undefined);
  return plain === undefined ? undefined : asset(plain, type, {});
}

function asset(bytes: Buffer, type: string, encoding: Readonly<Record<string, string>>): Page {
  const headers = {
    'Content-Type': type,
    'Cache-Control': 'public, max-age=31536000, immutable',
    Expires: 'Thu, 31 Dec 2037 23:55:55 GMT',
    Pragma: 'cache',
    Vary: 'Accept-Encoding',
    'X-Content-Type-Options': 'nosniff',
    ...encoding,
  };
  return { status: 200, headers, body: { kind: 'bytes', bytes } };
}

/** The one page, with a fresh number: parts that make their styles while running show it. */
async function indexPage(site: string, nonce: string): Promise<Page> {
  const html = await readFile(join(site, 'index.html'), 'utf8').catch(() => NOT_BUILT);
  return {
    status: 200,
    headers: {
      'Content-Security-Policy': contentSecurityPolicy(nonce),
      'Referrer-Policy': 'no-referrer',
      'X-Content-Type-Options': 'nosniff',
    },
    body: { kind: 'text', text: html.replaceAll(NONCE, nonce), contentType: 'text/html; charset=utf-8' },
  };
}

/** Nothing but our own files runs, loads or is called; nobody frames us. */
function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
