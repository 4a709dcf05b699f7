import { beforeEach, describe, expect, it } from 'vitest';
import { EXIT } from '../exit-codes.ts';
import { FakePlatform } from '../testing/fake-platform.ts';
import { run } from '../testing/run.ts';
import { sampleApp, VERSION } from '../testing/samples.ts';

const RESULT = { version: VERSION, deploymentId: 'd-1' };
let platform: FakePlatform;

beforeEach(() => {
  platform = new FakePlatform();
  const inner = { id: '/shop/data', apps: [sampleApp({ id: '/shop/data/db' })], pods: [], groups: [] };
  const data = { ...inner, dependencies: [], version: VERSION };
  const shop = { id: '/shop', apps: [], pods: [], groups: [data], dependencies: ['/base'], version: VERSION };
  platform.handlers.set('getNamedGroup', () => ({ body: shop }));
  for (const route of ['createRootGroup', 'putGroup', 'putRootGroup', 'deleteGroup', 'deleteRootGroup'] as const) {
    platform.handlers.set(route, () => ({ body: RESULT }));
  }
});

function sent(): unknown {
  const { route, params, body, query } = platform.requests.at(-1) ?? {};
  return { route, params, body, force: query?.get('force') };
}

describe('groups', () => {
  it('are shown as a tree, or as ids', async () => {
    const shown = await run(platform, ['group', 'show', 'shop']);
    expect(shown.code).toBe(EXIT.ok);
    expect(shown.stdout).toMatch(
      /^\/shop {2}\(after \/base\)\n {2}\/shop\/data\n {4}\/shop\/data\/db {2}\d+ wanted\n$/,
    );
    const quiet = await run(platform, ['group', 'show', '/shop', '-q']);
    expect(quiet.stdout).toBe('/shop/data\n/shop/data/db\n');
  });

  it.each([
    [['group', 'add', 'g.yaml', '-d'], { route: 'createRootGroup', params: {}, body: { id: '/shop', apps: [] } }],
    [['group', 'update', 'shop', 'g.yaml', '-d'], { route: 'putGroup', body: { id: '/shop', apps: [] } }],
    [['group', 'update', '/', 'g.yaml', '-d'], { route: 'putRootGroup', body: { id: '/shop', apps: [] } }],
    [['group', 'scale', 'shop', '1.5', '-d', '--force'], { route: 'putGroup', body: { scaleBy: 1.5 }, force: 'true' }],
    [['group', 'rollback', 'shop', VERSION, '-d'], { route: 'putGroup', body: { version: VERSION } }],
    [['group', 'remove', 'shop', '-d'], { route: 'deleteGroup', params: { group: 'shop' } }],
    [['group', 'remove', '/', '-d'], { route: 'deleteRootGroup' }],
  ])('%j says what it means', async (words, request) => {
    const result = await run(platform, words, { files: { 'g.yaml': 'id: /shop\napps: []\n' } });
    expect(result.code).toBe(EXIT.ok);
    expect(sent()).toMatchObject(request);
    expect(result.stdout).toContain('d-1');
  });

  it('refuse factors and files that are none', async () => {
    expect((await run(platform, ['group', 'scale', 'shop', 'many'])).code).toBe(EXIT.usage);
    const files = { 'list.json': '[]', 'nameless.json': '{}' };
    expect((await run(platform, ['group', 'add', 'list.json'], { files })).code).toBe(EXIT.usage);
    expect((await run(platform, ['group', 'add', 'nameless.json'], { files })).code).toBe(EXIT.usage);
    expect(platform.requests).toEqual([]);
  });
});
