import type { EdgeRoute } from '@stadion/contract/edge';
import { describe, expect, it } from 'vitest';
import { edgeVerdict } from './edge-verdict.ts';

const FRESH = new Set(['new.1']);

/** A route to an old instance, and to a new one that was sent so many requests. */
function aRoute(changes: {
  readonly name?: string;
  readonly requests?: number;
  readonly failures?: number;
  readonly p99Ms?: number;
  readonly state?: string;
}): EdgeRoute {
  const { name = 'web', requests = 100, failures = 0, p99Ms = 20, state = 'up' } = changes;
  const server = { app: '/web', weight: 1, state: 'up', active: 0, latencyMs: 1 };
  return {
    ...{
      name,
      source: '/web',
      protocol: 'http',
      rule: '',
      entryPoints: [],
      priority: 1,
      middlewares: [],
      service: 'web',
    },
    servers: [
      { ...server, id: 'a:1', task: 'old.1', requests: 10_000, failures: 5_000 },
      { ...server, id: 'a:2', task: 'new.1', requests, failures, state },
    ],
    traffic: {
      ...{ requests: 0, requestsPerSecond: 0, statuses: [], errorsPerSecond: 0, p50Ms: 1, p99Ms },
      ...{ bytesIn: 0, bytesOut: 0, active: 0, retries: 0 },
    },
  };
}

describe('the verdict of the edge', () => {
  it('is about the new instances only', () => {
    expect(edgeVerdict({ errorPercent: 5 }, FRESH, [aRoute({ failures: 5 })])).toBeUndefined();
    expect(edgeVerdict({ errorPercent: 5 }, FRESH, [aRoute({ failures: 6 })])).toBe(
      'the edge: 6 of 100 requests to the new version failed, 5 % may',
    );
    expect(edgeVerdict({ errorPercent: 5 }, new Set(), [aRoute({ failures: 100 })])).toBeUndefined();
  });

  it('waits for enough requests', () => {
    const routes = [aRoute({ requests: 49, failures: 49 })];
    expect(edgeVerdict({ errorPercent: 0 }, FRESH, routes)).toBeUndefined();
    expect(edgeVerdict({ errorPercent: 0, minRequests: 49 }, FRESH, routes)).toContain('49 of 49');
    const ejected = aRoute({ requests: 5, failures: 5, state: 'ejected' });
    expect(edgeVerdict({ errorPercent: 0 }, FRESH, [ejected])).toContain('5 of 5');
  });

  it('counts a server once, though several routes lead to it', () => {
    const routes = [aRoute({ requests: 30, failures: 1 }), aRoute({ name: 'also', requests: 30, failures: 1 })];
    expect(edgeVerdict({ errorPercent: 0 }, FRESH, routes)).toBeUndefined();
    expect(edgeVerdict({ errorPercent: 0, minRequests: 30 }, FRESH, routes)).toContain('1 of 30');
  });

  it('goes by the slowest route that leads to them', () => {
    const routes = [aRoute({ p99Ms: 90 }), aRoute({ name: 'slow', p99Ms: 250.4 })];
    expect(edgeVerdict({ p99Ms: 200 }, FRESH, routes)).toBe(
      'the edge: one in a hundred requests of route slow took 250 ms or more, 200 ms are allowed',
    );
    expect(edgeVerdict({ p99Ms: 300 }, FRESH, routes)).toBeUndefined();
    expect(edgeVerdict({ p99Ms: 200 }, FRESH, [aRoute({ requests: 0, p99Ms: 900 })])).toBeUndefined();
  });

  it('is none where nothing is limited', () => {
    expect(edgeVerdict({}, FRESH, [aRoute({ failures: 100, p99Ms: 9_000 })])).toBeUndefined();
  });
});
