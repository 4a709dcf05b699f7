import { beforeEach, describe, expect, it } from 'vitest';
import { EXIT } from '../exit-codes.ts';
import { FakePlatform } from '../testing/fake-platform.ts';
import { run } from '../testing/run.ts';
import { sampleApp, sampleDeployment, sampleTask, VERSION } from '../testing/samples.ts';

const RECORD = {
  id: 'd-1',
  version: VERSION,
  outcome: 'paused',
  by: 'ann',
  startedAt: VERSION,
  durationSeconds: 61,
  affectedApps: ['/shop'],
  changes: [{ app: '/shop', change: 'update', fields: [{ path: '/cmd', before: '"a"', after: '"b"' }] }],
  failureCount: 0,
  failures: [],
  isRollBack: false,
};

let platform: FakePlatform;

beforeEach(() => {
  platform = new FakePlatform();
  platform.deployments = [sampleDeployment('d-1', '/shop')];
});

describe('deployments', () => {
  it.each(['pause', 'resume', 'promote', 'fail'] as const)('are told to %s, by id or by app', async (action) => {
    platform.handlers.set(`${action}Deployment`, () => ({ body: RECORD }));
    const result = await run(platform, ['deploy', action, 'shop']);
    expect(result).toMatchObject({ code: EXIT.ok, stdout: 'Deployment d-1 is paused.\n' });
    expect(platform.requests.at(-1)).toMatchObject({ route: `${action}Deployment`, params: { deploymentId: 'd-1' } });
    expect((await run(platform, ['deploy', action, 'none'])).code).toBe(EXIT.error);
  });

  it('are remembered', async () => {
    platform.handlers.set('listDeploymentRecords', () => ({ body: [RECORD] }));
    const result = await run(platform, ['deploy', 'history', 'shop', '--limit', '5']);
    expect(result.stdout).toMatch(/d-1 +paused +\/shop +update cmd +1m/);
    expect(platform.requests.at(-1)?.query.toString()).toBe('app=%2Fshop&limit=5');
  });
});

describe('a plan', () => {
  const files = { 'shop.yaml': 'id: /shop\ncmd: b\n', 'group.json': '{"id":"/g","apps":[]}' };
  const plan = {
    token: 'abc',
    version: VERSION,
    steps: [{ actions: [{ action: 'RestartApplication', app: '/shop' }] }],
    changes: RECORD.changes,
    conflicts: ['d-0'],
    refusals: ['Group / is locked: x'],
    fits: false,
    fit: [{ app: '/shop', wanted: 2, placeable: 1, reason: 'needs 4 cpus' }],
  };

  it('is shown with differences, steps, fit and what is in the way', async () => {
    platform.handlers.set('plan', () => ({ body: plan }));
    const result = await run(platform, ['plan', 'shop.yaml'], { files });
    expect(result.code).toBe(EXIT.usage);
    expect(result.stdout.split('\n').slice(0, -1)).toEqual([
      '~ /shop',
      '    cmd: "a" -> "b"',
      'Steps:',
      '  1. RestartApplication /shop',
      '/shop does not fit now: 1 of 2 more; needs 4 cpus',
      'In the way: deployment d-0',
      'In the way: Group / is locked: x',
    ]);
    platform.handlers.set('plan', () => ({ body: { ...plan, changes: [] } }));
    expect((await run(platform, ['plan', 'shop.yaml'], { files })).code).toBe(EXIT.ok);
  });

  it('is applied with its token', async () => {
    platform.handlers.set('plan', () => ({ body: plan }));
    const result = { body: { version: VERSION, deploymentId: 'd-1' } };
    platform.handlers.set('putApp', () => result).set('putRootGroup', () => result);
    expect((await run(platform, ['plan', 'shop.yaml', '--apply', '-d'], { files })).code).toBe(EXIT.ok);
    expect(platform.requests.at(-1)).toMatchObject({ route: 'putApp', params: { id: 'shop' } });
    expect(platform.requests.at(-1)?.query.get('planToken')).toBe('abc');
    expect((await run(platform, ['plan', 'group.json', '--apply', '-d'], { files })).code).toBe(EXIT.ok);
    expect(platform.requests.at(-1)?.route).toBe('putRootGroup');
  });
});

it('a task is frozen', async () => {
  const task = sampleTask('/shop', 'aaaaaaaa');
  platform.apps = [sampleApp({ id: '/shop', tasks: [task] })];
  platform.handlers.set('freezeTask', () => ({ body: { task } }));
  const result = await run(platform, ['task', 'freeze', task.id]);
  expect(result.code).toBe(EXIT.ok);
  expect(platform.requests.at(-1)).toMatchObject({ route: 'freezeTask', params: { id: 'shop', taskId: task.id } });
});
