/** How a registry wants to know who asks: the challenge of its 401, and the token that answers it. */
import type { RegistryCredentials } from '../../registry-credentials.ts';
import { ImageFailure } from './image-failure.ts';

const TOKEN_BYTES_MAX = 64 * 1024;

/** The `WWW-Authenticate` of a 401: `Basic …` or `Bearer realm="…",service="…",scope="…"` (RFC 9110, 11.6.1). */
export interface Challenge {
  readonly scheme: 'basic' | 'bearer';
  readonly parameters: Readonly<Record<string, string>>;
}

/** Reads a challenge; undefined for a scheme that nobody here speaks. */
export function parseChallenge(header: string): Challenge | undefined {
  const [word = '', ...rest] = header.split(' ');
  const scheme = word.toLowerCase();
  if (scheme !== 'basic' && scheme !== 'bearer') return undefined;
  const parameters: Record<string, string> = {};
  for (const [, name = '', quoted, plain] of rest.join(' ').matchAll(/([A-Za-z_]+)=(?:"([^"]*)"|([^\s,]+))/g)) {
    parameters[name.toLowerCase()] = quoted ?? plain ?? '';
  }
  return { scheme, parameters };
}

/**
 * The `Authorization` that answers a challenge.
 * @throws ImageFailure `registry-denied`
 */
export async function answerChallenge(
  challenge: Challenge,
  scope: string,
  credentials: RegistryCredentials | undefined,
  signal: AbortSignal,
): Promise<string> {
  if (challenge.scheme === 'basic') {
    if (credentials !== undefined) return basic(credentials);
    throw new ImageFailure('registry-denied', 'the registry wants a name and a password, and there are none for it');
  }
  const { realm = '', service } = challenge.parameters;
  const url = URL.canParse(realm) ? new URL(realm) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && !isLoopback(url.hostname))) {
    throw new ImageFailure('registry-denied', `the registry names no usable place for tokens ("${realm}")`);
  }
  if (service !== undefined) url.searchParams.set('service', service);
  url.searchParams.set('scope', challenge.parameters['scope'] ?? scope);
  const headers = credentials === undefined ? {} : { authorization: basic(credentials) };
  const response = await fetch(url, { headers, signal });
  const text = (await response.text()).slice(0, TOKEN_BYTES_MAX);
  const token = response.ok ? tokenIn(text) : undefined;
  if (token !== undefined) return `Bearer ${token}`;
  const who = credentials === undefined ? 'without a name' : `to "${credentials.username}"`;
  throw new ImageFailure('registry-denied', `the registry gives no token ${who} (status ${response.status})`);
}

/** Whether a host is this machine: registries there may speak plain HTTP. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}

function basic({ username, password }: RegistryCredentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}

function tokenIn(text: string): string | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    if (typeof answer !== 'object' || answer === null) return undefined;
    const token = 'token' in answer ? answer.token : 'access_token' in answer ? answer.access_token : undefined;
    return typeof token === 'string' ? token : undefined;
  } catch {
    return undefined;
  }
}
