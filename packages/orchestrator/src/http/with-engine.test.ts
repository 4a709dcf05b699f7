import { SeededRandom, silentLogger } from '@stadion/base';
import type { AppInfo, DeploymentInfo, TaskList } from '@stadion/contract/orchestrator';
import type { FastifyInstance } from 'fastify';
import { beforeEach, expect, test, vi } from 'vitest';
import type { EngineConfig } from '../engine/config.ts';
import { TestPlatform } from '../engine/testing/platform.ts';
import { REQUESTS_MAX } from './limits.ts';
import { createOrchestratorHttp } from './server.ts';

let platform: TestPlatform;
let http: FastifyInstance;

beforeEach(() => begin());

async function begin(config: Partial<EngineConfig> = {}): Promise<void> {
  platform = await TestPlatform.started({ config });
  http = createOrchestratorHttp(platform.engine, {
    time: platform.time,
    random: new SeededRandom('api'),
    log: silentLogger,
    leader: () => 'leader.example:8080',
    ready: () => true,
  });
}

/** Asks while time goes by, since answers wait for the disk. */
async function ask(method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, body?: object) {
  let isAnswered = false;
  const asked = http.inject({ method, url, ...(body === undefined ? {} : { payload: body }) }).then((answer) => {
    isAnswered = true;
    return { status: answer.statusCode, body: answer.payload === '' ? undefined : answer.json<unknown>() };
  });
  while (!isAnswered) await platform.time.advance(1);
  return asked;
}

async function shownApp(id: string): Promise<AppInfo> {
  return ((await ask('GET', `/v2/apps/${id}`)).body as { app: AppInfo }).app;
}

async function settled(): Promise<void> {
  for (let minutes = 0; minutes < 60; minutes += 1) {
    if (((await ask('GET', '/v2/deployments')).body as DeploymentInfo[]).length === 0) return;
    await platform.time.advance(60_000);
  }
  throw new Error('the deployment does not end');
}

test('an app is created, deployed, scaled, restarted, rolled back and deleted', async () => {
  const posted = await ask('POST', '/v2/apps', { id: '/shop/web', cmd: 'run', cpus: 0.1, instances: 2 });
  expect(posted.status).toBe(201);
  const [deployment] = (posted.body as AppInfo).deployments ?? [];
  expect((await ask('GET', '/v2/deployments')).body).toMatchObject([
    { id: deployment?.id, affectedApps: ['/shop/web'], totalSteps: 2 },
  ]);
  await settled();
  const first = await shownApp('shop/web');
  expect(first).toMatchObject({ tasksRunning: 2, deployments: [], tasks: { length: 2 } });

  await ask('PUT', '/v2/apps/shop/web', { instances: 3 });
  await settled();
  expect(await shownApp('shop/web')).toMatchObject({ tasksRunning: 3 });

  await ask('POST', '/v2/apps/shop/web/restart');
  await settled();
  const restarted = await shownApp('shop/web');
  expect(restarted.tasks?.map(({ id }) => id)).not.toContain(first.tasks?.[0]?.id);

  expect((await ask('PUT', '/v2/apps/shop/web', { version: first.version })).status).toBe(200);
  await settled();
  expect(await shownApp('shop/web')).toMatchObject({ instances: 2, tasksRunning: 2 });
  expect((await ask('GET', '/v2/apps/shop/web/versions')).body).toMatchObject({ versions: { length: 4 } });

  expect((await ask('DELETE', '/v2/apps/shop/web')).status).toBe(200);
  await settled();
  expect((await ask('GET', '/v2/apps')).body).toEqual({ apps: [] });
  expect((await ask('GET', '/v2/tasks')).body).toEqual({ tasks: [] });
});

test('what changes nothing still is a deployment, and ends at once', async () => {
  await ask('POST', '/v2/apps', { id: 'web', cmd: 'run', cpus: 0.1 });
  await settled();
  const { version } = await shownApp('web');
  const answer = await ask('PUT', '/v2/apps/web', { cmd: 'run' });
  expect(answer).toMatchObject({ status: 200, body: { deploymentId: expect.any(String) } });
  await settled();
  expect(await shownApp('web')).toMatchObject({ version, tasksRunning: 1 });
});

