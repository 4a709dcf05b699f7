import { Value } from '@sinclair/typebox/value';
import { DeploymentRecord, PlanAnswer, WhyAnswer } from '@stadion/contract/orchestrator-extensions';
import { beforeEach, describe, expect, test } from 'vitest';
import { taskIdOf } from '../core/instance.ts';
import { FakeServer } from './testing/fake-server.ts';

let server = new FakeServer();
const VERSION = '2026-01-01T00:00:00.000Z';
const RECORD: DeploymentRecord = {
  id: 'd1',
  version: VERSION,
  outcome: 'running',
  by: 'ann',
  startedAt: VERSION,
  durationSeconds: 1,
  affectedApps: ['/web'],
  changes: [],
  failureCount: 0,
  failures: [],
  isRollBack: false,
};

beforeEach(async () => {
  server = new FakeServer();
  await server.ask('POST', '/v2/apps', { id: '/web', cmd: 'run', instances: 2, cpus: 1 });
});

describe('a plan', () => {
  test('shows what an app, several or a group would come to, and changes nothing', async () => {
    const before = server.engine.root.version;
    const { status, body } = await server.ask('POST', '/v2/plan', { app: { id: 'web', cpus: 2 } });
    expect(status).toBe(200);
    expect(Value.Check(PlanAnswer, body)).toBe(true);
    expect(body).toMatchObject({
      token: 'token',
      changes: [{ app: '/web', change: 'update', fields: [{ path: '/cpus', before: '1', after: '2' }] }],
    });
    const group = await server.ask('POST', '/v2/plan', { group: { id: '/g', apps: [{ id: 'x', cmd: 'run' }] } });
    expect(group.body).toMatchObject({ changes: [{ app: '/g/x', change: 'create' }] });
    const apps = [
      { id: '/a', cmd: 'run' },
      { id: '/b', cmd: 'run' },
    ];
    expect((await server.ask('POST', '/v2/plan', { apps })).body).toMatchObject({ changes: [{}, {}] });
    expect(server.engine.root.version).toBe(before);
  });

  test.each([
    {},
    { app: {}, apps: [] },
    { app: { cmd: 'run' } },
    { apps: 1 },
    { group: 1 },
    { app: { id: '/x', cpus: '' } },
    { other: 1 },
  ])('refuses %j', async (body) => {
    expect((await server.ask('POST', '/v2/plan', body)).status).toBe(422);
  });

  test('is applied by its token, and refused with 412 when it is stale', async () => {
    await server.ask(
      'PUT',
      '/v2/apps/web?planToken=abc&overridePolicy=true',
      { instances: 3 },
      { 'user-agent': 'tester' },
    );
    expect(server.engine.commands.at(-1)).toMatchObject({
      changeRoot: { planToken: 'abc', overridesPolicy: true, by: '127.0.0.1 (tester)' },
    });
    server.engine.refusal = { kind: 'stale-plan', message: 'stale' };
    expect(await server.ask('PUT', '/v2/apps/web', { instances: 4 })).toMatchObject({
      status: 412,
      body: { message: 'stale' },
    });
    server.engine.refusal = { kind: 'held-back', message: 'locked' };
    expect((await server.ask('PUT', '/v2/apps/web', { instances: 4 })).status).toBe(423);
  });
});

describe('deployments', () => {
  test.each(['pause', 'resume', 'promote', 'fail'])('are told to %s', async (action) => {
    server.engine.records.push(RECORD);
    const answer = await server.ask('POST', `/v2/deployments/d1/${action}`, undefined, { 'user-agent': 'ann' });
    expect(answer).toMatchObject({ status: 200, body: { id: 'd1' } });
    expect(server.engine.commands.at(-1)).toEqual({ controlDeployment: 'd1', action, by: '127.0.0.1 (ann)' });
    expect((await server.ask('POST', `/v2/deployments/none/${action}`)).status).toBe(404);
  });

  test('are remembered, by app and as many as asked for', async () => {
    server.engine.records.push(RECORD, { ...RECORD, id: 'd2', affectedApps: ['/other'] }, { ...RECORD, id: 'd3' });
    const ids = async (query: string) =>
      ((await server.ask('GET', `/v2/deployment-records${query}`)).body as DeploymentRecord[]).map(({ id }) => id);
    expect(await ids('')).toEqual(['d1', 'd2', 'd3']);
    expect(await ids('?app=web')).toEqual(['d1', 'd3']);
    expect(await ids('?limit=1')).toEqual(['d1']);
    expect(await ids('?limit=x')).toEqual(['d1', 'd2', 'd3']);
    const one = await server.ask('GET', '/v2/deployment-records/d2');
    expect(Value.Check(DeploymentRecord, one.body)).toBe(true);
    expect((await server.ask('GET', '/v2/deployment-records/none')).status).toBe(404);
  });
});

