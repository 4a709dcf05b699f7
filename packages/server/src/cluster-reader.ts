/** Reads master and agents over HTTP for the orchestrator's `/v2/cluster`: answers pass through as they come, never held; passes on orders about agents. */
import { Readable } from 'node:stream';
import type { ReadableStream as WebStream } from 'node:stream/web';
import { authorizationOf, type Secret } from '@stadion/access';
import { PlatformError, type Clock } from '@stadion/base';
import { createMasterClient } from '@stadion/contract/client';
import type { OrchestratorHttpOptions } from '@stadion/orchestrator';
import type { ResourceHistory } from '@stadion/contract/overview';

type ClusterReader = NonNullable<OrchestratorHttpOptions['cluster']>;
type Relayed = Awaited<ReturnType<ClusterReader['master']>>;

/** Pages that are being relayed at once; further callers are told to try again. */
const RELAYS_MAX = 256;
/** How long the address of an agent is believed. */
const ADDRESS_MS_MAX = 5_000;
/** Agents whose addresses are remembered. */
const ADDRESSES_MAX = 10_000;

/** What of an answer's headers means something to whoever reads it. */
const HEADERS = ['content-type', 'content-length', 'content-disposition', 'x-content-type-options'] as const;

/**
 * Makes the reader.
 * @param masterUrl e.g. `http://127.0.0.1:5050`
 * @param history what the last hour was like
 * @param secret what agents on other machines want to be shown
 */
export function createClusterReader(
  masterUrl: string,
  clock: Clock,
  history: () => ResourceHistory,
  secret: Secret | undefined,
): ClusterReader {
  const master = createMasterClient({ baseUrl: masterUrl });
  const addresses = new Map<string, { readonly url: string; readonly at: number }>();
  const shown = secret === undefined ? {} : { authorization: authorizationOf(secret) };
  let relays = 0;

  async function relay(role: string, url: string, signal: AbortSignal): Promise<Relayed> {
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
    const response = await fetch(url, { signal, headers: { 'accept-encoding': 'identity', ...shown } }).catch(
      (error: unknown) => {
        done();
        throw new PlatformError(`${role}-unreachable`, `The ${role} at ${new URL(url).host} does not answer.`, {
          cause: error,
          retryable: true,
        });
      },
    );
    const headers = Object.fromEntries(
      HEADERS.flatMap((name) => {
        const value = response.headers.get(name);
        return value === null ? [] : [[name, value]];
      }),
    );
    const body = response.body as WebStream<Uint8Array> | null;
    if (body === null) {
      done();
      return { status: response.status, headers, body: { kind: 'none' } };
    }
    const bytes = Readable.fromWeb(body);
    bytes.once('close', done);
    return { status: response.status, headers, body: { kind: 'bytes', bytes } };
  }

  async function addressOf(agentId: string): Promise<string | undefined> {
    const known = addresses.get(agentId);
    if (known !== undefined && clock.monotonic() - known.at < ADDRESS_MS_MAX) return known.url;
    const { slaves } = await master.slaves();
    addresses.clear();
    for (const { id, pid } of slaves.slice(0, ADDRESSES_MAX)) {
      addresses.set(id, { url: `http://${pid.slice(pid.lastIndexOf('@') + 1)}`, at: clock.monotonic() });
    }
    return addresses.get(agentId)?.url;
  }

  return {
    history,
    master: (path, query, signal) => relay('master', `${masterUrl}${path}${search(query)}`, signal),
    async order(agentId, call, signal) {
      if ((await addressOf(agentId)) === undefined) return false;
      await master.order(call, { signal });
      return true;
    },
    async agent(agentId, path, query, signal) {
      const url = await addressOf(agentId);
      return url === undefined ? undefined : relay('agent', `${url}${path}${search(query)}`, signal);
    },
  };
}

function search(query: URLSearchParams): string {
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}
