/** What Mesos's master does not take, whoever would run it: TASK_ERROR, in words. */
import { describe, expect, it } from 'vitest';
import type { CommandInfo, ContainerInfo, HealthCheckInfo, Resource, TaskInfo } from '@stadion/contract/mesos';
import type { CheckInfo, ExecutorInfo } from '@stadion/contract/mesos-workload';
import { Cluster, resources, task, type ScriptedAgent, type ScriptedFramework } from './testing/cluster.ts';

async function stage(): Promise<{ agent: ScriptedAgent; framework: ScriptedFramework }> {
  const cluster = await Cluster.start();
  const agent = await cluster.agent('a1');
  agent.send({ type: 'OVERSUBSCRIBED', resources: [lent(4)] });
  await cluster.settle();
  const capabilities = [{ type: 'REVOCABLE_RESOURCES' as const }, { type: 'PARTITION_AWARE' as const }];
  const framework = await cluster.framework({ capabilities });
  return { agent, framework };
}

function lent(value: number): Resource {
  return { name: 'cpus', type: 'SCALAR', scalar: { value }, revocable: {} };
}

const TIMES = { delay_seconds: 0, interval_seconds: 10, timeout_seconds: 5 };
const health = (more: Partial<HealthCheckInfo>): Partial<TaskInfo> => ({
  health_checks: [
    { type: 'TCP', ...TIMES, consecutive_failures: 3, grace_period_seconds: 30, kill_on_failure: true, ...more },
  ],
});
const check = (more: Partial<CheckInfo>): Partial<TaskInfo> => ({ check: { type: 'TCP', ...TIMES, ...more } });
type Variable = NonNullable<CommandInfo['environment']>['variables'][number];
const variable = (more: Partial<Variable>): Partial<TaskInfo> => ({
  command: { value: 'true', environment: { variables: [{ name: 'X', ...more }] } },
});
const volume = (more: object): Partial<TaskInfo> => ({
  container: { type: 'MESOS', volumes: [{ mode: 'RW', container_path: 'd', ...more }] },
});
const EXECUTOR: ExecutorInfo = {
  type: 'CUSTOM',
  executor_id: { value: 'e1' },
  command: { value: './run' },
  resources: resources(0.5, 32),
};
const executed = (more: Partial<ExecutorInfo>, own: Partial<TaskInfo> = {}): Partial<TaskInfo> => ({
  command: undefined as never,
  executor: { ...EXECUTOR, ...more },
  ...own,
});