describe('policies', () => {
  test('are set, shown and removed', async () => {
    const policy = { lock: { reason: 'freeze' }, windows: [{ days: [1, 2], from: '09:00', to: '17:00' }] };
    expect(await server.ask('PUT', '/v2/policies/shop', policy)).toMatchObject({ status: 200, body: policy });
    await server.ask('PUT', '/v2/policies', { lock: { reason: 'all' } });
    expect((await server.ask('GET', '/v2/policies')).body).toEqual({
      '/shop': policy,
      '/': { lock: { reason: 'all' } },
    });
    expect((await server.ask('DELETE', '/v2/policies/shop')).status).toBe(204);
    expect((await server.ask('DELETE', '/v2/policies')).status).toBe(204);
    expect((await server.ask('GET', '/v2/policies')).body).toEqual({});
  });

  test.each([
    { lock: {} },
    { lock: true },
    { windows: [] },
    { windows: [{ days: [7], from: '09:00', to: '10:00' }] },
    { windows: [{ days: [1], from: '9', to: '10:00' }] },
  ])('refuses %j', async (policy) => {
    expect((await server.ask('PUT', '/v2/policies/shop', policy)).status).toBe(422);
  });
});

describe('a task', () => {
  test('is frozen', async () => {
    const instance = server.engine.addTask(server.engine.root.app('/web')!);
    const url = `/v2/apps/web/tasks/${taskIdOf(instance)}/freeze`;
    expect(await server.ask('POST', url)).toMatchObject({ status: 200, body: { task: { id: taskIdOf(instance) } } });
    expect((await server.ask('POST', '/v2/apps/web/tasks/none/freeze')).status).toBe(404);
    expect((await server.ask('POST', '/v2/apps/none/tasks/none/freeze')).status).toBe(404);
  });
});

describe('why', () => {
  const app = () => server.engine.root.app('/web')!;

  test('an app waits for nothing, or for health, places, promotion, its turn', async () => {
    const ask = async () => (await server.ask('GET', '/v2/apps/web/why')).body as WhyAnswer;
    server.engine.addTask(app());
    expect(await ask()).toEqual({ isWaiting: false, summary: '/web waits for nothing.', reasons: [] });
    server.engine.addTask(app(), { healthy: false });
    server.engine.running.push({
      id: 'd1',
      version: VERSION,
      affectedApps: ['/web', '/db'],
      steps: [{ actions: [{ action: 'ScaleApplication', app: '/db' }] }],
      currentStep: 1,
      readinessCheckResults: new Map(),
    });
    const answer = await ask();
    expect(Value.Check(WhyAnswer, answer)).toBe(true);
    expect(answer.isWaiting).toBe(true);
    expect(answer.reasons.map(({ message }) => message)).toEqual([
      'its turn in deployment d1 comes after /db',
      '1 running, and their health checks fail',
    ]);
    server.engine.records.push({ ...RECORD, outcome: 'canary' });
    expect((await ask()).summary).toMatch(/canary of its deployment d1 waits to be promoted/);
    expect((await server.ask('GET', '/v2/apps/none/why')).status).toBe(404);
  });

  test('an app that pauses after failures says what the last one was', async () => {
    const failure = { state: 'TASK_ERROR', message: 'Task uses more than the offer has', host: 'host-1' };
    const facts = { appId: '/web', taskId: 'web.1', timestamp: '2026-01-01T00:00:00.000Z', version: VERSION };
    server.engine.failures.set('/web', { ...facts, ...failure });
    server.engine.queued.push({
      app: app(),
      count: 1,
      role: '*',
      delay: { timeLeftSeconds: 7, overdue: false },
      since: '2026-01-01T00:00:00.000Z',
      processedOffersSummary: {
        processedOffersCount: 0,
        unusedOffersCount: 0,
        rejectSummaryLastOffers: [],
        rejectSummaryLaunchAttempt: [],
      },
      why: { summary: '1 instance is waiting for the launch delay of 7 s after failures', agents: 0, reasons: [] },
    });
    expect((await server.ask('GET', '/v2/apps/web/why')).body).toMatchObject({
      reasons: [
        {
          message: '1 instance is waiting for the launch delay of 7 s after failures',
          help: 'The last one on host-1 was TASK_ERROR: Task uses more than the offer has',
        },
      ],
    });
  });

  test('a task does not serve', async () => {
    const instance = server.engine.addTask(app(), { healthy: false });
    const { body } = await server.ask('GET', `/v2/apps/web/tasks/${taskIdOf(instance)}/why`);
    expect(body).toMatchObject({ isWaiting: true, reasons: [{ app: '/web', count: 1 }] });
    expect((await server.ask('GET', '/v2/apps/web/tasks/none/why')).status).toBe(404);
  });

  test('a deployment goes on, or waits for the apps of its step', async () => {
    server.engine.running.push({
      id: 'd1',
      version: VERSION,
      affectedApps: ['/web'],
      steps: [{ actions: [{ action: 'ScaleApplication', app: '/web' }] }],
      currentStep: 1,
      readinessCheckResults: new Map(),
    });
    expect((await server.ask('GET', '/v2/deployments/d1/why')).body).toMatchObject({ isWaiting: false });
    server.engine.addTask(app(), { condition: 'Staging' });
    expect((await server.ask('GET', '/v2/deployments/d1/why')).body).toMatchObject({
      isWaiting: true,
      summary: '/web: 1 launched, but not running yet',
    });
    expect((await server.ask('GET', '/v2/deployments/none/why')).status).toBe(404);
  });
});
