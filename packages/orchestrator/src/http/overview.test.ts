import { Value } from '@sinclair/typebox/value';
import { AppSummaryPage, InstanceSummaryPage } from '@stadion/contract/overview';
import { beforeEach, describe, expect, test } from 'vitest';
import { FakeServer } from './testing/fake-server.ts';
import { fakePlace } from './testing/fake-engine.ts';

let server = new FakeServer();

beforeEach(async () => {
  server = new FakeServer();
  for (const id of ['/a', '/b/c', '/b/d']) await server.ask('POST', '/v2/apps', { id, cmd: 'run', instances: 2 });
});

async function apps(query = ''): Promise<AppSummaryPage> {
  const { status, body } = await server.ask('GET', `/v2/overview/apps${query}`);
  expect(status).toBe(200);
  expect(Value.Check(AppSummaryPage, body)).toBe(true);
  return body as AppSummaryPage;
}

async function instances(query = ''): Promise<InstanceSummaryPage> {
  const { status, body } = await server.ask('GET', `/v2/overview/instances${query}`);
  expect(status).toBe(200);
  expect(Value.Check(InstanceSummaryPage, body)).toBe(true);
  return body as InstanceSummaryPage;
}

function add(id: string, more: Parameters<typeof server.engine.addTask>[1] = {}): void {
  server.engine.addTask(server.engine.root.app(id)!, more);
}

describe('apps in short', () => {
  test('are counted, with what holds them and what they wait for', async () => {
    add('/a', { healthy: true });
    add('/a', { healthy: false });
    server.engine.running.push({
      id: 'd1',
      version: 'v',
      affectedApps: ['/a'],
      steps: [],
      currentStep: 0,
      readinessCheckResults: new Map(),
    });
    const [app] = (await apps('?id=/a')).apps;
    expect(app).toMatchObject({ id: '/a', instances: 2, running: 2, healthy: 1, unhealthy: 1, deployments: ['d1'] });
  });

  test('come page by page, also when the app between two pages is gone', async () => {
    const first = await apps('?limit=2');
    expect(first).toMatchObject({ total: 3, next: '/b/c' });
    expect(first.apps.map(({ id }) => id)).toEqual(['/a', '/b/c']);
    await server.ask('DELETE', '/v2/apps/b/c');
    const second = await apps('?limit=2&after=/b/c');
    expect(second.apps.map(({ id }) => id)).toEqual(['/b/d']);
    expect(second.next).toBeUndefined();
  });

  test('that are gone are left out of those asked for', async () => {
    expect((await apps('?id=/a&id=/gone&id=/b/d')).apps.map(({ id }) => id)).toEqual(['/a', '/b/d']);
  });

  test.each(['?limit=0', '?limit=x', '?limit=2001', `?${'id=/a&'.repeat(201)}`])('%s is refused', async (query) => {
    expect((await server.ask('GET', `/v2/overview/apps${query}`)).status).toBe(400);
  });
});

test('volumes are told by where their data lives', async () => {
  const volumes = [
    { containerPath: '/etc/x', hostPath: '/etc', mode: 'RO' },
    { containerPath: '/etc/y', hostPath: '/var', mode: 'RO' },
  ];
  const container = { type: 'DOCKER', docker: { image: 'nginx' }, volumes };
  await server.ask('POST', '/v2/apps', { id: '/kept', container });
  expect((await apps('?id=/kept&id=/a')).apps.map((app) => app.volumes)).toEqual([['host'], undefined]);
});

describe('instances in short', () => {
  test('come page by page, app by app', async () => {
    for (const id of ['/a', '/a', '/b/c']) add(id);
    const first = await instances('?limit=1');
    const second = await instances(`?limit=1&after=${first.next ?? ''}`);
    const third = await instances(`?limit=1&after=${second.next ?? ''}`);
    expect([first, second, third].map((page) => page.instances[0]?.appId)).toEqual(['/a', '/a', '/b/c']);
    expect(first.instances[0]?.taskId).not.toBe(second.instances[0]?.taskId);
    expect(third.next).toBeUndefined();
  });

  test('of one agent are only its own', async () => {
    add('/a');
    add('/b/c', { place: { ...fakePlace, agentId: 'S1', hostname: 'n2' } });
    expect(await instances('?agent=S1')).toMatchObject({ instances: [{ appId: '/b/c', host: 'n2' }] });
  });

  test('cannot be asked on after what was never a page', async () => {
    expect((await server.ask('GET', '/v2/overview/instances?after=x')).status).toBe(400);
  });
});

