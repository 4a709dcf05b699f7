import { expect, test } from 'vitest';
import { denialOf, holdsSomewhere, neededFor } from './needed-permission.ts';

const ada = { name: 'ada', grants: [{ permissions: ['apps:read', 'apps:write'], path: '/team-a' }] };

test('whoever holds a permission for a group may change what is in it, and nothing beside it', () => {
  const scale = (appId: string) => neededFor({ kind: 'scale', appId, current: 1, wanted: 2, isStateful: false });
  expect(denialOf(ada, scale('/team-a/web'))).toBeUndefined();
  expect(denialOf(ada, scale('/team-a'))).toBeUndefined();
  expect(denialOf(ada, scale('/team-another/web'))).toBe(
    'ada may not do this: it takes apps:write for /team-another/web',
  );
});

test('deployments and nodes concern everything', () => {
  const cancel = neededFor({ kind: 'cancel-deployment', deploymentId: 'd', apps: ['/team-a/web'] });
  expect(denialOf(ada, cancel)).toBe('ada may not do this: it takes apps:write for everything');
  const nodes = [{ agentId: 'S0', hostname: 'one' }];
  expect(denialOf(ada, neededFor({ kind: 'cordon', nodes }))).toContain('system:write for everything');
  expect(
    denialOf({ grants: [{ permissions: ['system:write'], path: '/' }] }, neededFor({ kind: 'cordon', nodes })),
  ).toBe(undefined);
});

test('a new app can be begun by whoever may write anywhere', () => {
  expect(holdsSomewhere(ada, 'apps:write')).toBe(true);
  expect(holdsSomewhere(ada, 'tasks:exec')).toBe(false);
});
