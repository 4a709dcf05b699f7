import { describe, expect, it } from 'vitest';
import type { FrameworkCapability, TaskInfo, TaskState } from '@stadion/contract/mesos';
import { TASKS_TOLD_PER_TURN } from './limits.ts';
import { Cluster, resources, task, type ScriptedAgent, type ScriptedFramework } from './testing/cluster.ts';

async function stage(): Promise<{ cluster: Cluster; agent: ScriptedAgent; framework: ScriptedFramework }> {
  const cluster = await Cluster.start();
  const agent = await cluster.agent('a1');
  const framework = await cluster.framework();
  return { cluster, agent, framework };
}

describe('the life of a task', () => {
  it('goes from offer to acknowledged end, and its resources come back', async () => {
    const { cluster, agent, framework } = await stage();
    const offer = framework.lastOffer();
    expect(offer.agent_id.value).toBe(agent.agentId);
    expect(offer.url?.address.ip).toBe('10.0.0.1');

    await framework.accept(offer, [task('t1', agent.agentId), task('t2', agent.agentId)]);
    const [run] = agent.of('RUN_TASKS');
    expect(agent.of('RUN_TASKS')).toHaveLength(1);
    expect(run?.framework.id?.value).toBe(framework.id);
    expect(run?.tasks.map(({ task_id: id }) => id.value)).toEqual(['t1', 't2']);
    expect(framework.lastOffer().resources.find(({ name }) => name === 'cpus')?.scalar?.value).toBe(2);

    await framework.acknowledge(await agent.update(framework.id, 't1', 'TASK_RUNNING'));
    expect(framework.lastStatus('t1').state).toBe('TASK_RUNNING');
    expect(agent.of('ACKNOWLEDGE_STATUS_UPDATE')).toHaveLength(1);

    const end = await agent.update(framework.id, 't1', 'TASK_FINISHED');
    const record = cluster.master.view?.agents.get(agent.agentId);
    expect(record?.charged.cpus).toBe(1000);
    expect(record?.tasks.size).toBe(2);
    await framework.acknowledge(end);
    expect(record?.tasks.size).toBe(1);
    const completed = cluster.master.view?.frameworks.get(framework.id)?.completedTasks ?? [];
    expect([...completed].map(({ id }) => id)).toEqual(['t1']);
  });

  it('is over for its resources as soon as the agent knows it, though the update waits in line', async () => {
    const { cluster, agent, framework } = await stage();
    await framework.accept(framework.lastOffer(), [task('t1', agent.agentId)]);
    const running = await agent.update(framework.id, 't1', 'TASK_RUNNING', 'TASK_FAILED');
    expect(cluster.master.view?.agents.get(agent.agentId)?.charged.cpus).toBe(0);
    await framework.acknowledge(running);
    expect(cluster.master.view?.frameworks.get(framework.id)?.tasks.get('t1')?.state).toBe('TASK_FAILED');
    await framework.acknowledge(await agent.update(framework.id, 't1', 'TASK_FAILED'));
    expect(cluster.master.view?.frameworks.get(framework.id)?.tasks.size).toBe(0);
  });

  it('frees once however often its end is reported', async () => {
    const { cluster, agent, framework } = await stage();
    await framework.accept(framework.lastOffer(), [
      task('t1', agent.agentId, resources(1, 128, { ports: [31000, 31000] })),
    ]);
    const status = await agent.update(framework.id, 't1', 'TASK_FAILED');
    const again = {
      type: 'STATUS_UPDATE',
      framework_id: { value: framework.id },
      status,
      latest_state: 'TASK_FAILED',
    } as const;
    agent.send(again);
    await cluster.settle();
    await framework.acknowledge(status);
    agent.send(again);
    await cluster.settle();
    expect(framework.statuses('t1')).toHaveLength(3);
    await framework.acknowledge(status);
    expect(agent.of('ACKNOWLEDGE_STATUS_UPDATE')).toHaveLength(2);
    expect(cluster.master.view?.agents.get(agent.agentId)?.charged.cpus).toBe(0);
  });

  it('keeps only the newest finished tasks', async () => {
    const cluster = await Cluster.start({ completedTasksPerFramework: 2 });
    const agent = await cluster.agent('a1');
    const framework = await cluster.framework();
    for (const id of ['t1', 't2', 't3']) {
      await framework.accept(framework.lastOffer(), [task(id, agent.agentId)]);
      await framework.acknowledge(await agent.update(framework.id, id, 'TASK_FINISHED'));
    }
    const completed = cluster.master.view?.frameworks.get(framework.id)?.completedTasks ?? [];
    expect([...completed].map(({ id }) => id)).toEqual(['t2', 't3']);
  });

  it('has updates of unknown frameworks left to the agent, which sends them again', async () => {
    const { cluster, agent } = await stage();
    await agent.update('nobody-0001', 't1', 'TASK_RUNNING');
    const late = await cluster.framework({ id: { value: 'nobody-0001' } });
    expect(late.statuses()).toEqual([]);
    expect(agent.of('ACKNOWLEDGE_STATUS_UPDATE')).toHaveLength(0);
    await agent.update('nobody-0001', 't1', 'TASK_RUNNING');
    expect(late.lastStatus('t1').state).toBe('TASK_RUNNING');
  });
});

