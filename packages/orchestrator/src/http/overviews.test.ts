import type { OwnPermissions } from '@stadion/contract/orchestrator-extensions';
import { DeploymentInfo, GroupInfo, QueueItem } from '@stadion/contract/orchestrator';
import { Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { beforeEach, describe, expect, test } from 'vitest';
import { FakeServer } from './testing/fake-server.ts';

let server = new FakeServer();

beforeEach(async () => {
  server = new FakeServer();
  for (const id of ['/shop/web', '/shop/db/main', '/other']) await server.ask('POST', '/v2/apps', { id, cmd: 'run' });
});

describe('groups', () => {
  test('the root shows groups and apps as a tree', async () => {
    const { body } = await server.ask('GET', '/v2/groups');
    expect(Value.Check(GroupInfo, body)).toBe(true);
    expect(body).toMatchObject({
      id: '/',
      apps: [{ id: '/other' }],
      groups: [
        {
          id: '/shop',
          enforceRole: false,
          apps: [{ id: '/shop/web' }],
          groups: [{ id: '/shop/db', apps: [{ id: '/shop/db/main' }], groups: [] }],
        },
      ],
    });
    expect(body).not.toHaveProperty('enforceRole');
    expect((body as GroupInfo).apps[0]).not.toHaveProperty('tasksRunning');
  });

  test('a named group is shown without wrapper', async () => {
    expect((await server.ask('GET', '/v2/groups/shop/db')).body).toMatchObject({ id: '/shop/db' });
    expect(await server.ask('GET', '/v2/groups/none')).toMatchObject({
      status: 404,
      body: { message: "Group '/none' does not exist" },
    });
  });

  test('the first embed replaces all defaults', async () => {
    const empty = await server.ask('GET', '/v2/groups?embed=group.apps.tasks');
    expect(empty.body).toMatchObject({ apps: [], groups: [] });
    const full = await server.ask('GET', '/v2/groups?embed=group.apps&embed=group.apps.counts');
    expect(full.body).toMatchObject({ apps: [{ id: '/other', tasksRunning: 0 }], groups: [] });
  });

  test('an empty root is a group', async () => {
    const { body } = await new FakeServer().ask('GET', '/v2/groups');
    expect(body).toMatchObject({ id: '/', apps: [], groups: [], pods: [], dependencies: [] });
  });
});

describe('deployments', () => {
  beforeEach(() => {
    server.engine.running.push({
      id: 'd1',
      version: '2026-01-01T00:00:09.000Z',
      affectedApps: ['/other'],
      steps: [
        { actions: [{ action: 'StartApplication', app: '/other' }] },
        { actions: [{ action: 'ScaleApplication', app: '/other' }] },
      ],
      currentStep: 2,
      readinessCheckResults: new Map([['/other', [{ name: 'r', taskId: 't', ready: false }]]]),
    });
  });

  test('are listed with what they do now', async () => {
    const { body } = await server.ask('GET', '/v2/deployments');
    expect(Value.Check(Type.Array(DeploymentInfo), body)).toBe(true);
    expect(body).toMatchObject([
      {
        id: 'd1',
        affectedPods: [],
        currentActions: [{ action: 'ScaleApplication', app: '/other', readinessCheckResults: [{ name: 'r' }] }],
        currentStep: 2,
        totalSteps: 2,
      },
    ]);
    expect((await server.ask('GET', '/v2/apps/other')).body).toMatchObject({ app: { deployments: [{ id: 'd1' }] } });
  });

  test('are rolled back, or just stopped, or unknown', async () => {
    expect(await server.ask('DELETE', '/v2/deployments/d1')).toMatchObject({
      status: 200,
      body: { deploymentId: 'revert' },
    });
    const stopped = await server.ask('DELETE', '/v2/deployments/d1?force=true');
    expect(stopped).toMatchObject({ status: 202, text: '' });
    expect(await server.ask('DELETE', '/v2/deployments/d2')).toMatchObject({
      status: 404,
      body: { message: 'DeploymentPlan d2 does not exist' },
    });
  });
});

describe('the queue', () => {
  beforeEach(() => {
    server.engine.queued.push({
      app: server.engine.root.app('/other')!,
      count: 1,
      role: '*',
      delay: { timeLeftSeconds: 0, overdue: true },
      since: '2026-01-01T00:00:00.000Z',
      processedOffersSummary: {
        processedOffersCount: 0,
        unusedOffersCount: 0,
        rejectSummaryLastOffers: [],
        rejectSummaryLaunchAttempt: [],
      },
      why: { summary: 'no agent has Docker', agents: 1, reasons: [] },
    });
  });

  test('shows what waits, and why to those who ask', async () => {
    const { text } = await server.ask('GET', '/v2/queue');
    expect(text).not.toContain('why');
    const { body } = await server.ask('GET', '/v2/queue?extensions=true');
    expect(Value.Check(Type.Object({ queue: Type.Array(QueueItem) }), body)).toBe(true);
    expect(body).toMatchObject({
      queue: [{ app: { id: '/other' }, count: 1, why: { summary: 'no agent has Docker' } }],
    });
  });

  test('forgets a delay, if anything waits', async () => {
    expect(await server.ask('DELETE', '/v2/queue/other/delay')).toMatchObject({ status: 204, text: '' });
    expect(await server.ask('DELETE', '/v2/queue//shop/web/delay')).toMatchObject({
      status: 404,
      body: { message: 'Application /shop/web not found in tasks queue.' },
    });
  });
});

describe('the system', () => {
  test('/ping answers as the client likes it', async () => {
    expect(await server.ask('GET', '/ping')).toMatchObject({ status: 200, text: 'pong' });
    expect((await server.ask('GET', '/ping', undefined, { accept: 'application/json' })).text).toBe('"pong"');
    expect((await server.ask('GET', '/ping', undefined, { accept: 'image/png' })).status).toBe(204);
    expect((await server.ask('HEAD', '/ping')).status).toBe(200);
  });

  test('/v2/openapi.json describes every route, itself too', async () => {
    const { status, body } = await server.ask('GET', '/v2/openapi.json');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      openapi: '3.1.0',
      paths: { '/v2/openapi.json': { get: { operationId: 'openApi', 'x-stadion-permission': 'signed-in' } } },
    });
  });

  test('/v2/leader names the leader, or says that there is none', async () => {
    expect((await server.ask('GET', '/v2/leader')).body).toEqual({ leader: 'leader.example:8080' });
    const alone = new FakeServer({ leader: () => undefined });
    const answer = await alone.ask('GET', '/v2/leader');
    expect(answer).toMatchObject({ status: 404, body: { message: 'There is no leader' } });
    expect(answer.headers).not.toHaveProperty('x-marathon-leader');
  });

  test('/v2/info is complete, with null for what is not set', async () => {
    const answer = await new FakeServer({
      info: { version: '1.10.26', marathonConfig: { hostname: 'me', ha: false }, httpConfig: { http_port: 1 } },
    }).ask('GET', '/v2/info');
    expect(answer.body).toMatchObject({
      name: 'marathon',
      version: '1.10.26',
      elected: true,
      leader: 'leader.example:8080',
      frameworkId: 'F1',
      marathon_config: { hostname: 'me', ha: false, env_vars_prefix: null, local_port_min: 10_000 },
      zookeeper_config: { zk: null },
      http_config: { http_port: 1, https_port: null },
    });
    const { marathon_config: config } = answer.body as { marathon_config: object };
    expect(Object.keys(config)).toHaveLength(41);
  });

  test('/metrics counts, as JSON and for Prometheus', async () => {
    server.engine.addTask(server.engine.root.app('/other')!);
    expect((await server.ask('GET', '/metrics')).body).toMatchObject({
      gauges: {
        'marathon.apps.active.gauge': { value: 3 },
        'marathon.groups.active.gauge': { value: 3 },
        'marathon.instances.running.gauge': { value: 1 },
      },
      counters: { 'marathon.deployments.counter': { count: 3 } },
    });
    const { text, headers } = await server.ask('GET', '/metrics/prometheus');
    expect(headers['content-type']).toContain('version=0.0.4');
    expect(text).toContain('# TYPE marathon_apps_active_gauge gauge\nmarathon_apps_active_gauge 3\n');
    expect(text).toContain('marathon_http_event_streams_active_gauge 0\n');
  });

  test('what is not the API may be a page, and never hides the API', async () => {
    const asked: unknown[] = [];
    const withPages = new FakeServer({
      pages: async (request) => {
        asked.push(request);
        return request.path === '/nowhere'
          ? undefined
          : { status: 200, body: { kind: 'bytes', bytes: Buffer.from('page') } };
      },
    });
    const headers = { accept: 'text/html', 'accept-encoding': 'br' };
    expect((await withPages.ask('GET', '/app/a%20b', undefined, headers)).text).toBe('page');
    expect((await withPages.ask('GET', '/v2/apps', undefined, headers)).body).toEqual({ apps: [] });
    expect((await withPages.ask('GET', '/v2/appz', undefined, headers)).text).toBe('page');
    expect((await withPages.ask('GET', '/nowhere')).status).toBe(404);
    expect((await withPages.ask('POST', '/app')).status).toBe(404);
    expect(asked).toEqual([
      { path: '/app/a b', wantsHtml: true, acceptEncoding: 'br' },
      { path: '/v2/appz', wantsHtml: false, acceptEncoding: 'br' },
      { path: '/nowhere', wantsHtml: false, acceptEncoding: '' },
    ]);
  });

  test('CORS headers appear only when switched on', async () => {
    expect((await server.ask('GET', '/ping')).headers).not.toHaveProperty('access-control-allow-origin');
    const open = new FakeServer({ corsOrigins: ['https://wall.example', 'https://ui.example'] });
    const asked = { 'access-control-request-headers': 'x-one, x-two' };
    expect(await open.ask('OPTIONS', '/v2/apps', undefined, asked)).toMatchObject({
      status: 200,
      headers: {
        'access-control-allow-origin': 'https://ui.example',
        'access-control-allow-headers': 'x-one, x-two',
        'access-control-allow-methods': 'GET, HEAD, OPTIONS',
        'access-control-max-age': '86400',
      },
    });
    const fromWall = await open.ask('GET', '/v2/apps', undefined, { origin: 'https://wall.example' });
    expect(fromWall.headers).toMatchObject({ 'access-control-allow-origin': 'https://wall.example', vary: 'Origin' });
    const packed = await open.ask('GET', '/v2/info', undefined, { 'accept-encoding': 'gzip' });
    expect(packed.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Origin, Accept-Encoding' });
  });
});

