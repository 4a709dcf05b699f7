import { expect, test } from 'vitest';
import { UsageLog, coresUsed } from './usage.ts';

function measured(id: string, timestamp: number, cpu: number) {
  return {
    framework_id: 'f',
    executor_id: id,
    statistics: { timestamp, cpus_user_time_secs: cpu, cpus_system_time_secs: 0, mem_rss_bytes: 1024 },
  };
}

test('measurements become cores in use; the same measurement counts once', () => {
  const log = new UsageLog();
  for (const [at, cpu] of [
    [1, 10],
    [1, 10],
    [3, 11],
    [5, 11],
  ] as const) {
    log.add([measured('a', at, cpu), measured('b', at, 0)]);
  }
  expect(coresUsed(log.of('a'))).toEqual([null, 0.5, 0]);
  expect(log.of('a')).toHaveLength(3);
  expect(log.of('unknown')).toEqual([]);
});

test('what was not heard of for longest is forgotten first', () => {
  const log = new UsageLog();
  log.add([measured('old', 1, 0)]);
  log.add(Array.from({ length: 500 }, (_, index) => measured(`task ${String(index)}`, 1, 0)));
  expect(log.of('old')).toEqual([]);
  expect(log.of('task 0')).toHaveLength(1);
});
