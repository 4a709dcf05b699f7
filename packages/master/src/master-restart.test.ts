import { describe, expect, it } from 'vitest';
import { ScriptedAgent, resources } from './testing/cluster.ts';
import { charged, reported, stage } from './testing/running-tasks.ts';

describe('after a restart of the master', () => {
  it('the world is what the agents report', async () => {
    const { cluster, agent, framework } = await stage(['t1', 't2']);
    await cluster.restartMaster();
    expect(cluster.master.view?.recovered.size).toBe(1);
    agent.tasks = [reported(framework, agent, 't1'), reported(framework, agent, 't2', 'TASK_FAILED')];
    const id = agent.agentId;
    await agent.connect();
    expect(agent.agentId).toBe(id);
    expect(charged(cluster, agent)).toBe(1000);
    expect(cluster.master.view?.frameworks.get(framework.id)).toMatchObject({
      recovered: true,
      info: { name: 'test' },
    });
    await cluster.time.advance(120_000);
    framework.reconnect();
    await framework.subscribe();
    expect(cluster.master.view?.frameworks.get(framework.id)).toMatchObject({ recovered: false });
    expect(cluster.master.view?.frameworks.get(framework.id)?.tasks.size).toBe(2);
    const offer = framework.lastOffer();
    expect(offer.resources.find(({ name }) => name === 'ports')?.ranges?.range).toEqual([
      { begin: 31000, end: 31000 },
      { begin: 31002, end: 31099 },
    ]);
  });

  it('known agents have ten minutes before they are unreachable', async () => {
    const { cluster, agent } = await stage(['t1']);
    await cluster.restartMaster();
    await cluster.time.advance(599_000);
    expect(cluster.master.view?.recovered.size).toBe(1);
    await cluster.time.advance(3_000);
    expect(cluster.master.view?.recovered.size).toBe(0);
    expect(await cluster.registry.load()).toMatchObject([{ id: agent.agentId, state: 'unreachable' }]);
  });

  it('whoever asks about a task of an agent that has yet to come back has an answer when it has', async () => {
    const { cluster, agent, framework } = await stage(['t1']);
    await cluster.restartMaster();
    framework.reconnect();
    await framework.subscribe();
    const task = { task_id: { value: 't1' }, agent_id: { value: agent.agentId } };
    const own = { framework_id: { value: framework.id } };
    await framework.send({ type: 'RECONCILE', ...own, reconcile: { tasks: [task] } });
    const before = framework.statuses('t1').length;
    await agent.connect();
    expect(framework.statuses('t1').slice(before)).toMatchObject([
      { state: 'TASK_RUNNING', reason: 'REASON_RECONCILIATION' },
    ]);
  });

  it('frameworks are told at once of what runs on agents that come back, for they ask only now and then', async () => {
    for (const afterMs of [0, 2_000, 50_000]) {
      const { cluster, agent, framework } = await stage(['t1']);
      await cluster.restartMaster();
      framework.reconnect();
      await framework.subscribe();
      await cluster.time.advance(afterMs);
      const before = framework.statuses('t1').length;
      await agent.connect();
      expect(framework.statuses('t1').slice(before)).toMatchObject([
        { state: 'TASK_RUNNING', reason: 'REASON_RECONCILIATION', agent_id: { value: agent.agentId } },
      ]);
    }
  });

  it('an agent that the registry has as unreachable tells of its tasks, too, and nobody hears twice of what he knew', async () => {
    const { cluster, agent, framework } = await stage(['t1']);
    await cluster.restartMaster();
    framework.reconnect();
    await framework.subscribe();
    await cluster.time.advance(610_000);
    expect(cluster.master.view?.unreachable.size).toBe(1);
    const before = framework.statuses('t1').length;
    await agent.connect();
    await agent.disconnect();
    await agent.connect();
    expect(framework.statuses('t1').slice(before)).toMatchObject([{ state: 'TASK_RUNNING' }]);
  });

  it('tasks beyond what the agent now says it has stay charged, and none is added', async () => {
    const { cluster, agent, framework } = await stage(['t1', 't2', 't3']);
    await cluster.restartMaster();
    const { tasks } = agent;
    const smaller = new ScriptedAgent(cluster, 'a1', resources(2, 4096, { ports: [31000, 31001] }));
    smaller.id = agent.agentId;
    smaller.tasks = tasks;
    await smaller.connect();
    framework.reconnect();
    await framework.subscribe();
    const record = cluster.master.view?.agents.get(agent.agentId);
    expect([record?.total.cpus, record?.charged.cpus, record?.free.cpus]).toEqual([3000, 3000, 0]);
    await smaller.update(framework.id, 't2', 'TASK_FINISHED');
    expect([record?.total.cpus, record?.free.cpus, record?.overcommitted]).toEqual([2000, 0, true]);
    await smaller.update(framework.id, 't3', 'TASK_FINISHED');
    expect(record?.total).toEqual(record?.reported);
    expect(record?.overcommitted).toBe(false);
  });

  it('an acknowledgement that was lost ends a task a second time, without harm', async () => {
    const { cluster, agent, framework } = await stage(['t1']);
    const end = await agent.update(framework.id, 't1', 'TASK_FINISHED');
    await framework.acknowledge(end);
    await agent.disconnect();
    agent.tasks = [{ ...reported(framework, agent, 't1', 'TASK_FINISHED'), status: end }];
    await agent.connect();
    expect(charged(cluster, agent)).toBe(0);
    agent.send({
      type: 'STATUS_UPDATE',
      framework_id: { value: framework.id },
      status: end,
      latest_state: 'TASK_FINISHED',
    });
    await cluster.settle();
    await framework.acknowledge(end);
    expect(cluster.master.view?.frameworks.get(framework.id)?.tasks.size).toBe(0);
  });
});
