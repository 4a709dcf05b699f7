import { orchestratorRoutes, type Route } from '@stadion/contract/orchestrator';
import { describe, expect, test } from 'vitest';
import { matchRoute, pathSegments } from './route-table.ts';
import { FakeServer } from './testing/fake-server.ts';

function found(method: string, path: string): unknown {
  const match = matchRoute(method, pathSegments(path) ?? []);
  return match.kind === 'found' ? { name: match.name, ...match.parameters } : match.kind;
}

const routes = Object.entries(orchestratorRoutes).map(([name, route]): [string, Route] => [name, route]);

describe.each(routes)('the route %s', (name, route) => {
  const path = route.path.replaceAll(/\{(?:id|group)\}/g, 'a/b').replaceAll(/\{\w+\}/g, 'x');

  test('declares who may call it', () => {
    const needed = route.method === 'GET' ? /^(?:[a-z]+:read|public|signed-in)$/ : /^[a-z]+:write$/;
    expect(route.permission).toMatch(needed);
  });

  test('is found by its path', () => {
    expect(found(route.method, path)).toMatchObject({ name });
  });

  test('is answered', async () => {
    const server = new FakeServer();
    const answer = await server.ask(route.method, path, '{}');
    expect(answer.text).not.toContain('URI not found');
    const isMethodKnown = answer.status !== 405 || name === 'events';
    expect(isMethodKnown).toBe(true);
  });
});

test.each([
  ['GET', '/v2/apps//a/b/', { name: 'getApp', id: 'a/b' }],
  ['GET', '/v2/apps/a%2Fb', { name: 'getApp', id: 'a/b' }],
  ['GET', '/v2/apps/a/tasks', { name: 'listAppTasks', id: 'a' }],
  ['GET', '/v2/apps/a/*/tasks', { name: 'listAppTasks', id: 'a/*' }],
  ['GET', '/v2/apps/tasks', { name: 'getApp', id: 'tasks' }],
  ['GET', '/v2/apps/tasks/x', { name: 'getApp', id: 'tasks/x' }],
  ['GET', '/v2/apps/a/versions', { name: 'listAppVersions', id: 'a' }],
  ['GET', '/v2/apps/a/b/versions/v', { name: 'getAppVersion', id: 'a/b', version: 'v' }],
  ['DELETE', '/v2/apps/a/b/tasks/t', { name: 'killAppTask', id: 'a/b', taskId: 't' }],
  ['DELETE', '/v2/apps/a/b', { name: 'deleteApp', id: 'a/b' }],
  ['POST', '/v2/apps/a/b/restart', { name: 'restartApp', id: 'a/b' }],
  ['DELETE', '/v2/queue/a/b/delay', { name: 'resetDelay', id: 'a/b' }],
  ['HEAD', '/v2/apps', { name: 'listApps' }],
  ['GET', '/v2/apps/', { name: 'listApps' }],
  ['GET', '/metrics/prometheus', { name: 'metricsPrometheus' }],
  ['POST', '/v2/apps/a', 'other-method'],
  ['GET', '/v2/queue/a/delay', 'other-method'],
  ['GET', '/v2/deployments/a/b', 'not-found'],
])('%s %s leads to %j', (method, path, expected) => {
  expect(found(method, path)).toEqual(expected);
});

test('a broken escape is no path', () => {
  expect(pathSegments('/v2/apps/%zz')).toBeUndefined();
});
