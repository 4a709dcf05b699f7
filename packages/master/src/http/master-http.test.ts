import { Value } from '@sinclair/typebox/value';
import { afterEach, describe, expect, it } from 'vitest';
import { MasterState, MetricsSnapshot, SlaveList, StateTaskList } from '@stadion/contract/mesos-state';
import type { FastifyInstance } from 'fastify';
import { Cluster, resources, task, type ScriptedAgent, type ScriptedFramework } from '../testing/cluster.ts';
import { arrayPieces, chunks } from './json-pieces.ts';
import { createMasterHttp } from './master-http.ts';

let app: FastifyInstance | undefined;

afterEach(async () => {
  await app?.close();
});

async function get(path: string) {
  return (app as FastifyInstance).inject({ method: 'GET', url: path });
}

async function scene(): Promise<{ cluster: Cluster; agent: ScriptedAgent; framework: ScriptedFramework }> {
  const cluster = await Cluster.start();
  app = createMasterHttp(cluster.master);
  const agent = await cluster.agent('a1', resources(4, 4096, { disk: 1000, ports: [31000, 31099] }));
  const framework = await cluster.framework({ name: 'marathon' });
  await framework.accept(framework.lastOffer(), [
    {
      ...task('web.1', agent.agentId, [
        ...resources(0.5, 64),
        {
          name: 'ports',
          type: 'RANGES',
          ranges: {
            range: [
              { begin: 31005, end: 31005 },
              { begin: 31010, end: 31012 },
            ],
          },
        },
      ]),
      labels: { labels: [{ key: 'tier', value: 'web' }] },
      discovery: {
        visibility: 'FRAMEWORK',
        name: 'web',
        ports: { ports: [{ number: 31005, name: 'http', protocol: 'tcp' }] },
        labels: { labels: [] },
      },
    },
  ]);
  const status = await agent.update(framework.id, 'web.1', 'TASK_RUNNING');
  agent.send({
    type: 'STATUS_UPDATE',
    framework_id: { value: framework.id },
    latest_state: 'TASK_RUNNING',
    status: {
      ...status,
      healthy: true,
      container_status: { network_infos: [{ ip_addresses: [{ protocol: 'IPv4', ip_address: '10.0.0.1' }] }] },
    },
  });
  await cluster.settle();
  return { cluster, agent, framework };
}

