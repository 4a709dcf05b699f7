import type { StateTask } from '@stadion/contract/mesos-state';
import { expect, test } from 'vitest';
import { offeredValues, taskHealth, tasksWith } from './cluster-tasks.ts';

const task = (id: string, more: Partial<StateTask> = {}): StateTask => ({
  id,
  name: '',
  framework_id: 'F',
  executor_id: '',
  slave_id: 'S',
  state: 'TASK_RUNNING',
  resources: {},
  statuses: [],
  ...more,
});

test('tasks are found by words, state, role and framework, all at once', () => {
  const tasks = [
    task('Web.1', { role: 'dev' }),
    task('web.2', { state: 'TASK_FAILED' }),
    task('db.1', { framework_id: 'G' }),
  ];
  const ids = (search: object): string[] => tasksWith(tasks, { q: '', ...search }).map(({ id }) => id);
  expect(ids({})).toEqual(['Web.1', 'web.2', 'db.1']);
  expect(ids({ q: 'web' })).toEqual(['Web.1', 'web.2']);
  expect(ids({ q: 'web', state: ['TASK_RUNNING'] })).toEqual(['Web.1']);
  expect(ids({ role: ['*'] })).toEqual(['web.2', 'db.1']);
  expect(ids({ framework: ['G'] })).toEqual(['db.1']);
});

test('only what runs is healthy or not, by what was heard of it last', () => {
  const statuses = [true, false].map((healthy, at) => ({ state: 'TASK_RUNNING', timestamp: at, healthy }));
  expect(taskHealth(task('a', { statuses }))).toBe('unhealthy');
  expect(taskHealth(task('a'))).toBe('none');
  expect(taskHealth(task('a', { statuses, state: 'TASK_KILLED' }))).toBeUndefined();
});

test('what is chosen is offered, also when nothing has it any more', () => {
  expect(offeredValues(['b', 'a', 'b'], ['c'])).toEqual(['a', 'b', 'c']);
});
