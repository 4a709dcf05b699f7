import type { ExecutorStatistics, StateExecutor } from '@stadion/contract/mesos-state';
import { expect, test } from 'vitest';
import { frameworkShares } from './node-frameworks.ts';

const executor = (id: string, cpus: number, tasks: readonly string[]): StateExecutor => ({
  id,
  role: 'dev',
  directory: '/sandbox',
  resources: { cpus, mem: 32 },
  tasks: tasks.map((task) => ({ id: task })),
});

test('what executors hold and use is added up by framework and role, what those of a pod use by its tasks', () => {
  const executors = [executor('web', 1, ['web']), executor('pod', 2, ['a', 'b'])];
  const statistics: ExecutorStatistics[] = [
    { executor_id: 'web', executor_name: '', framework_id: 'F', statistics: { mem_rss_bytes: 1024 * 1024 } },
  ];
  const cores = new Map([
    ['web', 0.5],
    ['a', 0.25],
    ['b', 0.125],
  ]);
  const shares = frameworkShares(
    { frameworks: [{ id: 'F', name: 'marathon', executors, completed_executors: [] }] },
    statistics,
    (id) => cores.get(id) ?? 0,
  );
  expect(shares).toEqual([
    { frameworkId: 'F', name: 'marathon', role: 'dev', tasks: 3, cpus: 3, mem: 64, cpusUsed: 0.875, memUsed: 1 },
  ]);
});
