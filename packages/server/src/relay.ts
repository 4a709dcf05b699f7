/** Passes on what another HTTP API answers, as it comes, never held. */
import { Readable } from 'node:stream';
import type { ReadableStream as WebStream } from 'node:stream/web';
import { PlatformError } from '@stadion/base';
import type { Fetch } from '@stadion/contract/client';
import type { OrchestratorHttpOptions } from '@stadion/orchestrator';

type PartReader = NonNullable<OrchestratorHttpOptions['names']>;
type Relayed = Awaited<ReturnType<PartReader>>;

/** Pages that are being relayed at once; further callers are told to try again. */
const RELAYS_MAX = 256;

/** What of an answer's headers means something to whoever reads it. */
const HEADERS = ['content-type', 'content-length', 'content-disposition', 'x-content-type-options'] as const;

/** Asks. @throws PlatformError `too-many-relays`, and `<role>-unreachable` */
export type Relay = (
  role: string,
  url: string,
  query: URLSearchParams,
  signal: AbortSignal,
  method?: string,
  /** Sent as JSON. */
  body?: object,
) => Promise<Relayed>;

/** @param ask as the platform's own parts ask each other */
export function createRelay(ask: Fetch): Relay {
  let relays = 0;
  return async (role, url, query, signal, method = 'GET', sent) => {
    if (relays >= RELAYS_MAX) {
      throw new PlatformError(
        'too-many-relays',
        `${RELAYS_MAX} pages are being relayed already. Try again in a moment.`,
      );
    }
    relays += 1;
    const done = (): void => {
      relays -= 1;
    };
    const text = query.toString();
    const headers = { 'accept-encoding': 'identity' };
    const how =
      sent === undefined
        ? { headers }
        : { headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(sent) };
    const response = await ask(text === '' ? url : `${url}?${text}`, { method, signal, ...how }).catch(
      (error: unknown) => {
        done();
        throw new PlatformError(`${role}-unreachable`, `The ${role} at ${new URL(url).host} does not answer.`, {
          cause: error,
          retryable: true,
        });
      },
    );
    const kept = Object.fromEntries(
      HEADERS.flatMap((name) => {
        const value = response.headers.get(name);
        return value === null ? [] : [[name, value]];
      }),
    );
    const body = response.body as WebStream<Uint8Array> | null;
    if (body === null) {
      done();
      return { status: response.status, headers: kept, body: { kind: 'none' } };
    }
    const bytes = Readable.fromWeb(body);
    bytes.once('close', done);
    return { status: response.status, headers: kept, body: { kind: 'bytes', bytes } };
  };
}

/** The parts whose own HTTP APIs are passed on. */
const PARTS = {
  dns: 'name server',
  edge: 'edge',
} as const;

/**
 * Asks a part whose address may become known later.
 * @param baseUrl e.g. `http://127.0.0.1:8123`; undefined while there is none
 */
export function createPartReader(part: keyof typeof PARTS, baseUrl: () => string | undefined, ask: Fetch): PartReader {
  const relay = createRelay(ask);
  return async (method, path, query, signal) => {
    const base = baseUrl();
    if (base === undefined) {
      throw new PlatformError(`${part}-unreachable`, `No ${PARTS[part]} runs here, or not yet.`, { retryable: true });
    }
    return await relay(PARTS[part], `${base}${path}`, query, signal, method);
  };
}
