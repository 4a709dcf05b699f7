/** Steps that ask who is there: basic and digest logins, and asking another server. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { MiddlewareStep } from '../../core/model.ts';
import { limits } from '../../limits.ts';
import { plainAnswer, type Answer, type Exchange, type Step } from '../exchange.ts';
import { PasswordVerdicts } from './passwords.ts';

type Kind<Name extends MiddlewareStep['kind']> = MiddlewareStep & { readonly kind: Name };

/** RFC 7617. */
export function basicAuth(step: Kind<'basic-auth'>): Step {
  const verdicts = new PasswordVerdicts(step.users);
  const realm = step.realm.replaceAll('"', '');
  return {
    async before(exchange) {
      const match = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(exchange.header('authorization') ?? '');
      const text = match === null ? '' : Buffer.from(match[1] ?? '', 'base64').toString('utf8');
      const colon = text.indexOf(':');
      const user = text.slice(0, Math.max(0, colon));
      if (colon > 0 && (await verdicts.isRight(user, text.slice(colon + 1)))) {
        admit(exchange, user, step.userHeader, step.removeHeader);
        return undefined;
      }
      return plainAnswer(401, 'Log in, please.', ['www-authenticate', `Basic realm="${realm}"`]);
    },
  };
}

/** The server learns who it is; a client that says so itself is not believed. */
function admit(exchange: Exchange, user: string, userHeader: string | undefined, removeHeader: boolean): void {
  exchange.user = user;
  if (userHeader !== undefined) exchange.requestChanges.push([userHeader, user]);
  if (removeHeader) exchange.requestChanges.push(['Authorization', '']);
}

const NONCE_LIFE_MS = 300_000;

/** RFC 7616 with MD5, as Traefik's user lists need it. Nonces carry their time and a proof, so nothing is kept. */
export function digestAuth(step: Kind<'digest-auth'>, nowMs: () => number, secret: string): Step {
  const users = new Map(
    step.users.map((line) => {
      const [user = '', realm = '', hash = ''] = line.split(':');
      return [`${user}:${realm}`, hash.toLowerCase()];
    }),
  );
  const realm = (step.users[0]?.split(':')[1] ?? step.realm).replaceAll('"', '');
  const nonceAt = (time: string): string => `${time}-${md5(`${time}:${secret}`)}`;
  const challenge = (isStale: boolean): Answer => {
    const nonce = nonceAt(String(Math.floor(nowMs())));
    const value = `Digest realm="${realm}", qop="auth", nonce="${nonce}", algorithm=MD5${isStale ? ', stale=true' : ''}`;
    return plainAnswer(401, 'Log in, please.', ['www-authenticate', value]);
  };
  return {
    before(exchange) {
      const fields = digestFields(exchange.header('authorization') ?? '');
      const { username = '', nonce = '', uri = '', nc = '', cnonce = '', qop = '', response = '' } = fields;
      const hash = users.get(`${username}:${fields['realm'] ?? ''}`);
      const time = nonce.split('-')[0] ?? '';
      if (hash === undefined || nonce !== nonceAt(time) || qop !== 'auth') return challenge(false);
      if (nowMs() - Number(time) > NONCE_LIFE_MS) return challenge(true);
      const target = exchange.incoming.target;
      const expected = md5(`${hash}:${nonce}:${nc}:${cnonce}:${qop}:${md5(`${exchange.method}:${uri}`)}`);
      if (uri !== target || !isSame(expected, response)) return challenge(false);
      admit(exchange, username, step.userHeader, step.removeHeader);
      return undefined;
    },
  };
}

function digestFields(header: string): Readonly<Record<string, string>> {
  if (!/^Digest /i.test(header)) return {};
  const fields: Record<string, string> = {};
  for (const [, name, quoted, bare] of header.slice(7).matchAll(/(\w+)=(?:"([^"]*)"|([^\s,]+))/g)) {
    if (name !== undefined) fields[name.toLowerCase()] = quoted ?? bare ?? '';
  }
  return fields;
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

function isSame(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}

/** Asks another server: 2xx lets the request pass, anything else is the answer. */
export function forwardAuth(step: Kind<'forward-auth'>): Step {
  return {
    async before(exchange) {
      const headers: Record<string, string> = {
        'x-forwarded-method': exchange.method,
        'x-forwarded-proto': exchange.origin.scheme,
        'x-forwarded-host': exchange.authority,
        'x-forwarded-uri': exchange.incoming.target,
        'x-forwarded-for': exchange.clientIp,
      };
      for (const [name, value] of Object.entries(exchange.headers)) {
        const isWanted = step.requestHeaders.length === 0 ? isPassedOn(name) : step.requestHeaders.includes(name);
        if (value !== undefined && isWanted) headers[name] ??= Array.isArray(value) ? value.join(', ') : value;
      }
      try {
        const { request } = await import('undici');
        const answer = await request(step.address, {
          method: 'GET',
          headers,
          headersTimeout: limits.sideTimeoutMs,
          bodyTimeout: limits.sideTimeoutMs,
        });
        const body = await answer.body.text();
        if (answer.statusCode < 200 || answer.statusCode >= 300) {
          return { status: answer.statusCode, headers: flatHeaders(answer.headers), body };
        }
        for (const name of step.responseHeaders) {
          const value = answer.headers[name];
          exchange.requestChanges.push([name, Array.isArray(value) ? value.join(', ') : (value ?? '')]);
        }
        return undefined;
      } catch {
        return plainAnswer(500, 'The server that decides who may pass does not answer.');
      }
    },
  };
}

const KEPT_BACK = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'upgrade',
  'expect',
  'te',
  'keep-alive',
]);

function isPassedOn(name: string): boolean {
  return !KEPT_BACK.has(name) && !name.startsWith(':') && !name.startsWith('x-forwarded-');
}

function flatHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): string[] {
  return Object.entries(headers).flatMap(([name, value]) => {
    if (value === undefined || KEPT_BACK.has(name)) return [];
    return [value].flat().flatMap((one) => [name, one]);
  });
}
