import { describe, expect, it } from 'vitest';
import type { TaskInfo } from '@stadion/contract/mesos';
import type { ExecutorInfo } from '@stadion/contract/mesos-workload';
import { Cluster, resources, task } from './testing/cluster.ts';
import { checkInvariants } from './testing/invariants.ts';

const EXECUTOR: ExecutorInfo = {
  type: 'CUSTOM',
  executor_id: { value: 'e1' },
  command: { value: './runner' },
  resources: resources(0.5, 32),
};

async function stage() {
  const cluster = await Cluster.start();
  const agent = await cluster.agent('a1');
  const framework = await cluster.framework();
  const charged = (): number | undefined => cluster.master.view?.agents.get(agent.agentId)?.charged.cpus;
  const exited = async (status: number): Promise<void> => {
    agent.send({
      type: 'EXECUTOR_EXITED',
      framework_id: { value: framework.id },
      executor_id: EXECUTOR.executor_id,
      status,
    });
    await cluster.settle();
    if (cluster.master.view !== undefined) checkInvariants(cluster.master.view);
  };
  const executed = (id: string, executor: ExecutorInfo = EXECUTOR): TaskInfo => {
    const { command: _executors, ...info } = task(id, agent.agentId);
    return { ...info, executor };
  };
  const launch = (...tasks: TaskInfo[]) => framework.accept(framework.lastOffer(), tasks);
  return { cluster, agent, framework, charged, exited, executed, launch };
}

const failures = (events: readonly { readonly type: string }[]) => events.filter(({ type }) => type === 'FAILURE');