describe('what few clients ask', () => {
  test('a leader steps down half a second after its answer, if somebody can take over', async () => {
    expect((await server.ask('DELETE', '/v2/leader')).status).toBe(503);
    let steppedDown = 0;
    const leading = new FakeServer({ abdicate: () => (steppedDown += 1) });
    expect(await leading.ask('DELETE', '/v2/leader')).toMatchObject({
      status: 200,
      body: { message: 'Leadership abdicated' },
    });
    await leading.time.advance(499);
    expect(steppedDown).toBe(0);
    await leading.time.advance(1);
    expect(steppedDown).toBe(1);
    expect(await new FakeServer({ leader: () => undefined }).ask('DELETE', '/v2/leader')).toMatchObject({
      status: 404,
      body: { message: 'There is no leader' },
    });
  });

  test('who asks is told what they may do, where people are known by name; else it is everything', async () => {
    const everything = (await server.ask('GET', '/v2/permissions')).body as OwnPermissions;
    expect(everything.grants).toEqual([
      { permissions: expect.arrayContaining(['apps:write', 'tasks:exec']), path: '/' },
    ]);
    server = new FakeServer({
      permissionsOf: async (authorization) => ({
        name: authorization ?? 'nobody',
        grants: [{ permissions: ['apps:read'], path: '/team-a' }],
      }),
    });
    expect((await server.ask('GET', '/v2/permissions', undefined, { authorization: 'Bearer x' })).body).toEqual({
      name: 'Bearer x',
      grants: [{ permissions: ['apps:read'], path: '/team-a' }],
    });
  });

  test("the cluster's name is told to those who ask for more than Marathon has", async () => {
    server = new FakeServer({ info: { clusterName: 'Lab' } });
    expect((await server.ask('GET', '/v2/info')).body).not.toHaveProperty('cluster_name');
    expect((await server.ask('GET', '/v2/info?extensions=true')).body).toMatchObject({ cluster_name: 'Lab' });
  });

  test('there are no plugins, and the configuration stands by itself', async () => {
    expect((await server.ask('GET', '/v2/plugins')).body).toEqual({ plugins: [] });
    const { body } = await server.ask('GET', '/v2/info');
    expect((await server.ask('GET', '/config')).body).toEqual((body as { marathon_config: unknown }).marathon_config);
  });
});