describe('a task is refused', () => {
  it.each<[string, string, Partial<TaskInfo>]>([
    ['with neither command nor executor', 'at least one (but not both)', { command: undefined as never }],
    ['with both', 'at least one (but not both)', { executor: EXECUTOR }],
    ['with a TCP health check of nothing', `'tcp' must be set`, health({})],
    ['with an HTTP health check of nothing', `'http' must be set`, health({ type: 'HTTP' })],
    ['with a COMMAND health check of nothing', `'command' must be set`, health({ type: 'COMMAND' })],
    ['with a health check whose command is empty', 'is empty', health({ type: 'COMMAND', command: {} })],
    ['with a path that is none', `must start with '/'`, health({ type: 'HTTP', http: { port: 1, path: 'x' } })],
    ['with a negative delay', `'delay_seconds'`, health({ tcp: { port: 1 }, delay_seconds: -1 })],
    ['with a negative interval', `'interval_seconds'`, health({ tcp: { port: 1 }, interval_seconds: -1 })],
    ['with a negative timeout', `'timeout_seconds'`, health({ tcp: { port: 1 }, timeout_seconds: -1 })],
    ['with a negative grace', `'grace_period_seconds'`, health({ tcp: { port: 1 }, grace_period_seconds: -1 })],
    ['with a check of nothing', `invalid check: 'tcp' must be set`, check({})],
    [
      'with a check whose timeout is negative',
      `invalid check: 'timeout_seconds'`,
      {
        ...check({ tcp: { port: 1 }, timeout_seconds: -1 }),
      },
    ],
    ['with a variable without a value', `must have a 'value'`, variable({})],
    ['with a secret variable without one', `must have a 'secret'`, variable({ type: 'SECRET' })],
    [
      'with a variable that is both',
      `must not have a 'value'`,
      variable({
        type: 'SECRET',
        value: '1',
        secret: { type: 'REFERENCE', reference: { name: 's' } },
      }),
    ],
    [
      'with a value that has a secret',
      `must not have a 'secret'`,
      variable({
        value: '1',
        secret: { type: 'REFERENCE', reference: { name: 's' } },
      }),
    ],
    [
      'with a secret of another type',
      `without 'reference'`,
      variable({
        type: 'SECRET',
        secret: { type: 'REFERENCE', value: { data: 'eA==' } },
      }),
    ],
    ['with a Docker container of nothing', `'docker' must be set`, { container: { type: 'DOCKER' } }],
    [
      'with a volume from two places',
      `both a 'host_path' and a 'source'`,
      volume({
        host_path: '/x',
        source: { type: 'SANDBOX_PATH', sandbox_path: { type: 'SELF', path: 'p' } },
      }),
    ],
    ['with a volume from nowhere', `'source.docker_volume'`, volume({ source: { type: 'DOCKER_VOLUME' } })],
    [
      'with an absolute path in a sandbox',
      'absolute path',
      volume({
        source: { type: 'SANDBOX_PATH', sandbox_path: { type: 'SELF', path: '/p' } },
      }),
    ],
    [
      'with control groups of its own',
      `'share_cgroups'`,
      {
        container: { type: 'MESOS', linux_info: { share_cgroups: false } },
      },
    ],
    [
      'with resources that others share',
      'cannot be shared',
      {
        resources: [...resources(1, 1), { name: 'disk', type: 'SCALAR', scalar: { value: 1 }, shared: {} }],
      },
    ],
    [
      'with an executor that shares control groups',
      `'share_cgroups'`,
      executed({
        container: { type: 'MESOS', linux_info: { share_cgroups: true } },
      }),
    ],
    [
      'with an executor whose variable has no value',
      `Executor's 'CommandInfo'`,
      executed({
        command: { value: './run', environment: { variables: [{ name: 'X' }] } },
      }),
    ],
    [
      'with lent cpus and an executor with its own',
      'both revocable and non-revocable',
      executed(
        {},
        {
          resources: [lent(1), ...resources(0, 32).slice(1)],
        },
      ),
    ],
  ])('%s', async (_case, sentence, more) => {
    const { agent, framework } = await stage();
    await framework.accept(framework.lastOffer(), [
      { ...task('bad', agent.agentId), ...more },
      task('good', agent.agentId),
    ]);
    expect(framework.lastStatus('bad')).toMatchObject({ state: 'TASK_ERROR', reason: 'REASON_TASK_INVALID' });
    expect(framework.lastStatus('bad').message).toContain(sentence);
    expect(agent.of('RUN_TASKS').flatMap(({ tasks }) => tasks.map(({ name }) => name))).toEqual(['good']);
  });

  it('and taken with everything that Mesos takes', async () => {
    const { agent, framework } = await stage();
    const container: ContainerInfo = {
      type: 'MESOS',
      volumes: [
        { mode: 'RW', container_path: 'a', host_path: '/x' },
        { mode: 'RO', container_path: 'b', source: { type: 'HOST_PATH', host_path: { path: '/x' } } },
      ],
    };
    const fine: TaskInfo = {
      ...task('fine', agent.agentId),
      ...health({ type: 'HTTP', http: { port: 80 } }),
      ...check({ type: 'COMMAND', command: { command: { value: 'true' } } }),
      ...variable({ type: 'SECRET', secret: { type: 'VALUE', value: { data: 'eA==' } } }),
      container,
    };
    await framework.accept(framework.lastOffer(), [fine]);
    expect(agent.of('RUN_TASKS')).toHaveLength(1);
  });
});

describe('a group is refused', () => {
  const DEFAULT: ExecutorInfo = { type: 'DEFAULT', executor_id: { value: 'e1' }, resources: resources(0.5, 32) };
  const { type: _type, ...untyped } = DEFAULT;
  const apart: ContainerInfo = { type: 'MESOS', linux_info: { share_cgroups: false } };

  it.each<[string, string, ExecutorInfo, Partial<TaskInfo>]>([
    ['with an executor of no type', `'ExecutorInfo.type' must be set`, untyped, {}],
    [
      'with an image for the default executor',
      'no image of its own',
      {
        ...DEFAULT,
        container: { type: 'MESOS', mesos: { image: { type: 'DOCKER', docker: { name: 'web' } } } },
      },
      {},
    ],
    [
      'when some tasks share control groups and others do not',
      `'share_cgroups' must be the same`,
      DEFAULT,
      {
        container: apart,
      },
    ],
    [
      'when some cpus are lent and others are not',
      'both revocable and non-revocable',
      DEFAULT,
      {
        resources: [lent(1), ...resources(0, 32).slice(1)],
      },
    ],
    ['with a health check of nothing', `'tcp' must be set`, DEFAULT, health({})],
  ])('%s', async (_case, sentence, executor, more) => {
    const { agent, framework } = await stage();
    const tasks = [task('t1', agent.agentId), { ...task('t2', agent.agentId), ...more }];
    await framework.operate(framework.lastOffer(), [
      { type: 'LAUNCH_GROUP', launch_group: { executor, task_group: { tasks } } },
    ]);
    for (const id of ['t1', 't2']) {
      expect(framework.lastStatus(id)).toMatchObject({ state: 'TASK_ERROR', reason: 'REASON_TASK_GROUP_INVALID' });
      expect(framework.lastStatus(id).message).toContain(sentence);
    }
    expect(agent.of('RUN_TASK_GROUP')).toEqual([]);
  });
});