describe('a task on an agent that is drained', () => {
  async function drained(markGone: boolean, capabilities: FrameworkCapability[] = ['PARTITION_AWARE']) {
    const cluster = await Cluster.start();
    const agent = await cluster.agent('a1');
    const framework = await cluster.framework({ capabilities: capabilities.map((type) => ({ type })) });
    await framework.accept(framework.lastOffer(), [task('t1', agent.agentId)]);
    await agent.update(framework.id, 't1', 'TASK_RUNNING');
    const startedAt = cluster.time.now();
    void cluster.master.treatAgent(agent.agentId, { drain: { startedAt, deadline: startedAt + 60_000, markGone } });
    await cluster.settle();
    const end = async (state: TaskState) => {
      await agent.update(framework.id, 't1', state);
      const { state: told, reason } = framework.lastStatus('t1');
      return [told, reason, cluster.master.view?.frameworks.get(framework.id)?.tasks.get('t1')?.state];
    };
    return { cluster, agent, framework, end };
  }

  it('is killed for the drain, whoever asked for it', async () => {
    const { end } = await drained(false);
    expect(await end('TASK_KILLING')).toEqual(['TASK_KILLING', 'REASON_AGENT_DRAINING', 'TASK_KILLING']);
    expect(await end('TASK_KILLED')).toEqual(['TASK_KILLED', 'REASON_AGENT_DRAINING', 'TASK_KILLED']);
  });

  it('is gone with an agent that goes for good, once it has ended', async () => {
    const { cluster, agent, framework, end } = await drained(true);
    expect(await end('TASK_KILLING')).toEqual(['TASK_KILLING', 'REASON_AGENT_DRAINING', 'TASK_KILLING']);
    const gone = 'TASK_GONE_BY_OPERATOR';
    expect(await end('TASK_KILLED')).toEqual([gone, 'REASON_AGENT_DRAINING', gone]);
    await framework.acknowledge(framework.lastStatus('t1'));
    expect(agent.of('ACKNOWLEDGE_STATUS_UPDATE')).toHaveLength(1);
    expect(cluster.master.view?.agents.get(agent.agentId)?.tasks.size ?? 0).toBe(0);
  });

  it('is killed for frameworks that do not know what gone is', async () => {
    const { end } = await drained(true, []);
    expect(await end('TASK_KILLED')).toEqual(['TASK_KILLED', 'REASON_AGENT_DRAINING', 'TASK_KILLED']);
  });

  it('fails and finishes as elsewhere', async () => {
    const { end } = await drained(true);
    expect(await end('TASK_FAILED')).toEqual(['TASK_FAILED', undefined, 'TASK_FAILED']);
  });
});

