import { AppInfo } from '@stadion/contract/orchestrator';
import { Value } from '@sinclair/typebox/value';
import { beforeEach, describe, expect, test } from 'vitest';
import { demoApp } from '../core/task/testing/demo-app.ts';
import { FakeServer } from './testing/fake-server.ts';

const version = (second: number): string => `2026-01-01T00:00:0${String(second)}.000Z`;
let server = new FakeServer();

beforeEach(() => {
  server = new FakeServer();
});

describe('POST /v2/apps', () => {
  test('answers with the app as posted: ports still 0, counts 0, no version information', async () => {
    const answer = await server.ask('POST', '/v2/apps', { id: 'shop/web', cmd: 'run' });
    expect(answer.status).toBe(201);
    expect(answer.headers).toMatchObject({ location: '/shop/web', 'marathon-deployment-id': 'deployment-1' });
    expect(answer.body).toMatchObject({
      id: '/shop/web',
      portDefinitions: [{ port: 0 }],
      version: version(1),
      tasksStaged: 0,
      tasksRunning: 0,
      tasksHealthy: 0,
      tasksUnhealthy: 0,
      deployments: [{ id: 'deployment-1' }],
    });
    expect(answer.body).not.toHaveProperty('versionInfo');
    expect(answer.body).not.toHaveProperty('tasks');
  });

  test('accepts an old descriptor for Docker and gives it back in canonical form', async () => {
    const posted = await server.ask('POST', '/v2/apps', demoApp);
    expect(posted.status).toBe(201);
    expect(posted.headers).not.toHaveProperty('x-stadion-ignored-fields');
    const read = await server.ask('GET', '/v2/apps/demo');
    const { app } = read.body as { app: AppInfo };
    expect(Value.Check(AppInfo, app)).toBe(true);
    const [first = 0, second = 0] = app.container?.portMappings?.map(({ servicePort }) => servicePort) ?? [];
    expect(Math.min(first, second)).toBeGreaterThanOrEqual(10_000);
    expect(app).toEqual({
      id: '/demo',
      cpus: 0.5,
      mem: 512,
      disk: 0,
      gpus: 0,
      instances: 1,
      executor: '',
      env: demoApp.env,
      labels: demoApp.labels,
      networks: [{ mode: 'container/bridge' }],
      container: {
        type: 'DOCKER',
        docker: {
          image: 'santanusinha/docker-demo-service',
          forcePullImage: false,
          privileged: false,
          parameters: [],
        },
        volumes: [],
        portMappings: [
          { containerPort: 8080, hostPort: 0, servicePort: first, protocol: 'tcp', labels: {} },
          { containerPort: 8081, hostPort: 0, servicePort: second, protocol: 'tcp', labels: {} },
        ],
      },
      healthChecks: [
        {
          protocol: 'HTTP',
          path: '/healthcheck',
          portIndex: 1,
          gracePeriodSeconds: 300,
          intervalSeconds: 60,
          timeoutSeconds: 20,
          maxConsecutiveFailures: 3,
          ignoreHttp1xx: false,
        },
      ],
      requirePorts: false,
      upgradeStrategy: { minimumHealthCapacity: 1, maximumOverCapacity: 1 },
      backoffSeconds: 1,
      backoffFactor: 1.15,
      maxLaunchDelaySeconds: 300,
      killSelection: 'YOUNGEST_FIRST',
      unreachableStrategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
      role: '*',
      version: version(1),
      versionInfo: { lastScalingAt: version(1), lastConfigChangeAt: version(1) },
      tasksStaged: 0,
      tasksRunning: 0,
      tasksHealthy: 0,
      tasksUnhealthy: 0,
      deployments: [],
      tasks: [],
    });
  });

  test('names the members that were not understood', async () => {
    const answer = await server.ask('POST', '/v2/apps', { id: 'a', cmd: 'run', instanses: 3, 'ümläut, x': 1 });
    expect(answer.status).toBe(201);
    expect(answer.headers['x-stadion-ignored-fields']).toBe('/instanses, /?ml?ut??x');
  });

  test('takes JSON under any content type, or none', async () => {
    const body = JSON.stringify({ id: 'a', cmd: 'run' });
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'nonsense', 'application/json;;']) {
      server = new FakeServer();
      expect((await server.ask('POST', '/v2/apps', body, { 'content-type': type })).status).toBe(201);
    }
    const none = await new FakeServer().http.inject({ method: 'POST', url: '/v2/apps', payload: body });
    expect(none.statusCode).toBe(201);
  });

  test('publishes that somebody posted an app', async () => {
    await server.ask('POST', '/v2/apps?force=true', { id: 'a', cmd: 'run' });
    expect(server.engine.published).toMatchObject([
      { eventType: 'api_post_event', clientIp: '127.0.0.1', uri: '/v2/apps?force=true', appDefinition: { id: '/a' } },
    ]);
    expect(server.engine.commands).toMatchObject([{ changeRoot: { force: true, concerns: ['/a'] } }]);
  });
});

