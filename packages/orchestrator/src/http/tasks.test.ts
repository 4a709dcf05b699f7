import type { AppDefinition, Task } from '@stadion/contract/orchestrator';
import { TaskList } from '@stadion/contract/orchestrator';
import { Value } from '@sinclair/typebox/value';
import { beforeEach, describe, expect, test } from 'vitest';
import { taskIdOf, type Instance } from '../core/instance.ts';
import { FakeServer } from './testing/fake-server.ts';
import { fakePlace } from './testing/fake-engine.ts';

let server = new FakeServer();
let web: AppDefinition;

beforeEach(async () => {
  server = new FakeServer();
  await server.ask('POST', '/v2/apps', { id: '/shop/web', cmd: 'run', instances: 2, ports: [10_001] });
  web = server.engine.root.app('/shop/web')!;
});

function add(more: Partial<Instance> = {}): Instance {
  return server.engine.addTask(web, more);
}

async function tasksAt(url: string): Promise<readonly Task[]> {
  const answer = await server.ask('GET', url);
  expect(Value.Check(TaskList, answer.body)).toBe(true);
  return (answer.body as TaskList).tasks;
}

describe('listing', () => {
  test('shows everything that is known of a running task', async () => {
    const instance = add({
      place: { ...fakePlace, region: 'eu', zone: 'eu-1' },
      health: [
        { index: 0, alive: true, consecutive_failures: 0, first_success: 3.5, last_success: 63, exhausted: false },
      ],
    });
    expect(await tasksAt('/v2/apps/shop/web/tasks')).toEqual([
      {
        id: taskIdOf(instance),
        appId: '/shop/web',
        host: 'n1',
        slaveId: 'S0',
        state: 'TASK_RUNNING',
        role: '*',
        ports: [31007],
        servicePorts: [],
        ipAddresses: [{ ipAddress: '10.0.0.4', protocol: 'IPv4' }],
        localVolumes: [],
        region: 'eu',
        zone: 'eu-1',
        stagedAt: '2026-01-01T00:00:01.000Z',
        startedAt: '2026-01-01T00:00:02.000Z',
        version: web.version,
        healthCheckResults: [
          {
            alive: true,
            consecutiveFailures: 0,
            firstSuccess: '1970-01-01T00:00:03.500Z',
            lastSuccess: '1970-01-01T00:01:03.000Z',
            instanceId: instance.id,
          },
        ],
      },
    ]);
  });

  test('fills service ports only in the list of all tasks', async () => {
    add();
    expect((await tasksAt('/v2/tasks'))[0]?.servicePorts).toEqual([10_001]);
  });

  test('says less of a task that has ended', async () => {
    add({ condition: 'Failed' });
    const [task] = await tasksAt('/v2/tasks');
    expect(task).toMatchObject({ state: 'TASK_FAILED', ports: [] });
    expect(task).not.toHaveProperty('version');
    expect(task).not.toHaveProperty('startedAt');
  });

  test('leaves out instances that were never placed', async () => {
    add({ condition: 'Scheduled', incarnation: 0, place: undefined });
    expect(await tasksAt('/v2/tasks')).toEqual([]);
  });

  test.each([
    ['status=running', 1],
    ['status=staging', 1],
    ['status[]=running&status[]=staging', 2],
    ['status=unheard-of', 3],
    ['', 3],
  ])('%s lists %i', async (query, count) => {
    add();
    add({ condition: 'Provisioned', startedAt: undefined });
    add({ condition: 'Unreachable' });
    expect(await tasksAt(`/v2/tasks?${query}`)).toHaveLength(count);
  });

  test('lists the tasks of several apps', async () => {
    await server.ask('POST', '/v2/apps', { id: '/shop/db', cmd: 'run' });
    await server.ask('POST', '/v2/apps', { id: '/other', cmd: 'run' });
    add();
    server.engine.addTask(server.engine.root.app('/shop/db')!);
    server.engine.addTask(server.engine.root.app('/other')!);
    expect(await tasksAt('/v2/tasks')).toHaveLength(3);
    expect(await tasksAt('/v2/apps/shop/*/tasks')).toHaveLength(2);
  });

  test('counts tasks with and without health', async () => {
    const result = { index: 0, alive: true, consecutive_failures: 0, exhausted: false };
    add({ health: [result, result], healthy: true });
    add({ health: [result, { ...result, alive: false }], healthy: false });
    add({ health: [result], healthy: undefined });
    add();
    add({ condition: 'Staging' });
    add({ condition: 'Starting' });
    const { body } = await server.ask('GET', '/v2/apps/shop/web');
    expect(body).toMatchObject({
      app: { tasksRunning: 4, tasksStaged: 2, tasksHealthy: 1, tasksUnhealthy: 1, tasks: { length: 6 } },
    });
  });
});