describe('the legacy state', () => {
  it('has what mesos-dns reads, in its forms', async () => {
    const { agent, framework } = await scene();
    const answer = await get('/master/state');
    expect(answer.headers['content-type']).toContain('application/json');
    const state: unknown = answer.json();
    expect(Value.Check(MasterState, state)).toBe(true);
    expect(state).toMatchObject({
      leader: 'master@10.0.0.100:5050',
      pid: 'master@10.0.0.100:5050',
      cluster: 'test',
      activated_slaves: 1,
      slaves: [
        {
          id: agent.agentId,
          pid: 'slave(1)@10.0.0.1:5051',
          used_resources: { cpus: 0.5, gpus: 0, mem: 64, disk: 0, ports: '[31005-31005, 31010-31012]' },
        },
      ],
      frameworks: [
        {
          id: framework.id,
          name: 'marathon',
          role: '*',
          tasks: [
            {
              id: 'web.1',
              executor_id: '',
              slave_id: agent.agentId,
              framework_id: framework.id,
              state: 'TASK_RUNNING',
              resources: { cpus: 0.5, mem: 64, gpus: 0, disk: 0, ports: '[31005-31005, 31010-31012]' },
              labels: [{ key: 'tier', value: 'web' }],
              discovery: { ports: { ports: [{ number: 31005, name: 'http', protocol: 'tcp' }] } },
              statuses: [
                {
                  state: 'TASK_RUNNING',
                  healthy: true,
                  container_status: { network_infos: [{ ip_addresses: [{ ip_address: '10.0.0.1' }] }] },
                },
              ],
            },
          ],
          completed_tasks: [],
          unreachable_tasks: [],
          executors: [],
        },
      ],
    });
    const [first] = (state as { frameworks: object[] }).frameworks;
    expect(first).not.toHaveProperty('pid');
    expect(agent.agentId).toMatch(/^[0-9a-f-]{36}-S0$/);
  });

  it('has the health check and the user of a task, as the v1 API has, which tells its kill policy, too', async () => {
    const { agent, framework } = await scene();
    const check = {
      type: 'HTTP',
      http: { scheme: 'http', port: 31005, path: '/health' },
      delay_seconds: 0,
      interval_seconds: 10,
      timeout_seconds: 2,
      consecutive_failures: 3,
      grace_period_seconds: 30,
    } as const;
    const policy = { grace_period: { nanoseconds: 5_000_000_000 } };
    const checked = {
      ...task('checked', agent.agentId),
      command: { value: 'serve', user: 'web' },
      kill_policy: policy,
      health_checks: [{ ...check, kill_on_failure: true, ignore_http_1xx: true }],
    };
    await framework.accept(framework.lastOffer(), [checked]);
    const { tasks } = (await get('/tasks?task_id=checked')).json<{ tasks: Record<string, unknown>[] }>();
    expect(tasks[0]).toMatchObject({ user: 'web' });
    expect(tasks[0]?.['health_check']).toEqual(check);
    const answer = await (app as FastifyInstance).inject({
      method: 'POST',
      url: '/api/v1',
      payload: { type: 'GET_TASKS' },
    });
    const { get_tasks: got } = answer.json<{ get_tasks: { tasks: Record<string, unknown>[] } }>();
    expect(got.tasks.find(({ name }) => name === 'checked')).toMatchObject({ user: 'web', kill_policy: policy });
    expect(got.tasks.find(({ name }) => name === 'checked')?.['health_check']).toEqual(check);
  });

  it('leaves out ports where there are none, and optional parts that are unset', async () => {
    const { agent, framework } = await scene();
    await framework.accept(framework.lastOffer(), [task('plain', agent.agentId)]);
    const { tasks } = (await get('/tasks?task_id=plain')).json<{ tasks: Record<string, unknown>[] }>();
    expect(tasks).toHaveLength(1);
    expect(tasks[0]?.['resources']).toEqual({ cpus: 1, gpus: 0, mem: 128, disk: 0 });
    for (const absent of ['labels', 'discovery', 'container', 'health_check', 'user']) {
      expect(tasks[0]).not.toHaveProperty(absent);
    }
  });

  it('answers under every one of its names, and as jsonp', async () => {
    await scene();
    for (const path of ['/state', '/state.json', '/master/state', '/master/state.json']) {
      expect((await get(path)).statusCode, path).toBe(200);
    }
    const script = await get('/state?jsonp=angular.callbacks._0');
    expect(script.headers['content-type']).toContain('text/javascript');
    expect(script.body).toMatch(/^angular\.callbacks\._0\(\{.*\}\);$/);
    expect((await get('/state?jsonp=alert(1)//')).statusCode).toBe(400);
  });

  it('answers 503 before the master has started, and 404 with a sentence where nothing is', async () => {
    const cluster = await Cluster.start();
    app = createMasterHttp(cluster.unstartedMaster());
    expect((await get('/state')).statusCode).toBe(503);
    expect((await get('/health')).statusCode).toBe(200);
    const nowhere = await get('/nowhere?x=1');
    expect(nowhere.statusCode).toBe(404);
    expect(nowhere.body).toContain('/nowhere.');
  });
});

describe('a long answer', () => {
  it('is written in turns that let others work between, and is whole in the end', async () => {
    const written: string[] = [];
    let turns = 0;
    const time = {
      now: () => 0,
      // Every look at the clock finds another millisecond gone.
      monotonic: () => (turns += 1),
      after: (_delayMs: number, callback: () => void) => {
        written.push('|');
        void Promise.resolve().then(callback);
        return { cancel: () => undefined };
      },
    };
    const numbers = Array.from({ length: 100 }, (_, index) => index);
    for await (const chunk of chunks(
      arrayPieces(numbers, (number) => number),
      time,
    )) {
      written.push(chunk);
    }
    expect(written.filter((part) => part === '|').length).toBeGreaterThan(5);
    expect(JSON.parse(written.filter((part) => part !== '|').join(''))).toEqual(numbers);
  });
});

