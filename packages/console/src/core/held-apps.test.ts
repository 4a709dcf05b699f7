import { expect, test } from 'vitest';
import { changedApps } from './held-apps.ts';
import type { ListedApp } from './pod-row.ts';

const app = (id: string, more: Partial<ListedApp> = {}): ListedApp => ({
  id,
  version: 'v',
  configuredAt: 'v',
  instances: 1,
  cpus: 1,
  mem: 1,
  disk: 0,
  gpus: 0,
  labels: {},
  staged: 0,
  running: 1,
  healthy: 0,
  unhealthy: 0,
  checked: false,
  deployments: [],
  ...more,
});

test('apps that came, went or look different are counted; those that were only read again are not', () => {
  const before = [app('/same'), app('/gone'), app('/grown'), app('/deploying')];
  const now = [app('/same'), app('/grown', { running: 2 }), app('/deploying', { deployments: ['d'] }), app('/new')];
  expect(changedApps(before, now)).toBe(4);
  expect(changedApps(before, before)).toBe(0);
});
