import { describe, expect, it } from 'vitest';
import { formatBytes, lookAt, usageBetween } from './task-usage.ts';

const statistics = (task: string, counters: Record<string, number>) => ({
  executor_id: task,
  executor_name: '',
  framework_id: '',
  source: task,
  statistics: { timestamp: 0, ...counters },
});
const look = (...of: ReturnType<typeof statistics>[]) => lookAt([{ node: 'a', statistics: of }]);

describe('what tasks use', () => {
  it('is the difference of two looks over the time between them, the busiest first', () => {
    const before = look(
      statistics('idle', { timestamp: 10, cpus_user_time_secs: 5 }),
      statistics('busy', { timestamp: 10, cpus_user_time_secs: 1, cpus_system_time_secs: 1, net_rx_bytes: 100 }),
    );
    const after = look(
      statistics('idle', { timestamp: 12, cpus_user_time_secs: 5, mem_rss_bytes: 7 }),
      statistics('busy', {
        timestamp: 12,
        cpus_user_time_secs: 2,
        cpus_system_time_secs: 2,
        net_rx_bytes: 300,
        mem_total_bytes: 50,
        mem_rss_bytes: 20,
      }),
    );
    const [busy, idle] = usageBetween(before, after);
    expect(busy).toMatchObject({ task: 'busy', node: 'a', cpus: 1, receivedBytesPerSecond: 100, memoryBytes: 50 });
    expect(idle).toMatchObject({ task: 'idle', cpus: 0, memoryBytes: 7 });
    expect(idle?.receivedBytesPerSecond).toBeUndefined();
  });

  it('has no rates for a task that is new', () => {
    const [usage] = usageBetween(look(), look(statistics('new', { timestamp: 9, cpus_user_time_secs: 3 })));
    expect(usage).toMatchObject({ task: 'new', cpus: 0 });
  });

  it('is shown in the unit that fits', () => {
    expect([0, 900, 1536, 20 * 2 ** 20, 1.5 * 2 ** 30].map(formatBytes)).toEqual([
      '0',
      '900 B',
      '1.5 KiB',
      '20 MiB',
      '1.5 GiB',
    ]);
  });
});