describe('killing', () => {
  test('all tasks of an app, and those on one host', async () => {
    const one = add();
    const two = add({ place: { ...fakePlace, hostname: 'n2' } });
    const all = await server.ask('DELETE', '/v2/apps/shop/web/tasks');
    expect((all.body as TaskList).tasks.map(({ id }) => id)).toEqual([taskIdOf(one), taskIdOf(two)]);
    await server.ask('DELETE', '/v2/apps/shop/web/tasks?host=n2&wipe=true');
    expect(server.engine.commands.slice(1)).toEqual([
      { killInstances: [one.id, two.id], wipe: false },
      { killInstances: [two.id], wipe: true },
    ]);
    expect((await server.ask('DELETE', '/v2/apps/none/tasks')).status).toBe(404);
  });

  test('with scale leaves out those that drain already', async () => {
    const instance = add();
    add({ goal: 'Decommissioned', drainUntil: 10_000 });
    await server.ask('DELETE', '/v2/apps/shop/web/tasks?scale=true');
    expect(server.engine.commands[1]).toMatchObject({
      changeRoot: { victims: new Map([['/shop/web', [instance.id]]]) },
    });
  });

  test('one task, with the task as it was', async () => {
    const instance = add();
    const answer = await server.ask('DELETE', `/v2/apps/shop/web/tasks/${taskIdOf(instance)}`);
    expect(answer).toMatchObject({ status: 200, body: { task: { id: taskIdOf(instance), host: 'n1' } } });
    expect(await server.ask('DELETE', '/v2/apps/shop/web/tasks/none')).toMatchObject({
      status: 404,
      body: { message: "Task 'none' does not exist" },
    });
  });

  test('with scale lowers the wanted instances and names the victims', async () => {
    const instance = add();
    add({ condition: 'Killing' });
    const answer = await server.ask('DELETE', '/v2/apps/shop/web/tasks?scale=true&force=true');
    expect(answer).toMatchObject({ status: 200, body: { deploymentId: 'deployment-2' } });
    expect(server.engine.root.app('/shop/web')?.instances).toBe(1);
    expect(server.engine.commands[1]).toMatchObject({
      changeRoot: { force: true, victims: new Map([['/shop/web', [instance.id]]]), concerns: ['/shop/web'] },
    });
  });

  test('with scale an app without tasks is no path', async () => {
    expect(await server.ask('DELETE', '/v2/apps/shop/web/tasks?scale=true')).toMatchObject({
      status: 404,
      body: { message: "Path '/shop/web' does not exist" },
    });
  });

  test('by task ids, skipping those that are unknown', async () => {
    const instance = add();
    const unknown = 'shop_web.instance-00000000-0000-0000-0000-000000000000._app.1';
    const ids = [taskIdOf(instance), unknown, taskIdOf(instance)];
    const answer = await server.ask('POST', '/v2/tasks/delete', { ids });
    expect((answer.body as TaskList).tasks).toHaveLength(1);
    const scaled = await server.ask('POST', '/v2/tasks/delete?scale=true', { ids });
    expect(scaled.body).toHaveProperty('deploymentId');
    expect(server.engine.root.app('/shop/web')?.instances).toBe(1);
  });

  test.each([
    'app.7d2c0a1e-4bb1-11eb-8e53-0242ac110002',
    'app.7d2c0a1e-4bb1-11eb-8e53-0242ac110002.2',
    'app.marathon-7d2c0a1e-4bb1-11eb-8e53-0242ac110002',
    'a_b.instance-7d2c0a1e-4bb1-11eb-8e53-0242ac110002._app',
    'a.b.instance-7d2c0a1e-4bb1-11eb-8e53-0242ac110002._app.3',
    'pod.instance-7d2c0a1e-4bb1-11eb-8e53-0242ac110002.container.3',
  ])('takes %s for a task id', async (id) => {
    expect(await server.ask('POST', '/v2/tasks/delete', { ids: [id] })).toMatchObject({
      status: 200,
      body: { tasks: [] },
    });
  });

  test.each(['', 'web', 'web.1', '../x'])('refuses %j as a task id', async (id) => {
    expect((await server.ask('POST', '/v2/tasks/delete', { ids: [id] })).status).toBe(400);
  });

  test.each([{}, { ids: 'x' }, { ids: [1] }])('refuses %j', async (body) => {
    expect((await server.ask('POST', '/v2/tasks/delete', body)).status).toBe(422);
  });
});

test('as text, tasks on the networks that are named have addresses of their own', async () => {
  await server.ask('POST', '/v2/apps', {
    id: '/net',
    cmd: 'run',
    networks: [{ mode: 'container', name: 'blue' }],
    container: { type: 'MESOS', portMappings: [{ containerPort: 80, servicePort: 10_002 }] },
  });
  server.engine.addTask(server.engine.root.app('/net')!, { hostPorts: [] });
  const lines = async (query: string) => {
    return (await server.ask('GET', `/v2/apps/net/tasks${query}`, undefined, { accept: 'text/plain' })).text;
  };
  expect(await lines('')).toBe('net\t10002\t\n');
  for (const query of ['?containerNetworks=*', '?containerNetworks=red,blue']) {
    expect(await lines(query)).toBe('net\t10002\t10.0.0.4:80\t\n');
  }
  expect(await lines('?containerNetworks=red')).toBe('net\t10002\t\n');
});

describe('whether a task serves and drains', () => {
  const header = { 'x-stadion-extensions': 'true' };

  test.each(['/v2/tasks', '/v2/apps/shop/web/tasks', '/v2/apps/shop/web', '/v2/apps?embed=apps.tasks'])(
    'is shown by %s to those who ask, and to nobody else',
    async (url) => {
      add();
      add({ goal: 'Decommissioned', drainUntil: 10_000 });
      add({ condition: 'Killing', goal: 'Decommissioned' });
      const plain = await server.ask('GET', url);
      expect(plain.text).not.toMatch(/"serving"|"draining"/);
      const shown = [
        /"serving":true,"draining":false/,
        /"serving":false,"draining":true/,
        /"serving":false,"draining":false/,
      ];
      const byHeader = await server.ask('GET', url, undefined, header);
      const byQuery = await server.ask('GET', `${url}${url.includes('?') ? '&' : '?'}extensions=true`);
      for (const pattern of shown) expect(byHeader.text).toMatch(pattern);
      expect(byQuery.text).toBe(byHeader.text);
    },
  );
});