describe('reading', () => {
  beforeEach(async () => {
    await server.ask('POST', '/v2/apps', { id: '/shop/web', cmd: 'serve web', labels: { tier: 'front' } });
    await server.ask('POST', '/v2/apps', { id: '/shop/db', cmd: 'Store', labels: { tier: 'back' } });
    await server.ask('POST', '/v2/apps', { id: '/other', cmd: 'serve' });
  });

  async function ids(url: string): Promise<readonly string[]> {
    const { body } = await server.ask('GET', url);
    return (body as { apps: { id: string }[] }).apps.map(({ id }) => id);
  }

  test.each([
    ['/v2/apps', ['/other', '/shop/db', '/shop/web']],
    ['/v2/apps/', ['/other', '/shop/db', '/shop/web']],
    ['/v2/apps?id=SHOP', ['/shop/db', '/shop/web']],
    ['/v2/apps?cmd=SERVE', ['/other', '/shop/web']],
    ['/v2/apps?label=tier', ['/shop/db', '/shop/web']],
    ['/v2/apps?label=tier%3D%3Dback', ['/shop/db']],
    ['/v2/apps?label=tier%20in%20(front)&id=web', ['/shop/web']],
    ['/v2/apps?label=', ['/other', '/shop/db', '/shop/web']],
  ])('%s lists %j', async (url, expected) => {
    expect(await ids(url)).toEqual(expected);
  });

  test('the list has counts and deployments, and tasks only when asked for', async () => {
    const plain = await server.ask('GET', '/v2/apps');
    const [app] = (plain.body as { apps: object[] }).apps;
    expect(app).toMatchObject({ tasksRunning: 0, deployments: [] });
    expect(app).not.toHaveProperty('tasks');
    for (const embed of ['apps.tasks', 'app.tasks', 'tasks', 'apps.failures', 'group.apps.tasks']) {
      const { body } = await server.ask('GET', `/v2/apps/?embed=${embed}&embed=unknown`);
      expect((body as { apps: object[] }).apps[0]).toHaveProperty('tasks', []);
    }
  });

  test.each(['shop/web', '/shop/web', '//shop//web/', 'shop%2Fweb', '%2Fshop%2Fweb', 'x/../shop/web'])(
    'finds an app by %s',
    async (id) => {
      const { status, body } = await server.ask('GET', `/v2/apps/${id}`);
      expect(status).toBe(200);
      expect(body).toMatchObject({ app: { id: '/shop/web' } });
    },
  );

  test('shows all apps of a group', async () => {
    const { body } = await server.ask('GET', '/v2/apps/shop/*');
    expect((body as { '*': { id: string }[] })['*'].map(({ id }) => id)).toEqual(['/shop/db', '/shop/web']);
    expect((await server.ask('GET', '/v2/apps/*')).body).toHaveProperty('*');
    expect(await server.ask('GET', '/v2/apps/none/*')).toMatchObject({
      status: 404,
      body: { message: "Group '/none' does not exist" },
    });
  });

  test('embeds statistics, failures and readiness', async () => {
    const app = server.engine.root.app('/other')!;
    server.engine.addTask(app, { condition: 'Running' });
    const failure = { appId: '/other', host: 'n1', message: 'exit 1', state: 'TASK_FAILED', taskId: 't' };
    server.engine.failures.set('/other', { ...failure, timestamp: version(0), version: version(0) });
    server.engine.running.push({
      id: 'd1',
      version: version(1),
      affectedApps: ['/other'],
      steps: [],
      currentStep: 0,
      readinessCheckResults: new Map([['/other', [{ name: 'r', taskId: 't', ready: false }]]]),
    });
    const { body } = await server.ask('GET', '/v2/apps/other?embed=app.taskStats&embed=app.readiness');
    expect(body).toMatchObject({
      app: {
        tasksRunning: 1,
        deployments: [{ id: 'd1' }],
        lastTaskFailure: failure,
        readinessCheckResults: [{ name: 'r', ready: false }],
        taskStats: {
          totalSummary: { stats: { counts: { running: 1 }, lifeTime: { averageSeconds: -2, medianSeconds: -2 } } },
          withLatestConfig: { stats: { counts: { running: 1 } } },
        },
      },
    });
    expect(body).not.toHaveProperty('app.taskStats.withOutdatedConfig');
  });
});

