import { expect, it } from 'vitest';
import { together } from './executor-statistics.ts';

it('adds up what containers use, but for the network, which they share, and the moment', () => {
  const one = { timestamp: 5, processes: 1, mem_rss_bytes: 10, net_rx_bytes: 70 };
  const other = { timestamp: 6, processes: 2, mem_rss_bytes: 20, net_rx_bytes: 71, cpus_nr_periods: 3 };
  expect(together([one, other])).toEqual({
    timestamp: 6,
    processes: 3,
    mem_rss_bytes: 30,
    net_rx_bytes: 71,
    cpus_nr_periods: 3,
  });
});