describe('the smaller resources', () => {
  it('/slaves has raw resources beside the sums', async () => {
    const { agent } = await scene();
    const answer = (await get('/slaves')).json<Record<string, unknown>>();
    expect(Value.Check(SlaveList, answer)).toBe(true);
    expect(answer).toMatchObject({
      slaves: [
        { id: agent.agentId, used_resources_full: [{ name: 'cpus', type: 'SCALAR', scalar: { value: 0.5 } }, {}, {}] },
      ],
      recovered_slaves: [],
    });
    expect((await get(`/slaves?slave_id=other`)).json()).toEqual({
      slaves: [],
      recovered_slaves: [],
      unreachable_slaves: [],
    });
  });

  it('/state-summary counts instead of listing', async () => {
    const { agent, framework } = await scene();
    expect((await get('/state-summary')).json()).toMatchObject({
      hostname: 'master.test',
      slaves: [{ id: agent.agentId, TASK_RUNNING: 1, TASK_STAGING: 0, framework_ids: [framework.id] }],
      frameworks: [{ id: framework.id, TASK_RUNNING: 1, slave_ids: [agent.agentId] }],
    });
  });

  it('/tasks pages by the time of the first status', async () => {
    const { cluster, agent, framework } = await scene();
    for (const id of ['t1', 't2', 't3']) {
      await framework.accept(framework.lastOffer(), [task(id, agent.agentId, resources(0.1, 32))]);
      await agent.update(framework.id, id, 'TASK_RUNNING');
    }
    await cluster.settle();
    const ids = async (query: string): Promise<string[]> => {
      const answer = (await get(`/tasks${query}`)).json<Record<string, unknown>>();
      expect(Value.Check(StateTaskList, answer)).toBe(true);
      return (answer as { tasks: { id: string }[] }).tasks.map(({ id }) => id);
    };
    expect(await ids('')).toEqual(['t3', 't2', 't1', 'web.1']);
    expect(await ids('?order=asc&offset=1&limit=2')).toEqual(['t1', 't2']);
    expect(await ids('?limit=1')).toEqual(['t3']);
    expect(await ids('?offset=9')).toEqual([]);
    expect(await ids('?framework_id=other')).toEqual([]);
    expect((await get('/tasks?limit=many')).statusCode).toBe(400);
  });

  it('/roles says what each role holds', async () => {
    const { framework } = await scene();
    expect((await get('/roles')).json()).toMatchObject({
      roles: [
        {
          name: '*',
          weight: 1,
          frameworks: [framework.id],
          allocated: { cpus: 0.5, mem: 64 },
          offered: { cpus: 3.5, mem: 4032 },
        },
      ],
    });
  });

  it('/roles names also those that nobody is in, but that have a weight or a quota', async () => {
    await scene();
    const send = (path: string, method: 'PUT' | 'POST', body: unknown) =>
      (app as NonNullable<typeof app>).inject({ method, url: path, payload: JSON.stringify(body) });
    expect((await send('/weights', 'PUT', [{ role: 'heavy', weight: 3 }])).statusCode).toBe(200);
    const quota = { role: 'bound', guarantee: [{ name: 'cpus', type: 'SCALAR', scalar: { value: 1 } }] };
    expect((await send('/quota', 'POST', quota)).statusCode).toBe(200);
    const { roles } = (await get('/roles')).json<{ roles: { name: string; weight: number; quota: object }[] }>();
    expect(roles.map(({ name, weight }) => [name, weight])).toEqual([
      ['*', 1],
      ['bound', 1],
      ['heavy', 3],
    ]);
    expect(roles[1]?.quota).toMatchObject({ guarantee: { cpus: 1 }, consumed: { cpus: 0 } });
  });

  it('/metrics/snapshot is flat numbers', async () => {
    const { cluster } = await scene();
    const answer = (await get('/metrics/snapshot')).json<Record<string, number>>();
    expect(Value.Check(MetricsSnapshot, answer)).toBe(true);
    expect(answer).toMatchObject({
      'master/elected': 1,
      'master/cpus_total': 4,
      'master/cpus_used': 0.5,
      'master/cpus_percent': 0.125,
      'master/tasks_running': 1,
      'master/tasks_staging': 0,
      'master/slaves_active': 1,
      'master/frameworks_connected': 1,
      'allocator/mesos/roles/*/shares/dominant': 1,
      'master/event_queue_messages': 0,
      'master/slave_shutdowns_completed': 0,
      'registrar/state_store_ms/count': 1,
      'registrar/log/recovered': 1,
    });
    expect(answer['allocator/mesos/allocation_run_ms/count']).toBeGreaterThan(0);
    // What happens within the delay is allocated together.
    expect(answer['allocator/mesos/allocation_run_latency_ms/min']).toBe(cluster.master.view?.config.allocationDelayMs);
  });

  it('/frameworks, /flags, /version, /health and /redirect answer in their shapes', async () => {
    const { framework } = await scene();
    expect((await get('/frameworks')).json()).toMatchObject({
      frameworks: [{ id: framework.id, offers: [{ framework_id: framework.id }] }],
      completed_frameworks: [],
      unregistered_frameworks: [],
    });
    expect((await get('/flags')).json()).toMatchObject({ flags: { cluster: 'test', agent_ping_timeout: '3secs' } });
    expect((await get('/version')).json()).toMatchObject({ version: '1.11.0' });
    expect((await get('/health')).body).toBe('');
    const redirect = await get('/master/redirect');
    expect([redirect.statusCode, redirect.headers.location]).toEqual([307, '//master.test:5050']);
  });
});

it('has IPv6 addresses in brackets, as addresses have them', async () => {
  const cluster = await Cluster.start();
  app = createMasterHttp(cluster.master);
  const agent = await cluster.agent('a6');
  await agent.disconnect();
  agent.ip = 'fd00::6';
  await agent.connect();
  expect((await get('/slaves')).json()).toMatchObject({ slaves: [{ pid: 'slave(1)@[fd00::6]:5051' }] });
});
