import { GroupInfo } from '@stadion/contract/orchestrator';
import { Value } from '@sinclair/typebox/value';
import { beforeEach, describe, expect, test } from 'vitest';
import { FakeServer } from './testing/fake-server.ts';

let server = new FakeServer();
const cmd = 'run';
const RESULT = { version: expect.any(String) as string, deploymentId: expect.any(String) as string };

beforeEach(async () => {
  server = new FakeServer();
  await server.ask('POST', '/v2/groups', {
    id: '/shop',
    groups: [{ id: 'data', apps: [{ id: 'db', cmd }] }],
    apps: [{ id: 'web', cmd, dependencies: ['/shop/data'] }],
  });
});

describe('creating', () => {
  test('answers 201 with the deployment and where the group is', async () => {
    const answer = await server.ask('POST', '/v2/groups', { id: 'new', apps: [{ id: 'x', cmd }] });
    expect(answer).toMatchObject({ status: 201, body: RESULT, headers: { location: '/new' } });
    expect(answer.headers['marathon-deployment-id']).toBe((answer.body as { deploymentId: string }).deploymentId);
    const below = await server.ask('POST', '/v2/groups/new', { id: 'inner', apps: [] });
    expect(below.headers['location']).toBe('/new/inner');
  });

  test('of what exists is a 409 without deployments', async () => {
    for (const [id, message] of [
      ['/shop', 'Group /shop is already created. Use PUT to change this group.'],
      ['/shop/web', 'An app with the path /shop/web already exists.'],
    ]) {
      expect(await server.ask('POST', '/v2/groups', { id })).toMatchObject({ status: 409, body: { message } });
    }
    expect((await server.ask('POST', '/v2/groups', {})).body).toEqual({
      message: 'Group / is already created. Use PUT to change this group.',
    });
  });

  test('names what was not understood', async () => {
    const answer = await server.ask('PUT', '/v2/groups/x', { apps: [{ id: 'a', cmd, conatiner: {} }], colour: 'red' });
    expect(answer.headers['x-stadion-ignored-fields']).toBe('/colour, /apps(0)/conatiner');
  });
});

describe('updating', () => {
  test('answers 200 with the deployment', async () => {
    expect(await server.ask('PUT', '/v2/groups/shop', { scaleBy: 2 })).toMatchObject({ status: 200, body: RESULT });
    expect(server.engine.root.app('/shop/web')?.instances).toBe(2);
    expect((await server.ask('PUT', '/v2/groups', { groups: [] })).status).toBe(200);
    expect(server.engine.root.apps()).toEqual([]);
  });

  test('with dryRun answers steps, and changes nothing', async () => {
    const before = server.engine.root.version;
    const answer = await server.ask('PUT', '/v2/groups/shop?dryRun=true', { scaleBy: 2 });
    expect(answer).toMatchObject({ status: 200, body: { steps: [] } });
    expect(server.engine.root.version).toBe(before);
    expect((await server.ask('PUT', '/v2/groups/none?dryRun=true', { scaleBy: 2 })).status).toBe(404);
  });

  test.each([
    [{ apps: 'x' }, '/apps', 'error.expected.jsarray'],
    [{ apps: [{ id: 'a', cpus: 'x' }] }, '/apps(0)/cpus', 'error.expected.jsnumber'],
    [{ groups: [5] }, '/groups(0)', 'error.expected.jsobject'],
    [{ dependencies: [1] }, '/dependencies(0)', 'error.expected.jsstring'],
    [{ scaleBy: -1 }, '/scaleBy', 'error.min'],
    [{ enforceRole: 'yes' }, '/enforceRole', 'error.expected.jsboolean'],
  ])('refuses the shape of %j', async (body, path, error) => {
    const answer = await server.ask('PUT', '/v2/groups/shop', body);
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ message: 'Invalid JSON', details: [{ path }] });
    expect(answer.text).toContain(error);
  });

  test('a version that is not remembered is a 422', async () => {
    expect(await server.ask('PUT', '/v2/groups/shop', { version: '2020-01-01T00:00:00.000Z' })).toMatchObject({
      status: 422,
      body: { message: 'Group /shop not available in version 2020-01-01T00:00:00.000Z' },
    });
  });

  test('enforceRole alone is a PATCH without deployment', async () => {
    const answer = await server.ask('PATCH', '/v2/groups/shop', { enforceRole: true });
    expect(answer).toMatchObject({ status: 200, text: '' });
    expect(server.engine.commands.at(-1)).toMatchObject({ changeRoot: { deploys: false, groupId: '/shop' } });
    expect((await server.ask('GET', '/v2/groups/shop')).body).toMatchObject({ enforceRole: true });
    expect((await server.ask('PATCH', '/v2/groups/none', { enforceRole: true })).status).toBe(404);
    expect((await server.ask('PATCH', '/v2/groups/shop/data', { enforceRole: true })).status).toBe(422);
    expect((await server.ask('PATCH', '/v2/groups/shop', { enforceRole: 1 })).status).toBe(422);
  });
});

test('removing answers 200, and 404 for what is not there', async () => {
  expect(await server.ask('DELETE', '/v2/groups/shop/data')).toMatchObject({ status: 200, body: RESULT });
  expect(await server.ask('DELETE', '/v2/groups/shop/data')).toMatchObject({
    status: 404,
    body: { message: "Group '/shop/data' does not exist" },
  });
  expect((await server.ask('DELETE', '/v2/groups')).status).toBe(200);
  expect((await server.ask('GET', '/v2/groups')).body).toMatchObject({ groups: [] });
});

describe('reading', () => {
  test('the apps of a group, all of them', async () => {
    const { body } = await server.ask('GET', '/v2/groups/shop/apps?embed=group.apps.counts');
    expect(body).toMatchObject([{ id: '/shop/data/db', tasksRunning: 0 }, { id: '/shop/web' }]);
    expect((await server.ask('GET', '/v2/groups/apps')).body).toHaveLength(2);
    expect((await server.ask('GET', '/v2/groups/none/apps')).status).toBe(404);
  });

  test('versions, newest first, and a group as it was', async () => {
    await server.ask('PUT', '/v2/groups/shop', { groups: [] });
    const { body } = await server.ask('GET', '/v2/groups/shop/versions');
    const versions = body as string[];
    expect(versions).toHaveLength(2);
    expect(versions[0]).toBe(server.engine.root.version);
    expect((await server.ask('GET', '/v2/groups/versions')).body).toHaveLength(3);
    const then = await server.ask('GET', `/v2/groups/shop/versions/${versions[1] ?? ''}`);
    expect(Value.Check(GroupInfo, then.body)).toBe(true);
    expect(then.body).toMatchObject({ id: '/shop', groups: [{ id: '/shop/data', apps: [{ id: '/shop/data/db' }] }] });
    const root = await server.ask('GET', `/v2/groups/versions/${versions[1] ?? ''}`);
    expect(root.body).toMatchObject({ id: '/', version: versions[1] });
    expect(await server.ask('GET', '/v2/groups/shop/versions/2020-01-01T00:00:00Z')).toMatchObject({
      status: 404,
      body: { message: "Group '/shop' does not exist in version 2020-01-01T00:00:00.000Z" },
    });
    expect((await server.ask('GET', '/v2/groups/shop/versions/yesterday')).status).toBe(422);
  });
});
