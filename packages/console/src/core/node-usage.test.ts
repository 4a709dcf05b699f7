import type { ExecutorStatistics } from '@stadion/contract/mesos-state';
import { expect, test } from 'vitest';
import { NodeUsageLog } from './node-usage.ts';

const line = (id: string, timestamp: number, cpuSeconds: number): ExecutorStatistics => ({
  executor_id: id,
  executor_name: '',
  framework_id: '',
  source: id,
  statistics: {
    timestamp,
    cpus_user_time_secs: cpuSeconds,
    cpus_system_time_secs: 0,
    mem_rss_bytes: 2 * 1024 * 1024,
  },
});
const promised = { cpus: 1, mem: 64 };

test('what all tasks used since the look before is added up; who came meanwhile counts from the next one on', () => {
  const log = new NodeUsageLog();
  log.add('a', 1_000, [line('one', 1, 10)], promised);
  log.add('a', 3_000, [line('one', 3, 11), line('two', 3, 100)], promised);
  log.add('a', 5_000, [line('one', 5, 12), line('two', 5, 104)], promised);
  expect(log.of('a').map(({ cores }) => cores)).toEqual([null, 0.5, 2.5]);
  expect(log.of('a').map(({ memory }) => memory)).toEqual([2, 4, 4]);
});

test('a look that was had already is passed over, and no more than ten minutes are kept', () => {
  const log = new NodeUsageLog();
  for (let time = 1; time <= 400; time += 1) log.add('a', time, [], promised);
  log.add('a', 400, [], promised);
  expect(log.of('a')).toHaveLength(300);
  expect(log.of('b')).toBe(log.of('c'));
});