test('an app that finds no place is locked by its deployment, waits, and says why', async () => {
  await ask('POST', '/v2/apps', { id: 'big', cmd: 'run', cpus: 1000 });
  await platform.time.advance(30_000);
  expect(await ask('PUT', '/v2/apps/big', { cpus: 0.1 })).toMatchObject({
    status: 409,
    body: { deployments: [{ id: expect.any(String) }] },
  });
  expect((await ask('GET', '/v2/queue')).body).toMatchObject({
    queue: [{ app: { id: '/big' }, count: 1, processedOffersSummary: { rejectSummaryLastOffers: { length: 10 } } }],
  });
  expect((await ask('PUT', '/v2/apps/big?force=true', { cpus: 0.1 })).status).toBe(200);
  await settled();
  expect(await shownApp('big')).toMatchObject({ tasksRunning: 1 });
});

test('killed tasks are replaced, unless the app is scaled down with them', async () => {
  await ask('POST', '/v2/apps', { id: 'web', cmd: 'run', cpus: 0.1, instances: 3 });
  await settled();
  const [victim, other] = (await shownApp('web')).tasks ?? [];
  const killed = await ask('DELETE', `/v2/apps/web/tasks/${String(victim?.id)}`);
  expect(killed).toMatchObject({ status: 200, body: { task: { id: victim?.id } } });
  await platform.time.advance(60_000);
  const after = (await ask('GET', '/v2/apps/web/tasks')).body as TaskList;
  expect(after.tasks.map(({ id }) => id)).not.toContain(victim?.id);
  expect(after.tasks).toHaveLength(3);

  await ask('POST', '/v2/tasks/delete?scale=true', { ids: [other?.id] });
  await settled();
  const rest = await shownApp('web');
  expect(rest).toMatchObject({ instances: 2, tasksRunning: 2 });
  expect(rest.tasks?.map(({ id }) => id)).not.toContain(other?.id);
});

test('403: as many deployments run as may; one that ends makes room', async () => {
  await begin({ maxRunningDeployments: 2 });
  for (const id of ['one', 'two']) await ask('POST', '/v2/apps', { id, cmd: 'run', cpus: 1000 });
  const refused = await ask('POST', '/v2/apps', { id: 'three', cmd: 'run' });
  expect(refused).toEqual({
    status: 403,
    body: { message: expect.stringMatching(/^Max number \(2\) of running deploy/) },
  });
  expect((await ask('GET', '/v2/apps/three')).status).toBe(404);
  expect((await ask('DELETE', '/v2/apps/one')).status).toBe(200);
  await platform.time.advance(60_000);
  expect((await ask('POST', '/v2/apps', { id: 'three', cmd: 'run' })).status).toBe(201);
});

test('503: more requests are under way than may be; those before are answered', async () => {
  // Nothing is written while no time goes by, and an answer waits for that.
  const payload = { id: 'web', cmd: 'run', instances: 0 };
  const early = Array.from({ length: REQUESTS_MAX }, () => http.inject({ method: 'POST', url: '/v2/apps', payload }));
  let answered = 0;
  for (const answer of early) void answer.then(() => (answered += 1));
  const late = await http.inject({ method: 'GET', url: '/v2/apps' });
  expect([late.statusCode, late.json()]).toEqual([503, { message: expect.stringContaining(String(REQUESTS_MAX)) }]);
  while (answered < REQUESTS_MAX) await platform.time.advance(1);
  const statuses = (await Promise.all(early)).map(({ statusCode }) => statusCode);
  expect(statuses.filter((status) => status === 201)).toHaveLength(1);
  expect(statuses.filter((status) => status === 409)).toHaveLength(REQUESTS_MAX - 1);
});

test('503: the engine has stopped', async () => {
  await Promise.all([platform.engine.stop(), platform.time.advance(10_000)]);
  expect(await ask('POST', '/v2/apps', { id: 'web', cmd: 'run' })).toEqual({
    status: 503,
    body: { message: expect.stringMatching(/^This orchestrator is not active: .* Try again in a moment\.$/) },
  });
});

test('500: something is broken inside, of which nothing is told, and the next request is answered', async () => {
  const broken = vi.spyOn(platform.engine.view, 'queue').mockImplementation(() => {
    throw new TypeError('cannot read properties of undefined');
  });
  const message = 'Something unexpected went wrong; the log of the server says what.';
  expect(await ask('GET', '/v2/queue')).toEqual({ status: 500, body: { message } });
  broken.mockRestore();
  expect(await ask('GET', '/v2/queue')).toEqual({ status: 200, body: { queue: [] } });
});
