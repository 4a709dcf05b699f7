import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { decodeProtobuf, encodeProtobuf } from '@stadion/contract/mesos-wire';
import { resources, task } from '../../testing/cluster.ts';
import { startOperatedCluster, type OperatedCluster } from '../../testing/operated-cluster.ts';

let cluster: OperatedCluster['cluster'];
let app: OperatedCluster['app'];
let agent: OperatedCluster['agent'];
let framework: OperatedCluster['framework'];
let operator: OperatedCluster['operator'];

beforeEach(async () => {
  const has = resources(4, 4096, { ports: [31000, 31099] });
  ({ cluster, app, agent, framework, operator } = await startOperatedCluster(has, { name: 'marathon' }));
  await framework.accept(framework.lastOffer(), [task('t1', agent.agentId)]);
});

afterEach(async () => {
  await app.close();
});

async function ask(type: string): Promise<Record<string, unknown>> {
  const answer = operator.call({ type });
  // Long answers are written in turns of the master's time.
  await cluster.settle();
  return JSON.parse((await answer).body) as Record<string, unknown>;
}

/** What came over the stream, by type. */
function heard(type: string): unknown[] {
  return (operator.events as { type: string }[]).filter((event) => event.type === type);
}

async function eventually(claim: () => void): Promise<void> {
  await vi.waitFor(
    async () => {
      await cluster.settle();
      claim();
    },
    { timeout: 10_000, interval: 5 },
  );
}

/** Waits for something that is done in turns of the master's time. */
async function inTurns<Result>(promise: Promise<Result>): Promise<Result> {
  let outcome: { readonly result: Result } | undefined;
  void promise.then((result) => (outcome = { result }));
  await eventually(() => {
    expect(outcome).toBeDefined();
  });
  return promise;
}

/** Gives an order, and gives the status of the answer. */
async function order(call: object): Promise<number> {
  return (await inTurns(operator.call(call))).status;
}

describe('an operator asks', () => {
  it('for agents, frameworks and tasks, each under the name of its call', async () => {
    expect(await ask('GET_AGENTS')).toMatchObject({
      type: 'GET_AGENTS',
      get_agents: {
        agents: [
          {
            agent_info: { id: { value: agent.agentId }, hostname: 'a1', port: 5051 },
            active: true,
            pid: 'slave(1)@10.0.0.1:5051',
          },
        ],
        recovered_agents: [],
      },
    });
    expect(await ask('GET_FRAMEWORKS')).toMatchObject({
      get_frameworks: { frameworks: [{ framework_info: { name: 'marathon', checkpoint: false }, connected: true }] },
    });
    expect(await ask('GET_TASKS')).toMatchObject({
      get_tasks: {
        tasks: [{ task_id: { value: 't1' }, state: 'TASK_STAGING', agent_id: { value: agent.agentId } }],
        unreachable_tasks: [],
        completed_tasks: [],
      },
    });
  });

  it('in protobuf, and is answered so', async () => {
    const headers = { 'Content-Type': 'application/x-protobuf', Accept: 'application/x-protobuf' };
    const answer = app.inject({
      method: 'POST',
      url: '/api/v1',
      headers,
      payload: Buffer.from(encodeProtobuf('OperatorCall', { type: 'GET_TASKS' })),
    });
    await cluster.settle();
    const { headers: answered, rawPayload } = await answer;
    expect(answered['content-type']).toBe('application/x-protobuf');
    expect(decodeProtobuf('OperatorResponse', rawPayload)).toMatchObject({
      type: 'GET_TASKS',
      get_tasks: { tasks: [{ task_id: { value: 't1' }, state: 'TASK_STAGING' }] },
    });
  });

  it('for everything as one', async () => {
    const { get_state: state } = await ask('GET_STATE');
    expect(state).toMatchObject({
      get_tasks: { tasks: [{ name: 't1' }] },
      get_agents: { agents: [{}] },
      get_frameworks: { frameworks: [{}] },
      get_executors: { executors: [] },
    });
  });

  it.each(['GET_HEALTH', 'GET_FLAGS', 'GET_VERSION', 'GET_METRICS', 'GET_ROLES', 'GET_WEIGHTS', 'GET_MASTER'])(
    '%s',
    async (type) => {
      const answer = await ask(type);
      expect(answer['type']).toBe(type);
      expect(answer[type.toLowerCase()]).toBeTypeOf('object');
    },
  );
});