describe('a custom executor', () => {
  it('is charged once for all its tasks, until its process has ended and they have', async () => {
    const { agent, framework, charged, exited, executed, launch } = await stage();
    await launch(executed('t1'), executed('t2'));
    expect(agent.of('RUN_TASKS')[0]?.tasks.map(({ executor }) => executor?.executor_id.value)).toEqual(['e1', 'e1']);
    expect(charged()).toBe(2500);
    expect(framework.lastOffer().executor_ids).toEqual([{ value: 'e1' }]);
    await agent.update(framework.id, 't1', 'TASK_FINISHED');
    await launch(executed('t3'));
    expect(charged()).toBe(2500);
    await agent.update(framework.id, 't2', 'TASK_FINISHED');
    await agent.update(framework.id, 't3', 'TASK_FINISHED');
    expect(charged()).toBe(500);
    await exited(256);
    expect(charged()).toBe(0);
    expect(failures(framework.events)).toEqual([
      {
        type: 'FAILURE',
        failure: { agent_id: { value: agent.agentId }, executor_id: { value: 'e1' }, status: 256 },
      },
    ]);
  });

  it('is charged anew when it ended with a task on its way, which another process of it runs', async () => {
    const { agent, framework, charged, exited, executed, launch } = await stage();
    await launch(executed('t1'));
    await launch(executed('t2'));
    await exited(9);
    await agent.update(framework.id, 't1', 'TASK_FAILED');
    await agent.update(framework.id, 't2', 'TASK_RUNNING');
    await agent.update(framework.id, 't2', 'TASK_FINISHED');
    expect(charged()).toBe(500);
    await exited(0);
    expect(charged()).toBe(0);
  });

  it('stays charged when all that is heard of its next process is the end of a task', async () => {
    const { cluster, agent, framework, charged, exited, executed, launch } = await stage();
    await launch(executed('t1'));
    await exited(9);
    agent.send({
      type: 'STATUS_UPDATE',
      framework_id: { value: framework.id },
      status: { task_id: { value: 't1' }, state: 'TASK_FINISHED', timestamp: 1, uuid: 'AAAAAAAAAAAAAAAAAAAAAA==' },
      latest_state: 'TASK_FINISHED',
      executor_lives: true,
    });
    await cluster.settle();
    expect(charged()).toBe(500);
    await exited(0);
    expect(failures(framework.events)).toHaveLength(2);
    expect(charged()).toBe(0);
  });

  it.each([
    ['another description of the same id', { ...EXECUTOR, command: { value: './other' } }],
    ['the framework of somebody else', { ...EXECUTOR, executor_id: { value: 'e2' }, framework_id: { value: 'x' } }],
    ['no command', { type: 'CUSTOM' as const, executor_id: { value: 'e2' }, resources: [] }],
    ['the default executor', { ...EXECUTOR, executor_id: { value: 'e2' }, type: 'DEFAULT' as const }],
    ['more than is offered', { ...EXECUTOR, executor_id: { value: 'e2' }, resources: resources(64, 1) }],
    ['a name that is no name', { ...EXECUTOR, executor_id: { value: 'a/b' } }],
  ])('is refused with %s', async (_, other) => {
    const { framework, executed, launch } = await stage();
    await launch(executed('t1'));
    await launch(executed('t2', other));
    expect(framework.lastStatus('t2')).toMatchObject({ state: 'TASK_ERROR', reason: 'REASON_TASK_INVALID' });
  });

  it('runs groups beside tasks, and any number of them', async () => {
    const { agent, framework, charged, executed, launch } = await stage();
    await launch(executed('t1'));
    for (const id of ['g1', 'g2']) {
      const tasks = [task(id, agent.agentId)];
      await framework.operate(framework.lastOffer(), [
        { type: 'LAUNCH_GROUP', launch_group: { executor: EXECUTOR, task_group: { tasks } } },
      ]);
    }
    expect(agent.of('RUN_TASK_GROUP')).toHaveLength(2);
    expect(charged()).toBe(3500);
  });

  it('and its framework speak through the master, and the framework may end it', async () => {
    const { cluster, agent, framework, executed, launch } = await stage();
    await launch(executed('t1'));
    const whom = { agent_id: { value: agent.agentId }, executor_id: { value: 'e1' } };
    const framework_id = { value: framework.id };
    await framework.send({ type: 'MESSAGE', framework_id, message: { ...whom, data: 'aGk=' } });
    expect(agent.of('FRAMEWORK_MESSAGE')).toMatchObject([{ executor_id: { value: 'e1' }, data: 'aGk=' }]);
    agent.send({ type: 'EXECUTOR_MESSAGE', framework_id, executor_id: whom.executor_id, data: 'eW8=' });
    await cluster.settle();
    expect(framework.events.at(-1)).toEqual({ type: 'MESSAGE', message: { ...whom, data: 'eW8=' } });
    // To an agent that nobody knows, and from the executor of nobody's.
    await framework.send({ type: 'MESSAGE', framework_id, message: { ...whom, agent_id: { value: 'x' }, data: '' } });
    const nobody = { framework_id: { value: 'x' }, executor_id: whom.executor_id, data: '' };
    agent.send({ type: 'EXECUTOR_MESSAGE', ...nobody });
    agent.send({ type: 'EXECUTOR_MESSAGE', ...nobody });
    await framework.send({ type: 'REQUEST', framework_id });
    await cluster.settle();
    expect(cluster.master.view?.counters).toMatchObject({
      validFrameworkMessages: 1,
      invalidFrameworkMessages: 1,
      validExecutorMessages: 1,
      invalidExecutorMessages: 2,
      messagesResourceRequest: 1,
    });
    await framework.send({ type: 'SHUTDOWN', framework_id, shutdown: whom });
    expect(agent.of('SHUTDOWN_EXECUTOR')).toMatchObject([{ framework_id, executor_id: whom.executor_id }]);
  });

  it('is known to the next master, with tasks or without; what the agent does not have any more has failed', async () => {
    const { cluster, agent, framework, executed, launch } = await stage();
    await launch(executed('t1'));
    agent.executors = [{ framework_id: { value: framework.id }, executor: EXECUTOR }];
    agent.frameworks = [framework.info];
    await cluster.restartMaster();
    await agent.connect();
    const record = cluster.master.view?.agents.get(agent.agentId);
    expect(record?.charged.cpus).toBe(500);
    framework.reconnect();
    await framework.subscribe();
    agent.executors = [];
    await agent.disconnect();
    await agent.connect();
    expect(cluster.master.view?.agents.get(agent.agentId)?.charged.cpus).toBe(0);
    expect(failures(framework.events)).toMatchObject([{ failure: { executor_id: { value: 'e1' }, status: 9 } }]);
  });

  it('goes with its framework', async () => {
    const { cluster, agent, framework, charged, executed, launch } = await stage();
    await launch(executed('t1'));
    await agent.update(framework.id, 't1', 'TASK_FINISHED');
    await framework.send({ type: 'TEARDOWN', framework_id: { value: framework.id } });
    expect(agent.of('SHUTDOWN_FRAMEWORK')).toHaveLength(1);
    expect(charged()).toBe(0);
    if (cluster.master.view !== undefined) checkInvariants(cluster.master.view);
  });
});
