import { describe, expect, it } from 'vitest';
import { Cluster, resources, task } from './testing/cluster.ts';

describe('the life of a task', () => {
  it('goes from offer to acknowledged end, and its resources come back', async () => {
    const cluster = await Cluster.start();
    const agent = await cluster.agent('a1');
    const framework = await cluster.framework();
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
    expect([...(cluster.master.view?.frameworks.get(framework.id)?.completedTasks ?? [])].map(({ id }) => id)).toEqual([
      't1',
    ]);
  });

  it('frees once however often the end is reported', async () => {
    const cluster = await Cluster.start();
    const agent = await cluster.agent('a1');
    const framework = await cluster.framework();
    await framework.accept(framework.lastOffer(), [
      task('t1', agent.agentId, resources(1, 128, { ports: [31000, 31000] })),
    ]);
    const end = await agent.update(framework.id, 't1', 'TASK_FAILED');
    agent.send({
      type: 'STATUS_UPDATE',
      framework_id: { value: framework.id },
      status: end,
      latest_state: 'TASK_FAILED',
    });
    await cluster.settle();
    await framework.acknowledge(end);
    agent.send({
      type: 'STATUS_UPDATE',
      framework_id: { value: framework.id },
      status: end,
      latest_state: 'TASK_FAILED',
    });
    await cluster.settle();
    expect(framework.statuses('t1')).toHaveLength(3);
    await framework.acknowledge(end);
    expect(agent.of('ACKNOWLEDGE_STATUS_UPDATE')).toHaveLength(2);
    expect(cluster.master.view?.agents.get(agent.agentId)?.charged.cpus).toBe(0);
  });
});
