import { describe, expect, it } from 'vitest';
import type { EdgeRoute } from '@stadion/contract/edge';
import { latency, mayHaveRoutes, rate, routeId, routesTo, serversUp } from './edge-traffic.ts';

function aRoute(name: string, app: string, requestsPerSecond: number, states: readonly string[] = ['up']): EdgeRoute {
  const none = { requests: 0, statuses: [], errorsPerSecond: 0, p50Ms: 0, p99Ms: 0, bytesIn: 0, bytesOut: 0 };
  return {
    ...{ name, source: app, protocol: 'http', rule: `Host(\`${name}\`)`, entryPoints: ['http'], priority: 1 },
    ...{ middlewares: [], service: name, traffic: { ...none, requestsPerSecond, active: 0, retries: 0 } },
    servers: states.map((state, index) => ({
      ...{ id: `10.0.0.1:${String(index)}`, app, weight: 1, state, active: 0, requests: 0, failures: 0, latencyMs: 0 },
    })),
  };
}

describe('what the edge carries', () => {
  it('asks about apps with labels of any dialect, and about no others', () => {
    expect(mayHaveRoutes({ 'traefik.enable': 'true' })).toBe(true);
    expect(mayHaveRoutes({ HAPROXY_GROUP: 'external' })).toBe(true);
    expect(mayHaveRoutes({ team: 'traefik' })).toBe(false);
  });

  it('finds the routes to an app, the busiest first', () => {
    const routes = [aRoute('quiet', '/web', 1), aRoute('other', '/web2', 9), aRoute('busy', '/web', 50)];
    expect(routesTo('/web', routes).map(({ name }) => name)).toEqual(['busy', 'quiet']);
    expect(new Set(routes.map(routeId)).size).toBe(3);
  });

  it('says how many servers take requests', () => {
    expect(serversUp(aRoute('web', '/web', 0, ['up', 'draining', 'up', 'ejected']))).toBe('2 of 4 up');
    expect(serversUp(aRoute('web', '/web', 0, []))).toBe('0 of 0 up');
  });

  it('shows figures as exactly as they mean something', () => {
    expect([0, 0.25, 9.96, 99.95, 1234.5].map(rate)).toEqual(['0', '0.3', '10', '100', '1235']);
    expect([0, 0.84, 9.96, 1234.5].map(latency)).toEqual(['–', '0.8 ms', '10 ms', '1235 ms']);
  });
});