describe('writing', () => {
  beforeEach(async () => {
    await server.ask('POST', '/v2/apps', { id: 'web', cmd: 'run', labels: { a: 'b' } });
  });

  test('PUT updates in part and answers with the deployment', async () => {
    const answer = await server.ask('PUT', '/v2/apps/web', { id: 'ignored', instances: 3 });
    expect(answer).toMatchObject({ status: 200, body: { version: version(2), deploymentId: 'deployment-2' } });
    expect(answer.headers['marathon-deployment-id']).toBe('deployment-2');
    expect(server.engine.root.app('/web')).toMatchObject({ instances: 3, labels: { a: 'b' } });
  });

  test('PUT with partialUpdate=false replaces, and creates what is missing', async () => {
    await server.ask('PUT', '/v2/apps/web?partialUpdate=false', { cmd: 'other' });
    expect(server.engine.root.app('/web')).toMatchObject({ cmd: 'other', labels: {} });
    const created = await server.ask('PUT', '/v2/apps/g/new', { cmd: 'run' });
    expect(created).toMatchObject({ status: 201, body: { deploymentId: 'deployment-3' } });
    expect(created.headers['location']).toBe('/g/new');
  });

  test('what GET shows can be PUT back, without its version', async () => {
    const { body } = await server.ask('GET', '/v2/apps/web?embed=taskStats');
    const { app } = body as { app: AppInfo };
    const { version: _version, ...rest } = app;
    const answer = await server.ask('PUT', '/v2/apps/web', rest);
    expect(answer.status).toBe(200);
    expect(answer.headers).not.toHaveProperty('x-stadion-ignored-fields');
    expect(server.engine.root.app('/web')?.version).toBe(version(1));
    expect(await server.ask('PUT', '/v2/apps/web', app)).toMatchObject({
      status: 422,
      body: { details: [{ path: '/version' }] },
    });
  });

  test('PATCH updates only what exists', async () => {
    expect((await server.ask('PATCH', '/v2/apps/web', { instances: 2 })).status).toBe(200);
    expect(await server.ask('PATCH', '/v2/apps/none', { instances: 2 })).toMatchObject({
      status: 404,
      body: { message: "App '/none' does not exist" },
    });
  });

  test('lists are written together or not at all', async () => {
    expect(
      await server.ask('PUT', '/v2/apps', [
        { id: 'web', instances: 2 },
        { id: 'b', cmd: 'run' },
      ]),
    ).toMatchObject({
      status: 200,
      body: { deploymentId: 'deployment-2' },
    });
    expect((await server.ask('PATCH', '/v2/apps', [{ id: 'web', instances: 9 }, { id: 'none' }])).status).toBe(404);
    expect(server.engine.root.app('/web')?.instances).toBe(2);
    expect(await server.ask('PATCH', '/v2/apps', [{ instances: 9 }])).toMatchObject({
      status: 422,
      body: { details: [{ path: '/(0)/id', errors: ['error.path.missing'] }] },
    });
    expect((await server.ask('PUT', '/v2/apps', [{ id: 'c' }, { id: '/c' }])).status).toBe(422);
  });

  test('DELETE forces unless told otherwise', async () => {
    expect((await server.ask('DELETE', '/v2/apps/web')).status).toBe(200);
    expect((await server.ask('DELETE', '/v2/apps/web?force=false')).status).toBe(404);
    expect(server.engine.commands.slice(1)).toMatchObject([
      { changeRoot: { force: true, concerns: ['/web'] } },
      { changeRoot: { force: false, concerns: ['/web'] } },
    ]);
  });

  test('restart gives every task a new configuration', async () => {
    expect((await server.ask('POST', '/v2/apps/web/restart')).body).toMatchObject({ version: version(2) });
    expect(server.engine.root.app('/web')?.versionInfo.lastConfigChangeAt).toBe(version(2));
    expect((await server.ask('POST', '/v2/apps/none/restart')).status).toBe(404);
  });

  test('versions are listed, shown, and rolled back to', async () => {
    await server.ask('PUT', '/v2/apps/web', { cmd: 'other' });
    expect((await server.ask('GET', '/v2/apps/web/versions')).body).toEqual({ versions: [version(2), version(1)] });
    const old = await server.ask('GET', `/v2/apps/web/versions/${version(1)}`);
    expect(old.body).toMatchObject({ cmd: 'run', version: version(1) });
    expect(old.body).not.toHaveProperty('tasksRunning');
    expect((await server.ask('PUT', '/v2/apps/web', { version: version(1) })).status).toBe(200);
    expect(server.engine.root.app('/web')).toMatchObject({ cmd: 'run', version: version(3) });
    expect((await server.ask('GET', '/v2/apps/none/versions')).status).toBe(404);
    expect((await server.ask('GET', '/v2/apps/web/versions/latest')).status).toBe(422);
    expect(await server.ask('GET', `/v2/apps/web/versions/${version(9)}`)).toMatchObject({
      status: 404,
      body: { message: `App '/web' does not exist in version ${version(9)}` },
    });
  });
});
