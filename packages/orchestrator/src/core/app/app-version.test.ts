import type { AppInput } from '@stadion/contract/orchestrator';
import { expect, test } from 'vitest';
import { isConfigChange, stampRestart, stampVersion } from './app-version.ts';
import { specOf } from './spec.ts';
import { makeApp, makeSpec } from './testing/make-app.ts';

const before = '2026-01-01T00:00:00.000Z';
const now = '2026-02-01T00:00:00.000Z';
const app = makeApp({ id: '/web', cmd: 'run', labels: { a: '1', b: '2' } }, before);

test('a new app has one version everywhere', () => {
  expect(app).toMatchObject({ version: before, versionInfo: { lastScalingAt: before, lastConfigChangeAt: before } });
});

test('scaling moves the version and the time of scaling', () => {
  expect(stampVersion({ ...specOf(app), instances: 5 }, app, now)).toMatchObject({
    version: now,
    versionInfo: { lastScalingAt: now, lastConfigChangeAt: before },
  });
});

test.each<AppInput>([
  { cmd: 'other' },
  { labels: { a: '1' } },
  { healthChecks: [{}] },
  { upgradeStrategy: { minimumHealthCapacity: 0, maximumOverCapacity: 0 } },
  { killSelection: 'OLDEST_FIRST' },
  { backoffSeconds: 7 },
])('%j is a change of configuration', (update) => {
  const changed = makeSpec(update, app);
  expect(isConfigChange(specOf(app), changed)).toBe(true);
  expect(stampVersion(changed, app, now)).toMatchObject({
    version: now,
    versionInfo: { lastScalingAt: now, lastConfigChangeAt: now },
  });
});

test('nothing new is the same app, whatever the order of its members', () => {
  const same = makeSpec({ labels: { b: '2', a: '1' } }, app);
  expect(stampVersion(same, app, now)).toBe(app);
});

test('a restart is a new configuration of the same app', () => {
  const restarted = stampRestart(app, now);
  expect(restarted.versionInfo).toEqual({ lastScalingAt: before, lastConfigChangeAt: now });
  expect(specOf(restarted)).toEqual(specOf(app));
});
