/** Reads master and agents over HTTP for the orchestrator's `/v2/cluster`: answers pass through as they come, never held; passes on orders about agents. */
import type { Secret } from '@stadion/access';
import type { Clock } from '@stadion/base';
import { createMasterClient, isApiError } from '@stadion/contract/client';
import type { OrchestratorHttpOptions } from '@stadion/orchestrator';
import type { ResourceHistory } from '@stadion/contract/overview';
import { createRelay } from './relay.ts';
import type { NodeTls } from './tls/node-tls.ts';
import { clusterFetch } from './tls/own-fetches.ts';
import { agentUrl } from './tls/requests.ts';

type ClusterReader = NonNullable<OrchestratorHttpOptions['cluster']>;

/** How long the address of an agent is believed. */
const ADDRESS_MS_MAX = 5_000;
/** Agents whose addresses are remembered. */
const ADDRESSES_MAX = 10_000;

/**
 * Makes the reader.
 * @param masterUrl e.g. `http://127.0.0.1:5050`; asked anew each time. It may throw where none is known
 * @param history what the last hour was like
 * @param parts.secret what agents on other machines want to be shown, and everybody where people are known by name
 */
export function createClusterReader(
  masterUrl: () => string,
  clock: Clock,
  history: () => ResourceHistory,
  parts: { readonly secret: Secret | undefined; readonly tls: NodeTls | undefined },
): ClusterReader {
  const { tls } = parts;
  const ask = clusterFetch(parts);
  const master = () => createMasterClient({ baseUrl: masterUrl(), fetch: ask });
  const addresses = new Map<string, { readonly url: string; readonly at: number }>();
  const relay = createRelay(ask);

  async function addressOf(agentId: string): Promise<string | undefined> {
    const known = addresses.get(agentId);
    if (known !== undefined && clock.monotonic() - known.at < ADDRESS_MS_MAX) return known.url;
    const { slaves } = await master().slaves();
    addresses.clear();
    for (const { id, pid } of slaves.slice(0, ADDRESSES_MAX)) {
      addresses.set(id, { url: agentUrl(pid, tls), at: clock.monotonic() });
    }
    return addresses.get(agentId)?.url;
  }

  return {
    history,
    nodes: async (signal) => (await master().slaves({ signal })).slaves,
    master: async (path, query, signal) => relay('master', `${masterUrl()}${path}`, query, signal),
    ask: async (call, signal) => relay('master', `${masterUrl()}/api/v1`, new URLSearchParams(), signal, 'POST', call),
    async order(agentId, call, signal) {
      // One that is out of contact has no address any more, and may still be said to be gone.
      if (call.type !== 'MARK_AGENT_GONE' && (await addressOf(agentId)) === undefined) return false;
      try {
        await master().order(call, { signal });
        return true;
      } catch (error) {
        if (isApiError(error) && error.status === 404) return false;
        throw error;
      }
    },
    async agent(agentId, path, query, signal, sent) {
      const url = await addressOf(agentId);
      if (url === undefined) return undefined;
      return relay('agent', `${url}${path}`, query, signal, sent === undefined ? 'GET' : 'POST', sent);
    },
  };
}
