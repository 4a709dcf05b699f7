import type { HealthCheck, OrchestratorEvent } from '@stadion/contract/orchestrator';
import { expect, it } from 'vitest';
import { appSpec } from './testing/definitions.ts';
import { TestPlatform, valueOf } from './testing/platform.ts';

const CHECK: HealthCheck = {
  protocol: 'COMMAND',
  command: { value: 'true' },
  gracePeriodSeconds: 300,
  intervalSeconds: 60,
  timeoutSeconds: 20,
  maxConsecutiveFailures: 3,
  delaySeconds: 15,
};

/** Events of some types, without their times. */
function told(platform: TestPlatform, ...types: OrchestratorEvent['eventType'][]) {
  return platform.events
    .filter(({ eventType }) => types.includes(eventType))
    .map(({ timestamp: _timestamp, ...event }) => event);
}

it('tells when the checks of an app begin, and when they end with what they checked', async () => {
  const platform = await TestPlatform.started();
  const types = ['add_health_check_event', 'remove_health_check_event', 'app_terminated_event'] as const;
  const first = valueOf(await platform.put([appSpec('/web', { healthChecks: [CHECK] })]));
  await platform.until(() => told(platform, 'add_health_check_event').length > 0);
  const appId = '/web';
  const begun = { eventType: 'add_health_check_event', appId, healthCheck: CHECK };
  expect(told(platform, ...types)).toEqual([{ ...begun, version: first.version }]);

  platform.events.length = 0;
  const second = valueOf(await platform.put([appSpec('/web', { cmd: 'other' })], { force: true }));
  expect(await platform.quiet()).toBe(true);
  expect(second.version > first.version).toBe(true);
  expect(told(platform, ...types)).toEqual([{ eventType: 'remove_health_check_event', appId }]);

  valueOf(await platform.put([appSpec('/web', { healthChecks: [CHECK, CHECK] })]));
  platform.events.length = 0;
  valueOf(await platform.remove('/web', { force: true }));
  expect(await platform.quiet()).toBe(true);
  expect(told(platform, ...types)).toEqual([
    { eventType: 'remove_health_check_event', appId },
    { eventType: 'remove_health_check_event', appId },
    { eventType: 'app_terminated_event', appId },
  ]);
});

it('tells of a change that is refused, for the group that it was meant for', async () => {
  const platform = await TestPlatform.started();
  const { deploymentId } = valueOf(await platform.put([appSpec('/shop/web', { cpus: 1000 })]));
  const refused = await platform.settle(
    platform.engine.changeRoot(() => ({ ok: true, value: { upserts: [], removals: ['/shop/web'] } }), {
      force: false,
      concerns: ['/shop/web'],
    }),
  );
  expect(refused).toMatchObject({ ok: false, rejection: { kind: 'locked' } });
  await platform.settle(
    platform.engine.changeRoot(() => ({ ok: false, rejection: { kind: 'not-found', message: 'no such app' } }), {
      force: false,
      concerns: ['/shop/db', '/shop/deep/er'],
    }),
  );
  expect(told(platform, 'group_change_failed')).toEqual([
    {
      eventType: 'group_change_failed',
      groupId: '/shop',
      version: expect.any(String),
      reason: `App is locked by one or more deployments: ${deploymentId}`,
    },
    { eventType: 'group_change_failed', groupId: '/shop', version: expect.any(String), reason: 'no such app' },
  ]);
});
