import type { AppSummary } from '@stadion/contract/overview';
import { describe, expect, test } from 'vitest';
import { appHealth, appStatus, healthSegments } from './app-state.ts';
import { indexOf, withFreshRows } from './app-index.ts';
import { appRows } from './app-list.ts';
import { commandsFor } from './palette.ts';
import { nodeCountsOf, verdictOf } from './verdict.ts';

function app(id: string, more: Partial<AppSummary> = {}): AppSummary {
  return {
    id,
    version: 'v',
    configuredAt: 'v',
    instances: 2,
    cpus: 0.5,
    mem: 64,
    disk: 0,
    gpus: 0,
    labels: {},
    staged: 0,
    running: 2,
    healthy: 2,
    unhealthy: 0,
    checked: true,
    deployments: [],
    ...more,
  };
}

const waiting = { count: 1, since: '2026-01-01T00:00:00.000Z', delaySeconds: 0, reason: '' };

describe('the six segments of the health bar', () => {
  test.each([
    [{ healthy: 2 }, { healthy: 2 }],
    [
      { running: 2, healthy: 1, unhealthy: 1 },
      { healthy: 1, unhealthy: 1 },
    ],
    [
      { running: 1, healthy: 0, staged: 1 },
      { unknown: 1, staged: 1 },
    ],
    [{ running: 0, healthy: 0 }, { unscheduled: 2 }],
    [
      { running: 3, healthy: 2 },
      { healthy: 2, over: 1 },
    ],
    [
      { running: 3, healthy: 3 },
      { healthy: 2, over: 1 },
    ],
  ])('%j is %j', (counts, expected) => {
    const none = { healthy: 0, unhealthy: 0, unknown: 0, staged: 0, over: 0, unscheduled: 0 };
    expect(healthSegments(app('/a', counts))).toEqual({ ...none, ...expected });
  });
});

test.each([
  [{}, 'running'],
  [{ deployments: ['d'] }, 'deploying'],
  [{ deployments: ['d'], waiting: { ...waiting, reason: 'no room' } }, 'waiting'],
  [{ waiting: { ...waiting, delaySeconds: 5 } }, 'delayed'],
  [{ instances: 0, running: 0 }, 'suspended'],
  [{ instances: 0, running: 1 }, 'running'],
] satisfies [Partial<AppSummary>, string][])('an app with %j is %s', (more, status) => {
  expect(appStatus(app('/a', more))).toBe(status);
});

test.each([
  [{}, 'healthy'],
  [{ unhealthy: 1 }, 'unhealthy'],
  [{ healthy: 1 }, 'unknown'],
  [{ checked: false }, 'none'],
] as const)('the health of an app with %j is %s', (more, health) => {
  expect(appHealth(app('/a', more))).toBe(health);
});

test('the verdict names what is wrong, the worst first', () => {
  const verdict = verdictOf([
    app('/a'),
    app('/b', { waiting: { ...waiting, reason: 'x' } }),
    app('/c', { unhealthy: 1 }),
  ]);
  expect(verdict).toMatchObject({ tone: 'bad', sentence: '1 app unhealthy, 1 app waiting for a place' });
  expect(verdict.troubled.map(({ id }) => id)).toEqual(['/c', '/b']);
  expect(verdictOf([app('/a')])).toMatchObject({ tone: 'good', sentence: 'All apps are well' });
});

test('the verdict speaks of nodes, too, as far as the master tells of them', () => {
  const nodes = (counts: Record<string, number>) =>
    nodeCountsOf(Object.fromEntries(Object.entries(counts).map(([name, value]) => [`master/slaves_${name}`, value])));
  const well = [app('/a')];
  expect(verdictOf(well, nodes({ active: 3 }))).toMatchObject({ tone: 'good', sentence: 'All apps are well' });
  expect(verdictOf(well, nodes({ active: 2, inactive: 1 }))).toMatchObject({
    tone: 'good',
    sentence: 'All apps are well, 1 node set aside',
  });
  expect(verdictOf(well, nodes({ active: 2, unreachable: 1 }))).toMatchObject({
    tone: 'bad',
    sentence: '1 node out of contact, all apps are well',
    short: '1 node out of contact',
  });
  expect(verdictOf(well, nodes({ active: 1, inactive: 2, disconnected: 1 }))).toMatchObject({
    tone: 'warn',
    sentence: '1 node not answering, all apps are well, 1 node set aside',
  });
  expect(verdictOf([app('/c', { unhealthy: 1 })], nodes({ active: 2, unreachable: 2 }))).toMatchObject({
    tone: 'bad',
    sentence: '1 app unhealthy, 2 nodes out of contact',
    short: '1 app needs attention',
  });
});

describe('the list', () => {
  const apps = [app('/a'), app('/g/b', { labels: { team: 'x' } }), app('/g/h/c', { unhealthy: 1 })];

  test('shows groups as folders with the sums of what is in them', () => {
    const rows = appRows(apps, {});
    expect(rows.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['group g', 'app a']);
    expect(rows[0]).toMatchObject({ apps: 2, instances: 4, cpus: 2, health: 'unhealthy' });
    expect(appRows(apps, { group: '/g' }).map(({ name }) => name)).toEqual(['h', 'b']);
  });

  test('finds apps anywhere below a group, by words, labels, status and health', () => {
    const names = (search: Parameters<typeof appRows>[1]): string[] => appRows(apps, search).map(({ id }) => id);
    expect(names({ q: 'team=x' })).toEqual(['/g/b']);
    expect(names({ label: ['team'] })).toEqual(['/g/b']);
    expect(names({ label: ['team=y'] })).toEqual([]);
    expect(names({ group: '/g', health: ['unhealthy'] })).toEqual(['/g/h/c']);
    expect(names({ status: ['waiting'] })).toEqual([]);
  });

  test('is renewed row by row: changed, new and gone ones', () => {
    const index = withFreshRows(indexOf(apps, true), ['/a', '/b', '/g/b'], [app('/a', { running: 1 }), app('/b')]);
    expect(index.apps.map(({ id, running }) => `${id} ${running}`)).toEqual(['/a 1', '/b 2', '/g/h/c 2']);
  });
});

describe('the palette', () => {
  const labels = (words: string): string[] =>
    commandsFor(words, {
      apps: [app('/shop/web'), app('/shop/webhook'), app('/mail')],
      pods: [{ id: '/shop/pair', instances: 1 }],
      nodes: [{ id: 'S0', hostname: 'node-1' }],
    }).map(({ label }) => label);

  test('puts the closest first', () => {
    expect(labels('web')).toEqual(['/shop/web', '/shop/webhook']);
    expect(labels('node')[0]).toBe('Nodes');
  });

  test('offers verbs to whoever writes one', () => {
    expect(labels('sca mail')).toEqual(['Scale /mail']);
    expect(labels('mail')).toEqual(['/mail']);
  });
});
