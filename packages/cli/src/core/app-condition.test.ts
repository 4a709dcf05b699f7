import { describe, expect, it } from 'vitest';
import { sampleApp, sampleQueueItem } from '../testing/samples.ts';
import { appId, conditionOf, type AppCondition } from './app-condition.ts';

const HEALTH_CHECK = {
  protocol: 'HTTP',
  gracePeriodSeconds: 1,
  intervalSeconds: 1,
  timeoutSeconds: 1,
  maxConsecutiveFailures: 1,
} as const;

describe('the condition of an app', () => {
  const queued = sampleQueueItem(sampleApp({ id: '/a' }));
  const refused = { ...queued, processedOffersSummary: { ...queued.processedOffersSummary, unusedOffersCount: 1 } };
  const cases: readonly (readonly [AppCondition, Parameters<typeof conditionOf>])[] = [
    ['running', [sampleApp({ id: '/a', tasksRunning: 1 }), undefined]],
    ['degraded', [sampleApp({ id: '/a', instances: 2, tasksRunning: 1 }), undefined]],
    ['degraded', [sampleApp({ id: '/a', tasksRunning: 1, healthChecks: [HEALTH_CHECK] }), undefined]],
    ['running', [sampleApp({ id: '/a', tasksRunning: 1, tasksHealthy: 1, healthChecks: [HEALTH_CHECK] }), undefined]],
    ['unhealthy', [sampleApp({ id: '/a', tasksRunning: 1, tasksUnhealthy: 1 }), undefined]],
    ['suspended', [sampleApp({ id: '/a', instances: 0 }), undefined]],
    ['deploying', [sampleApp({ id: '/a', deployments: [{ id: 'd' }] }), queued]],
    ['waiting', [sampleApp({ id: '/a', deployments: [{ id: 'd' }] }), refused]],
    ['failing', [sampleApp({ id: '/a' }), { ...queued, delay: { timeLeftSeconds: 3, overdue: false } }]],
  ];
  for (const [expected, given] of cases) {
    it(`is ${expected}`, () => {
      expect(conditionOf(...given)).toBe(expected);
    });
  }

  it('belongs to one id, however that is written', () => {
    expect(['shop', '/shop', '/shop/', '//shop'].map(appId)).toEqual(['/shop', '/shop', '/shop', '/shop']);
  });
});
