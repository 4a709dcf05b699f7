import { expect, test } from 'vitest';
import type { StateTask } from '@stadion/contract/mesos-state';
import type { Task } from '@stadion/contract/orchestrator';
import { appSources, podSources, wantedSources } from './log-sources.ts';

const UUID = '3a92aaf3-146b-4e08-8d05-f800fe9594cd';
const OTHER = 'bd1ad57b-4c1a-490d-aff6-258e35cfb14a';

const stateTask = (id: string, state: string, begun: number, executor = ''): StateTask => ({
  id,
  name: 'web',
  framework_id: 'fw',
  executor_id: executor,
  slave_id: 'agent',
  state,
  resources: {},
  statuses: [
    { state: 'TASK_STARTING', timestamp: begun },
    { state, timestamp: begun + 10 },
  ],
});

test('an app is read where it runs and where it ran, also a task so old that it is not among the latest', () => {
  const ended = `web.instance-${UUID}._app.1`;
  const old = `web.instance-${OTHER}._app.1`;
  const running: Task = {
    id: old,
    appId: '/web',
    host: 'node',
    slaveId: 'agent',
    state: 'TASK_RUNNING',
    role: '*',
    ports: [],
    servicePorts: [],
    ipAddresses: [],
    healthCheckResults: [],
    localVolumes: [],
    startedAt: '1970-01-01T00:00:05.000Z',
    version: '1970-01-01T00:00:04.000Z',
  };
  const sources = appSources(
    { id: '/web', tasks: [running] },
    {
      frameworkId: 'fw',
      recent: [stateTask(ended, 'TASK_FAILED', 100), stateTask(`web_two.instance-${UUID}._app.1`, 'TASK_RUNNING', 1)],
      versions: ['1970-01-01T00:03:00.000Z', '1970-01-01T00:01:30.000Z'],
    },
  );
  expect(sources).toMatchObject([
    { taskId: old, path: `/frameworks/fw/executors/${old}/runs/latest`, version: '1970-01-01T00:00:04.000Z' },
    { taskId: ended, endedAt: 110_000, version: '1970-01-01T00:01:30.000Z' },
  ]);
  expect(wantedSources(sources, { since: '1970-01-01T00:05:00Z' }).map(({ taskId }) => taskId)).toEqual([old]);
  expect(wantedSources(sources, { version: ['1970-01-01T00:01:30.000Z'] })).toHaveLength(1);
});

test('each container of a pod has a log of its own in the sandbox of its executor', () => {
  const instance = `pair.instance-${UUID}`;
  const sources = podSources(
    {
      id: '/pair',
      instances: [
        {
          id: instance,
          status: 'STABLE',
          statusSince: '1970-01-01T00:00:05.000Z',
          agentId: 'agent',
          resources: { cpus: 1, mem: 1, disk: 0, gpus: 0 },
          networks: [],
          specReference: '/v2/pods/pair::versions/1970-01-01T00:00:01.000Z',
          localVolumes: [],
          role: '*',
          lastUpdated: '',
          lastChanged: '',
          containers: [
            {
              name: 'one',
              containerId: `${instance}.one.2`,
              status: 'TASK_RUNNING',
              statusSince: '',
              conditions: [],
              endpoints: [],
              resources: { cpus: 1, mem: 1, disk: 0, gpus: 0 },
              lastUpdated: '',
              lastChanged: '',
            },
          ],
        },
      ],
    },
    { frameworkId: 'fw', recent: [], versions: [] },
  );
  expect(sources).toEqual([
    {
      taskId: `${instance}.one.2`,
      agentId: 'agent',
      path: `/frameworks/fw/executors/${instance}.2/runs/latest/tasks/${instance}.one.2`,
      name: '3a92aaf3.2 one',
      container: 'one',
      version: '1970-01-01T00:00:01.000Z',
      startedAt: 5_000,
    },
  ]);
});