describe('an operator orders', () => {
  it('the end of a framework', async () => {
    const teardown = { framework_id: { value: framework.id } };
    expect((await operator.call({ type: 'TEARDOWN', teardown })).status).toBe(200);
    await eventually(() => {
      expect(agent.of('SHUTDOWN_FRAMEWORK')).toHaveLength(1);
    });
    expect((await operator.call({ type: 'TEARDOWN', teardown })).status).toBe(400);
  });

  it('an agent to be gone', async () => {
    expect(await order({ type: 'MARK_AGENT_GONE', mark_agent_gone: { agent_id: { value: agent.agentId } } })).toBe(200);
    await eventually(() => {
      expect(framework.lastStatus('t1').state).toBe('TASK_GONE_BY_OPERATOR');
    });
    const nobody = { type: 'MARK_AGENT_GONE', mark_agent_gone: { agent_id: { value: 'nobody' } } };
    expect(await order(nobody)).toBe(404);
  });

  it('an agent to be left out of new work, and to be drained', async () => {
    const id = { value: agent.agentId };
    expect(await order({ type: 'DEACTIVATE_AGENT', deactivate_agent: { agent_id: id } })).toBe(200);
    await expect
      .poll(async () => (await ask('GET_AGENTS'))['get_agents'])
      .toMatchObject({ agents: [{ deactivated: true, active: false }] });
    expect(agent.of('KILL_TASK')).toEqual([]);
    expect(await order({ type: 'REACTIVATE_AGENT', reactivate_agent: { agent_id: id } })).toBe(200);
    const drain = { agent_id: id, max_grace_period: { seconds: 7 }, mark_gone: true };
    expect(await order({ type: 'DRAIN_AGENT', drain_agent: drain })).toBe(200);
    await eventually(() => {
      expect(agent.of('KILL_TASK')).toMatchObject([{ task_id: { value: 't1' }, grace_period_ms: 7_000 }]);
    });
    const bad = { agent_id: id, deadline: { seconds: -1 } };
    expect(await order({ type: 'DRAIN_AGENT', drain_agent: bad })).toBe(400);
  });

  it.each([
    [{}, 400, `Expecting 'type'`],
    [{ type: 'TEARDOWN' }, 400, `Expecting 'teardown.framework_id'`],
    [{ type: 'FLY' }, 501, `'FLY' is not supported`],
    [{ type: 'constructor' }, 501, `'constructor' is not supported`],
    [{ type: '__proto__' }, 501, `'__proto__' is not supported`],
  ])('what is no call: %j', async (call, status, text) => {
    const answer = await operator.call(call);
    expect(answer.status).toBe(status);
    expect(answer.body).toContain(text);
  });
});

/** Every call of `mesos.v1.master.Call.Type` (1.11), with what it takes here and how it is answered. */
function everyCall(): readonly (readonly [type: string, content: object | undefined, status: number])[] {
  const agent_id = { value: agent.agentId };
  const nobody = { agent_id: { value: 'nobody' } };
  const volume = { name: 'disk', type: 'SCALAR', scalar: { value: 1 } };
  return [
    ['UNKNOWN', undefined, 501],
    ...[
      ...['GET_HEALTH', 'GET_FLAGS', 'GET_VERSION', 'GET_METRICS', 'GET_LOGGING_LEVEL', 'GET_STATE', 'GET_AGENTS'],
      ...['GET_FRAMEWORKS', 'GET_EXECUTORS', 'GET_OPERATIONS', 'GET_TASKS', 'GET_ROLES', 'GET_WEIGHTS', 'GET_MASTER'],
      ...['GET_MAINTENANCE_STATUS', 'GET_MAINTENANCE_SCHEDULE', 'GET_QUOTA'],
    ].map((type) => [type, undefined, 200] as const),
    ['SET_LOGGING_LEVEL', { level: 1, duration: { nanoseconds: 1_000_000_000 } }, 501],
    ['LIST_FILES', { path: '/master/log' }, 404],
    ['READ_FILE', { path: '/master/log', offset: 0 }, 404],
    ['UPDATE_WEIGHTS', { weight_infos: [{ role: 'a', weight: 2 }] }, 200],
    ['RESERVE_RESOURCES', { ...nobody, resources: [] }, 400],
    ['UNRESERVE_RESOURCES', { ...nobody, resources: [] }, 400],
    ['CREATE_VOLUMES', { ...nobody, volumes: [] }, 400],
    ['DESTROY_VOLUMES', { ...nobody, volumes: [] }, 400],
    ['GROW_VOLUME', { ...nobody, volume, addition: volume }, 400],
    ['SHRINK_VOLUME', { ...nobody, volume, subtract: { value: 1 } }, 400],
    ['UPDATE_MAINTENANCE_SCHEDULE', { schedule: { windows: [] } }, 200],
    ['START_MAINTENANCE', { machines: [{ hostname: 'nobody' }] }, 400],
    ['STOP_MAINTENANCE', { machines: [{ hostname: 'nobody' }] }, 400],
    ['UPDATE_QUOTA', { quota_configs: [{ role: 'a', limits: { cpus: { value: 1 } } }] }, 200],
    [
      'SET_QUOTA',
      { quota_request: { role: 'b', guarantee: [{ name: 'cpus', type: 'SCALAR', scalar: { value: 1 } }] } },
      200,
    ],
    ['REMOVE_QUOTA', { role: 'b' }, 200],
    ['DEACTIVATE_AGENT', { agent_id }, 200],
    ['REACTIVATE_AGENT', { agent_id }, 200],
    ['DRAIN_AGENT', nobody, 404],
    ['MARK_AGENT_GONE', nobody, 404],
    ['TEARDOWN', { framework_id: { value: 'nobody' } }, 400],
  ];
}

