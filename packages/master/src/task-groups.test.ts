import { describe, expect, it } from 'vitest';
import type { TaskInfo } from '@stadion/contract/mesos';
import type { ExecutorInfo } from '@stadion/contract/mesos-workload';
import { Cluster, resources, task, type ScriptedAgent, type ScriptedFramework } from './testing/cluster.ts';

async function stage(): Promise<{ cluster: Cluster; agent: ScriptedAgent; framework: ScriptedFramework }> {
  const cluster = await Cluster.start();
  const agent = await cluster.agent('a1');
  return { cluster, agent, framework: await cluster.framework() };
}

function executor(id = 'e1'): ExecutorInfo {
  return { type: 'DEFAULT', executor_id: { value: id }, resources: resources(0.5, 32) };
}

async function launch(framework: ScriptedFramework, tasks: TaskInfo[], from = executor()): Promise<void> {
  await framework.operate(framework.lastOffer(), [
    { type: 'LAUNCH_GROUP', launch_group: { executor: from, task_group: { tasks } } },
  ]);
}

describe('a task group', () => {
  it('goes to its agent as a whole, and its executor is charged until the last task has ended', async () => {
    const { cluster, agent, framework } = await stage();
    await launch(framework, [task('t1', agent.agentId), task('t2', agent.agentId)]);
    const [run] = agent.of('RUN_TASK_GROUP');
    expect(run?.executor.executor_id.value).toBe('e1');
    expect(run?.tasks.map(({ task_id: id }) => id.value)).toEqual(['t1', 't2']);
    const record = cluster.master.view?.agents.get(agent.agentId);
    expect(record?.charged.cpus).toBe(2500);
    await agent.update(framework.id, 't1', 'TASK_FAILED');
    expect(record?.charged.cpus).toBe(1500);
    await agent.update(framework.id, 't2', 'TASK_KILLED');
    expect(record?.charged.cpus).toBe(0);
    expect(record?.executors.size).toBe(0);
  });

  it('is refused as a whole when one of its tasks cannot be', async () => {
    const { agent, framework } = await stage();
    await launch(framework, [task('t1', agent.agentId), task('t2', agent.agentId, resources(64, 1))]);
    for (const id of ['t1', 't2']) {
      expect(framework.lastStatus(id)).toMatchObject({ state: 'TASK_ERROR', reason: 'REASON_TASK_GROUP_INVALID' });
    }
    expect(agent.of('RUN_TASK_GROUP')).toEqual([]);
  });

  it.each([
    ['no tasks', executor(), 0, undefined],
    ['a custom executor without a command', { ...executor(), type: 'CUSTOM' as const }, 1, undefined],
    ['a command for the default executor', { ...executor(), command: { value: 'x' } }, 1, undefined],
    ['a Docker container', executor(), 1, { type: 'DOCKER' as const }],
    ['a network for one task', executor(), 1, { type: 'MESOS' as const, network_infos: [{ name: 'n' }] }],
  ])('is refused with %s', async (_, from, count, container) => {
    const { agent, framework } = await stage();
    const tasks = Array.from({ length: count }, () => ({
      ...task('t1', agent.agentId),
      ...(container === undefined ? {} : { container }),
    }));
    await launch(framework, tasks, from);
    expect(agent.of('RUN_TASK_GROUP')).toEqual([]);
    if (count > 0) expect(framework.lastStatus('t1').reason).toBe('REASON_TASK_GROUP_INVALID');
  });

  it('is charged as it stands when its agent comes to another master', async () => {
    const { cluster, agent, framework } = await stage();
    await launch(framework, [task('t1', agent.agentId), task('t2', agent.agentId)]);
    const [run] = agent.of('RUN_TASK_GROUP');
    agent.tasks = (run?.tasks ?? []).map((info) => ({
      framework_id: { value: framework.id },
      info,
      executor: executor(),
      state: 'TASK_RUNNING',
    }));
    agent.frameworks = [framework.info];
    await cluster.restartMaster();
    await agent.connect();
    const record = cluster.master.view?.agents.get(agent.agentId);
    expect(record?.charged.cpus).toBe(2500);
    framework.reconnect();
    await framework.subscribe();
    for (const id of ['t1', 't2']) await agent.update(framework.id, id, 'TASK_FINISHED');
    expect(record?.charged.cpus).toBe(0);
  });
});
