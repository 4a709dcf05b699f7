/** What the Engine measures of a container (`GET /containers/{id}/stats`), as the agent's pages have it. */
import { describeError, type Logger } from '@stadion/base';
import type Docker from 'dockerode';
import type { ContainerStats } from 'dockerode';
import type { ConcurrencyLimit } from '../../concurrency-limit.ts';
import type { ContainerUsage } from '../../core/container.ts';
import type { Tracked } from './tracked.ts';

/** Nanoseconds in a second: the Engine counts cpu time in them. */
const NANOSECONDS = 1e9;

/** Measures those that run; one that cannot be is left out. */
export async function measureAll(
  docker: Docker,
  containers: Iterable<Tracked>,
  requests: ConcurrencyLimit,
  log: Logger,
): Promise<ReadonlyMap<string, ContainerUsage>> {
  const usage = new Map<string, ContainerUsage>();
  const measured = [...containers].map(({ containerId, dockerId, phase, limitBytes }) =>
    requests.run(async () => {
      if (dockerId === undefined || phase !== 'running') return;
      try {
        const stats = await docker.getContainer(dockerId).stats({ stream: false, 'one-shot': true });
        usage.set(containerId, toUsage(stats, limitBytes));
      } catch (error) {
        log.debug({ containerId, error: describeError(error) }, 'a container could not be measured');
      }
    }),
  );
  await Promise.all(measured);
  return usage;
}

/** @param limitBytes the memory limit that was asked for; the Engine says the machine's memory when there is none */
function toUsage(stats: ContainerStats, limitBytes: number | undefined): ContainerUsage {
  const { cpu_stats: cpu, memory_stats: memory, pids_stats: pids } = stats;
  // On cgroup v2 the Engine passes the members of memory.stat on: anon and file instead of rss and cache.
  const detail: Readonly<Record<string, number>> = { ...memory.stats };
  const rss = detail['rss'] ?? detail['anon'] ?? 0;
  const mapped = detail['mapped_file'] ?? detail['file_mapped'];
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
      ...(mapped === undefined ? {} : { mappedBytes: mapped }),
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
