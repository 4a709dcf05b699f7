/** What the Engine measures of a container (`GET /containers/{id}/stats`), as the agent's pages have it. */
import type { ContainerStats } from 'dockerode';
import type { ContainerUsage } from '../../core/container.ts';

/** Nanoseconds in a second: the Engine counts cpu time in them. */
const NANOSECONDS = 1e9;

/** @param limitBytes the memory limit that was asked for; the Engine says the machine's memory when there is none */
export function toUsage(stats: ContainerStats, limitBytes: number | undefined): ContainerUsage {
  const { cpu_stats: cpu, memory_stats: memory, pids_stats: pids } = stats;
  // On cgroup v2 the Engine passes the members of memory.stat on: anon and file instead of rss and cache.
  const detail: Readonly<Record<string, number>> = { ...memory.stats };
  const rss = detail['rss'] ?? detail['anon'] ?? 0;
  const processes = pids?.current ?? 0;
  const throttling = cpu.throttling_data as ContainerStats['cpu_stats']['throttling_data'] | undefined;
  return {
    processes,
    threads: processes,
    cpuUserSeconds: cpu.cpu_usage.usage_in_usermode / NANOSECONDS,
    cpuSystemSeconds: cpu.cpu_usage.usage_in_kernelmode / NANOSECONDS,
    memoryRssBytes: rss,
    ...(throttling === undefined
      ? {}
      : {
          cpuThrottling: {
            periods: throttling.periods,
            throttledPeriods: throttling.throttled_periods,
            throttledSeconds: throttling.throttled_time / NANOSECONDS,
          },
        }),
    memory: {
      totalBytes: memory.usage,
      cacheBytes: detail['cache'] ?? detail['file'] ?? 0,
      ...(memory.max_usage > 0 ? { peakBytes: memory.max_usage } : {}),
      ...(limitBytes === undefined ? {} : { limitBytes }),
    },
    ...networkOf(stats),
  };
}

/** All interfaces of the container together. */
function networkOf(stats: ContainerStats): Pick<ContainerUsage, 'network'> | object {
  const networks = Object.values((stats.networks as ContainerStats['networks'] | undefined) ?? {});
  if (networks.length === 0) return {};
  const sum = (pick: (network: (typeof networks)[number]) => number): number =>
    networks.reduce((total, each) => total + pick(each), 0);
  return {
    network: {
      receivedBytes: sum((each) => each.rx_bytes),
      receivedPackets: sum((each) => each.rx_packets),
      receiveErrors: sum((each) => each.rx_errors),
      receiveDropped: sum((each) => each.rx_dropped),
      sentBytes: sum((each) => each.tx_bytes),
      sentPackets: sum((each) => each.tx_packets),
      sendErrors: sum((each) => each.tx_errors),
      sendDropped: sum((each) => each.tx_dropped),
    },
  };
}