describe('the cluster', () => {
  const asked: string[] = [];
  const cluster = {
    order: async (id: string, call: object) => {
      asked.push(`${id} ${JSON.stringify(call)}`);
      return id === 'S0';
    },
    ask: async ({ type }: { readonly type: string }) => {
      asked.push(type);
      return { status: 200, body: { kind: 'json' as const, value: {} } };
    },
    history: () => ({ intervalSeconds: 10, samples: [] }),
    nodes: async () => [],
    master: async (path: string) => {
      asked.push(path);
      return { status: 200, body: { kind: 'json' as const, value: { slaves: [] } } };
    },
    agent: async (id: string, path: string, query: URLSearchParams, _signal: AbortSignal, sent?: object) => {
      asked.push(`${id}${path}?${query.toString()}${sent === undefined ? '' : JSON.stringify(sent)}`);
      if (id === 'broken') throw new Error('no route');
      return id === 'S0' ? { status: 200, body: { kind: 'json' as const, value: [] } } : undefined;
    },
  };

  test('is asked below fixed paths only', async () => {
    const withCluster = new FakeServer({ cluster });
    expect((await withCluster.ask('GET', '/v2/cluster/agents')).body).toEqual({ slaves: [] });
    expect((await withCluster.ask('GET', '/v2/cluster/agents/S0/files/browse?path=/x')).body).toEqual([]);
    expect((await withCluster.ask('GET', '/v2/cluster/agents/S0/metrics')).status).toBe(404);
    expect(asked).toEqual(['/slaves', 'S0/files/browse?path=%2Fx']);
  });

  test('is asked for its master, frameworks, roles and maintenance', async () => {
    const withCluster = new FakeServer({ cluster });
    asked.length = 0;
    for (const path of ['master', 'summary', 'frameworks', 'roles', 'maintenance/schedule', 'maintenance/status']) {
      expect((await withCluster.ask('GET', `/v2/cluster/${path}`)).status).toBe(200);
    }
    expect(asked).toEqual([
      'GET_MASTER',
      '/state-summary',
      'GET_FRAMEWORKS',
      '/roles',
      '/maintenance/schedule',
      '/maintenance/status',
    ]);
  });

  test('is given orders about its agents', async () => {
    const withCluster = new FakeServer({ cluster });
    asked.length = 0;
    expect((await withCluster.ask('POST', '/v2/cluster/agents/S0/cordon')).status).toBe(202);
    expect((await withCluster.ask('POST', '/v2/cluster/agents/S0/uncordon')).status).toBe(202);
    expect((await withCluster.ask('POST', '/v2/cluster/agents/S0/drain?deadlineSeconds=60')).status).toBe(202);
    expect((await withCluster.ask('POST', '/v2/cluster/agents/S0/drain?markGone=true')).status).toBe(202);
    expect((await withCluster.ask('POST', '/v2/cluster/agents/S0/gone')).status).toBe(202);
    expect((await withCluster.ask('POST', '/v2/cluster/agents/gone/drain')).status).toBe(404);
    expect((await withCluster.ask('POST', '/v2/cluster/agents/S0/drain?deadlineSeconds=0')).status).toBe(400);
    expect(asked).toEqual([
      'S0 {"type":"DEACTIVATE_AGENT","deactivate_agent":{"agent_id":{"value":"S0"}}}',
      'S0 {"type":"REACTIVATE_AGENT","reactivate_agent":{"agent_id":{"value":"S0"}}}',
      'S0 {"type":"DRAIN_AGENT","drain_agent":{"agent_id":{"value":"S0"},"deadline":{"seconds":60}}}',
      'S0 {"type":"DRAIN_AGENT","drain_agent":{"agent_id":{"value":"S0"},"deadline":{"seconds":600},"mark_gone":true}}',
      'S0 {"type":"MARK_AGENT_GONE","mark_agent_gone":{"agent_id":{"value":"S0"}}}',
      'gone {"type":"DRAIN_AGENT","drain_agent":{"agent_id":{"value":"gone"},"deadline":{"seconds":600}}}',
    ]);
  });

  test('has its agents list their images and bring others', async () => {
    const withCluster = new FakeServer({ cluster });
    asked.length = 0;
    const path = '/v2/cluster/agents/S0/images';
    expect((await withCluster.ask('GET', path)).status).toBe(200);
    expect((await withCluster.ask('POST', path, { image: 'web:1' })).status).toBe(200);
    expect((await withCluster.ask('POST', path, ['web:1'])).status).toBe(400);
    expect((await withCluster.ask('POST', '/v2/cluster/agents/gone/images', { image: 'web:1' })).status).toBe(404);
    expect(asked).toEqual(['S0/images?', 'S0/images?{"image":"web:1"}', 'gone/images?{"image":"web:1"}']);
  });

  test('that does not answer is told from an agent that does not exist', async () => {
    const withCluster = new FakeServer({ cluster });
    expect((await withCluster.ask('GET', '/v2/cluster/agents/gone/state')).status).toBe(404);
    expect(await withCluster.ask('GET', '/v2/cluster/agents/broken/state')).toMatchObject({
      status: 502,
      body: { message: 'no route' },
    });
    expect((await server.ask('GET', '/v2/cluster/agents')).status).toBe(502);
  });
});
