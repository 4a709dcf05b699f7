import { expect, test } from 'vitest';
import type { StateSlave, SummaryFramework } from '@stadion/contract/mesos-state';
import { frameworkRows, resourceFacts, taskCounts } from './cluster-facts.ts';

const slave = (id: string, cpus: number, used: number, offered: number): StateSlave => ({
  id,
  hostname: id,
  port: 5051,
  pid: `slave(1)@${id}:5051`,
  attributes: {},
  registered_time: 1,
  resources: { cpus, mem: 100, disk: 10, gpus: 0, ports: '[31000-32000]' },
  used_resources: { cpus: used, mem: 50, disk: 0, gpus: 0 },
  offered_resources: { cpus: offered, mem: 0, disk: 0, gpus: 0 },
  reserved_resources: { ops: { cpus: 0.5 }, data: { cpus: 0.25 } },
  active: true,
  version: '1.11.0',
});

const framework = (id: string, active: boolean, cpus: number): SummaryFramework => ({
  id,
  name: id,
  active,
  connected: active,
  user: 'root',
  hostname: 'host',
  roles: ['*'],
  registered_time: 7,
  used_resources: { cpus, mem: 10, disk: 0, gpus: 0 },
  offered_resources: {},
  TASK_STAGING: 1,
  TASK_STARTING: 0,
  TASK_RUNNING: 2,
  TASK_KILLING: 0,
  TASK_UNREACHABLE: 1,
});

const slaves = [slave('one', 4, 1, 2), slave('two', 4, 1, 0)];

test('what there is, is held, offered or idle; what is reserved is told beside; no GPU anywhere is not told', () => {
  const facts = resourceFacts(slaves);
  expect(facts.map(({ name }) => name)).toEqual(['cpus', 'mem', 'disk']);
  expect(facts[0]).toEqual({ name: 'cpus', total: 8, allocated: 2, offered: 2, idle: 4, reserved: 1.5 });
});

test('frameworks stand by the share that they hold, those that left at the end', () => {
  const rows = frameworkRows(
    { hostname: 'host', slaves, frameworks: [framework('small', false, 1), framework('large', true, 4)] },
    [
      {
        framework_info: { id: { value: 'gone' }, name: 'gone', user: 'nobody', role: 'ops' },
        active: false,
        connected: false,
        unregistered_time: { nanoseconds: 5e9 },
      },
    ],
  );
  expect(rows.map(({ id, state, tasks, share }) => [id, state, tasks, share])).toEqual([
    ['large', 'active', 4, 0.5],
    ['small', 'inactive', 4, 0.125],
    ['gone', 'completed', 0, 0],
  ]);
  expect(rows[2]).toMatchObject({ roles: ['ops'], at: 5_000 });
});

test('states that tasks are seldom in are only told when one is', () => {
  const states = taskCounts({ 'master/tasks_running': 3, 'master/tasks_dropped': 1 }).map(({ state }) => state);
  expect(states).toContain('TASK_RUNNING');
  expect(states).toContain('TASK_FAILED');
  expect(states).toContain('TASK_DROPPED');
  expect(states).not.toContain('TASK_LOST');
});