describe('an ACCEPT', () => {
  it.each<[string, string, (agentId: string) => TaskInfo]>([
    ['an id that climbs out', 'contains a slash', (agent) => task('../t', agent)],
    ['an empty id', 'must not be empty', (agent) => task('', agent)],
    ['an id of two dots', 'is disallowed', (agent) => task('..', agent)],
    ['an id that is too long', 'greater than 255', (agent) => task('x'.repeat(256), agent)],
    ['another agent', 'while the offer is of agent', () => task('t', 'other')],
    ['more than there is', 'cpus 5 of 4', (agent) => task('t', agent, resources(5, 1))],
    ['a foreign port', 'ports that are not in it', (agent) => task('t', agent, resources(1, 1, { ports: [80, 80] }))],
    ['negative resources', 'cpus must be a scalar', (agent) => task('t', agent, resources(-1, 1))],
    ['no resources', 'uses no resources', (agent) => task('t', agent, [])],
    [
      'a negative grace period',
      'must be non-negative',
      (agent) => ({ ...task('t', agent), kill_policy: { grace_period: { nanoseconds: -1 } } }),
    ],
  ])('with %s gets TASK_ERROR for that task, and the others run', async (_case, sentence, make) => {
    const { agent, framework } = await stage();
    const bad = make(agent.agentId);
    await framework.accept(framework.lastOffer(), [bad, task('good', agent.agentId)]);
    const status = framework.statuses().at(-1);
    expect(status).toMatchObject({
      task_id: bad.task_id,
      state: 'TASK_ERROR',
      reason: 'REASON_TASK_INVALID',
      source: 'SOURCE_MASTER',
    });
    expect(status?.uuid).toBeUndefined();
    expect(status?.message).toContain(sentence);
    expect(agent.of('RUN_TASKS').flatMap(({ tasks }) => tasks.map(({ name }) => name))).toEqual(['good']);
  });

  it('refuses an id that lives, and takes it again once that task is over', async () => {
    const { agent, framework } = await stage();
    await framework.accept(framework.lastOffer(), [task('t', agent.agentId), task('t', agent.agentId)]);
    expect(framework.lastStatus('t').message).toContain('duplicate ID');
    await framework.acknowledge(await agent.update(framework.id, 't', 'TASK_FINISHED'));
    await framework.accept(framework.lastOffer(), [task('t', agent.agentId)]);
    expect(agent.of('RUN_TASKS')).toHaveLength(2);
  });

  it('charges nothing of offers that have ended, and drops every task', async () => {
    const { cluster, agent, framework } = await stage();
    const offer = framework.lastOffer();
    await framework.decline([offer], 3600);
    await framework.accept(offer, [task('t1', agent.agentId), task('t2', agent.agentId)]);
    expect(framework.statuses().map(({ state, reason }) => [state, reason])).toEqual([
      ['TASK_DROPPED', 'REASON_INVALID_OFFERS'],
      ['TASK_DROPPED', 'REASON_INVALID_OFFERS'],
    ]);
    expect(cluster.master.view?.agents.get(agent.agentId)?.charged.cpus).toBe(0);
  });

  it('says TASK_LOST where PARTITION_AWARE is missing', async () => {
    const cluster = await Cluster.start();
    const agent = await cluster.agent('a1');
    const framework = await cluster.framework({ capabilities: [] });
    const offer = framework.lastOffer();
    await framework.decline([offer]);
    await framework.accept(offer, [task('t1', agent.agentId)]);
    expect(framework.lastStatus('t1').state).toBe('TASK_LOST');
  });

  it('of offers of two agents gives both back', async () => {
    const { cluster, agent, framework } = await stage();
    await cluster.agent('a2');
    const offers = framework.offers();
    await framework.send({
      type: 'ACCEPT',
      framework_id: { value: framework.id },
      accept: {
        offer_ids: offers.map(({ id }) => id),
        operations: [{ type: 'LAUNCH', launch: { task_infos: [task('t1', agent.agentId)] } }],
      },
    });
    expect(framework.lastStatus('t1').message).toContain('different agents');
    expect(framework.offers()).toHaveLength(4);
  });

  it('without tasks is a decline', async () => {
    const { agent, framework } = await stage();
    await framework.accept(framework.lastOffer(), [], 3600);
    expect(agent.of('RUN_TASKS')).toHaveLength(0);
    expect(framework.offers()).toHaveLength(1);
  });
});

