/** Whether the new version of an app does badly at the edge, by what its descriptor allows. */
import type { EdgeRoute } from '@stadion/contract/edge';
import type { AppDefinition } from '@stadion/contract/orchestrator';

/** What an app allows its new instances. */
export type EdgeLimits = NonNullable<NonNullable<AppDefinition['upgradeStrategy']['rollback']>['edge']>;

/** Fewer requests say nothing about a version, unless the descriptor says otherwise. */
const REQUESTS_MIN = 50;

/**
 * Judges by what the edge has counted since the new instances came.
 * @param fresh the tasks of the new version
 * @param routes as the edge shows them: errors by server since it came, latencies by route over the last ten seconds
 * @returns why the deployment is to be taken back, or undefined
 */
export function edgeVerdict(
  limits: EdgeLimits,
  fresh: ReadonlySet<string>,
  routes: readonly EdgeRoute[],
): string | undefined {
  const { errorPercent, p99Ms, minRequests = REQUESTS_MIN } = limits;
  let requests = 0;
  let failures = 0;
  // A server that fails time and again gets no more requests for a while: it would never come to have enough.
  let isEjected = false;
  let slowest: { readonly route: string; readonly p99Ms: number } | undefined;
  // Several routes may lead to one service: its servers are counted once.
  const seen = new Set<string>();
  for (const { name, service, source, servers, traffic } of routes) {
    let isFresh = false;
    for (const server of servers) {
      if (server.task === undefined || !fresh.has(server.task)) continue;
      isFresh ||= server.requests > 0;
      const key = `${source} ${service} ${server.id}`;
      if (seen.has(key)) continue;
      seen.add(key);
      requests += server.requests;
      failures += server.failures;
      isEjected ||= server.state === 'ejected';
    }
    if (isFresh && traffic.p99Ms > (slowest?.p99Ms ?? 0)) slowest = { route: name, p99Ms: traffic.p99Ms };
  }
  if (requests < minRequests && !isEjected) return undefined;
  const percent = (failures / requests) * 100;
  if (errorPercent !== undefined && percent > errorPercent) {
    const share = `${String(failures)} of ${String(requests)} requests to the new version failed`;
    return `the edge: ${share}, ${String(errorPercent)} % may`;
  }
  if (p99Ms !== undefined && slowest !== undefined && slowest.p99Ms > p99Ms) {
    const took = `one in a hundred requests of route ${slowest.route} took ${String(Math.round(slowest.p99Ms))} ms or more`;
    return `the edge: ${took}, ${String(p99Ms)} ms are allowed`;
  }
  return undefined;
}