it('knows every call, in JSON and in protobuf alike; SUBSCRIBE below', async () => {
  expect(new Set(everyCall().map(([type]) => type)).size).toBe(39);
  for (const [type, content, status] of everyCall()) {
    const call = { type, ...(content === undefined ? {} : { [type.toLowerCase()]: content }) };
    for (const [mediaType, payload] of [
      ['application/json', JSON.stringify(call)],
      ['application/x-protobuf', Buffer.from(encodeProtobuf('OperatorCall', call))],
    ] as const) {
      const headers = { 'Content-Type': mediaType, Accept: mediaType };
      const { statusCode, body } = await inTurns(app.inject({ method: 'POST', url: '/api/v1', headers, payload }));
      expect([type, mediaType, statusCode]).toEqual([type, mediaType, status]);
      if (status >= 400) expect([type, body]).toEqual([type, expect.stringMatching(/\w+ \w+/)]);
    }
  }
});

describe('an operator watches', () => {
  it('hears the state first, then every change, and changes are told to nobody once it is gone', async () => {
    await operator.subscribe({ type: 'SUBSCRIBE' });
    await eventually(() => {
      expect(operator.events[0]).toMatchObject({
        type: 'SUBSCRIBED',
        subscribed: { heartbeat_interval_seconds: 15, get_state: { get_tasks: { tasks: [{ name: 't1' }] } } },
      });
    });
    await agent.update(framework.id, 't1', 'TASK_RUNNING');
    await eventually(() => {
      expect(heard('TASK_UPDATED')).toMatchObject([
        { task_updated: { state: 'TASK_RUNNING', status: { state: 'TASK_RUNNING' } } },
      ]);
    });
    const second = await cluster.agent('a2', resources(1, 512));
    await framework.accept(framework.lastOffer(), [task('t2', second.agentId, resources(1, 64))]);
    const other = await cluster.framework({ name: 'cron' });
    await cluster.framework({ name: 'cron', id: { value: other.id } });
    cluster.master.teardown(other.id);
    void cluster.master.markAgentGone(second.agentId);
    await eventually(() => {
      expect(heard('AGENT_REMOVED')).toMatchObject([{ agent_removed: { agent_id: { value: second.agentId } } }]);
    });
    expect(heard('AGENT_ADDED')).toMatchObject([{ agent_added: { agent: { agent_info: { hostname: 'a2' } } } }]);
    expect(heard('TASK_ADDED')).toMatchObject([{ task_added: { task: { task_id: { value: 't2' } } } }]);
    expect(heard('FRAMEWORK_ADDED')).toHaveLength(1);
    expect(heard('FRAMEWORK_UPDATED')).toHaveLength(1);
    expect(heard('FRAMEWORK_REMOVED')).toMatchObject([{ framework_removed: { framework_info: { name: 'cron' } } }]);
    operator.hangUp();
    await eventually(() => {
      expect(operator.ended).toBe(true);
    });
  });

  it('hears that the stream lives, every 15 seconds', async () => {
    await operator.subscribe({ type: 'SUBSCRIBE' });
    await eventually(() => {
      expect(operator.events).toHaveLength(1);
    });
    await cluster.time.advance(15_000);
    await eventually(() => {
      expect(heard('HEARTBEAT')).toHaveLength(1);
    });
  });
});
