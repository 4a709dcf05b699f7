/** Asks agents which of their tasks nobody is connected to, so that what drains need not wait in vain. */
import type { Secret } from '@stadion/access';
import type { Clock, Timers } from '@stadion/base';
import { createMasterClient } from '@stadion/contract/client';
import { AGENT_ANSWER_MS_MAX } from './limits.ts';
import type { NodeTls } from './tls/node-tls.ts';
import { clusterFetch } from './tls/own-fetches.ts';
import { agentUrl } from './tls/requests.ts';

/** How long the addresses of agents are believed. */
const ADDRESSES_MS_MAX = 5_000;

/**
 * Makes the question.
 * @param masterUrl knows where agents are
 * @param parts.secret what agents on other machines want to be shown, and everybody where people are known by name
 * @returns ids of tasks that can be told to have no open connection; rejects when the agent does not answer
 */
export function unusedTasksBy(
  masterUrl: string,
  time: Clock & Timers,
  parts: { readonly secret: Secret | undefined; readonly tls: NodeTls | undefined },
): (agentId: string) => Promise<ReadonlySet<string>> {
  const { tls } = parts;
  const ask = clusterFetch(parts);
  const master = createMasterClient({ baseUrl: masterUrl, fetch: ask });
  let addresses: { readonly at: number; readonly byId: Promise<ReadonlyMap<string, string>> } | undefined;

  async function readAddresses(): Promise<ReadonlyMap<string, string>> {
    const { slaves } = await master.slaves();
    return new Map(slaves.map(({ id, pid }) => [id, agentUrl(pid, tls)]));
  }

  /** Undefined where an agent has no such page. */
  async function countsOf(url: string): Promise<unknown> {
    const deadline = new AbortController();
    const timer = time.after(AGENT_ANSWER_MS_MAX, () => {
      deadline.abort(new Error(`${url} did not answer`));
    });
    try {
      const response = await ask(`${url}/monitor/connections`, { signal: deadline.signal });
      return response.ok ? await response.json() : undefined;
    } finally {
      timer.cancel();
    }
  }

  return async (agentId) => {
    if (addresses === undefined || time.monotonic() - addresses.at >= ADDRESSES_MS_MAX) {
      addresses = { at: time.monotonic(), byId: readAddresses() };
    }
    const url = (await addresses.byId).get(agentId);
    if (url === undefined) return new Set();
    const counts = await countsOf(url);
    if (typeof counts !== 'object' || counts === null) return new Set();
    return new Set(Object.entries(counts).flatMap(([taskId, open]) => (open === 0 ? [taskId] : [])));
  };
}
