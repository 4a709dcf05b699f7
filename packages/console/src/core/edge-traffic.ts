/** What the edge carries to an app. */
import type { EdgeRoute } from '@stadion/contract/edge';

/** Labels that have an effect at the edge begin so. */
const EDGE_LABEL = /^(traefik\.|HAPROXY_)/i;

/** Whether an app may have routes: those without such labels are not asked about. */
export function mayHaveRoutes(labels: Readonly<Record<string, string>>): boolean {
  return Object.keys(labels).some((name) => EDGE_LABEL.test(name));
}

/** The routes that lead to an app, the busiest first. */
export function routesTo(appId: string, routes: readonly EdgeRoute[]): readonly EdgeRoute[] {
  return routes
    .filter(({ servers }) => servers.some(({ app }) => app === appId))
    .sort((left, right) => right.traffic.requestsPerSecond - left.traffic.requestsPerSecond);
}

/** What tells a route from all others. */
export function routeId({ protocol, name, source }: EdgeRoute): string {
  return `${protocol} ${name}@${source}`;
}

/** How many servers of a route take requests: `2 of 3 up`. */
export function serversUp({ servers }: EdgeRoute): string {
  const up = servers.filter(({ state }) => state === 'up').length;
  return `${String(up)} of ${String(servers.length)} up`;
}

/** A rate, e.g. requests each second: exact where it is small. */
export function rate(perSecond: number): string {
  return perSecond >= 100 ? String(Math.round(perSecond)) : String(Math.round(perSecond * 10) / 10);
}

/** Milliseconds; 0 stands for nothing measured. */
export function latency(milliseconds: number): string {
  if (milliseconds === 0) return '–';
  return `${milliseconds >= 10 ? String(Math.round(milliseconds)) : String(Math.round(milliseconds * 10) / 10)} ms`;
}
