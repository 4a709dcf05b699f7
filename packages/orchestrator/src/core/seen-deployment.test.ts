import type { Sight } from '@stadion/contract/permissions';
import type { DeploymentRecord } from '@stadion/contract/orchestrator-extensions';
import { expect, test } from 'vitest';
import { seenRecord } from './seen-deployment.ts';

const isOurs = (path: string): boolean => path.startsWith('/ours');
const OURS: Sight = { isWhole: false, sees: isOurs, leadsTo: isOurs };

const record = (changed: readonly string[]): DeploymentRecord => ({
  id: 'd',
  version: '2026-01-01T00:00:00.000Z',
  outcome: 'failed',
  reason: 'something of one of them',
  startedAt: '2026-01-01T00:00:00.000Z',
  durationSeconds: 1,
  affectedApps: ['/ours/web'],
  changes: changed.map((app) => ({ app, change: 'update', fields: [] })),
  failureCount: 3,
  failures: [],
  isRollBack: false,
});

test('a record of own apps is told as it is', () => {
  const own = record(['/ours/web']);
  expect(seenRecord(own, OURS)).toBe(own);
  expect(seenRecord({ ...own, affectedApps: ['/theirs/web'] }, OURS)).toBeUndefined();
});

test('what changed beyond the apps that a record names is not told of others, nor why it ended', () => {
  const seen = seenRecord(record(['/ours/web', '/theirs/web']), OURS);
  expect(seen).toMatchObject({ changes: [{ app: '/ours/web' }], failureCount: 0 });
  expect(seen).not.toHaveProperty('reason');
});