describe('RECONCILE', () => {
  const ask = (framework: ScriptedFramework, tasks: { id: string; agent?: string }[]): Promise<void> =>
    framework.send({
      type: 'RECONCILE',
      framework_id: { value: framework.id },
      reconcile: {
        tasks: tasks.map(({ id, agent }) => ({
          task_id: { value: id },
          ...(agent === undefined ? {} : { agent_id: { value: agent } }),
        })),
      },
    });

  it('answers for every known task when none is named, with the state being delivered', async () => {
    const { agent, framework } = await stage();
    await framework.accept(framework.lastOffer(), [task('t1', agent.agentId), task('t2', agent.agentId)]);
    await agent.update(framework.id, 't1', 'TASK_RUNNING', 'TASK_FAILED');
    await ask(framework, []);
    expect(framework.lastStatus('t1')).toMatchObject({ state: 'TASK_RUNNING', reason: 'REASON_RECONCILIATION' });
    expect(framework.lastStatus('t2')).toMatchObject({ state: 'TASK_STAGING', source: 'SOURCE_MASTER' });
    expect(framework.lastStatus('t1').uuid).toBeUndefined();
  });

  it('answers for all of more tasks than are told in one turn', async () => {
    const { agent, framework } = await stage();
    const ids = Array.from({ length: TASKS_TOLD_PER_TURN * 2 + 1 }, (_, index) => `many-${String(index)}`);
    await agent.disconnect();
    agent.tasks = ids.map((id) => ({
      framework_id: { value: framework.id },
      info: task(id, agent.agentId, resources(0.001, 1)),
      state: 'TASK_RUNNING',
    }));
    await agent.connect();
    const before = framework.statuses().length;
    await ask(framework, []);
    expect(
      framework
        .statuses()
        .map(({ task_id: id }) => id.value)
        .slice(before),
    ).toEqual(ids);
  });

  it('tells gone from unknown by the agent', async () => {
    const { agent, framework } = await stage();
    await ask(framework, [{ id: 'x', agent: agent.agentId }, { id: 'y', agent: 'nowhere' }, { id: 'z' }]);
    expect(framework.statuses().map(({ state }) => state)).toEqual(['TASK_GONE', 'TASK_UNKNOWN', 'TASK_UNKNOWN']);
  });

  it('is silent about what may still come back after a restart of the master', async () => {
    const { cluster, agent, framework } = await stage();
    await cluster.restartMaster();
    framework.reconnect();
    await framework.subscribe();
    await ask(framework, [{ id: 'x', agent: agent.agentId }, { id: 'y' }]);
    expect(framework.statuses()).toEqual([]);
    await ask(framework, [{ id: 'z', agent: 'nowhere' }]);
    expect(framework.lastStatus('z').state).toBe('TASK_UNKNOWN');
  });
});

describe('KILL', () => {
  it('reaches the agent with its grace period', async () => {
    const { agent, framework } = await stage();
    await framework.accept(framework.lastOffer(), [task('t1', agent.agentId)]);
    await framework.send({
      type: 'KILL',
      framework_id: { value: framework.id },
      kill: { task_id: { value: 't1' }, kill_policy: { grace_period: { nanoseconds: 3e9 } } },
    });
    expect(agent.of('KILL_TASK')).toEqual([
      { type: 'KILL_TASK', framework_id: { value: framework.id }, task_id: { value: 't1' }, grace_period_ms: 3000 },
    ]);
  });

  it('of an unknown task is a question about it', async () => {
    const { agent, framework } = await stage();
    await framework.kill('ghost', agent.agentId);
    expect(framework.lastStatus('ghost')).toMatchObject({ state: 'TASK_GONE', reason: 'REASON_RECONCILIATION' });
  });

  it('for a disconnected agent is said when it is back, unless the task has ended', async () => {
    const { agent, framework } = await stage();
    await framework.accept(framework.lastOffer(), [task('t1', agent.agentId), task('t2', agent.agentId)]);
    await agent.update(framework.id, 't1', 'TASK_RUNNING');
    const second = await agent.update(framework.id, 't2', 'TASK_RUNNING');
    await agent.disconnect();
    await framework.kill('t1');
    await framework.kill('t2');
    const reported = (id: string, state: 'TASK_RUNNING' | 'TASK_FINISHED') => ({
      framework_id: { value: framework.id },
      info: task(id, agent.agentId),
      state,
      status: { ...second, task_id: { value: id }, state },
    });
    agent.tasks = [reported('t1', 'TASK_RUNNING'), reported('t2', 'TASK_FINISHED')];
    await agent.connect();
    expect(agent.of('KILL_TASK').map(({ task_id: id }) => id.value)).toEqual(['t1']);
  });
});
