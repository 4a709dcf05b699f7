/** What a task uses over time, from what its agent measures. */
import type { ExecutorStatistics } from '@stadion/contract/mesos-state';

/** One measurement. */
export interface UsageSample {
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** CPU seconds used since the start. */
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
}

/** Samples that are kept: ten minutes, one each two seconds. */
export const USAGE_SAMPLES_MAX = 300;

/** The measurement of one task, if it is among those of its agent. */
export function sampleOf(statistics: readonly ExecutorStatistics[], taskId: string): UsageSample | undefined {
  const found = statistics.find((line) => line.source === taskId || line.executor_id === taskId)?.statistics;
  if (found === undefined) return undefined;
  const value = (name: string): number => (typeof found[name] === 'number' ? found[name] : 0);
  return {
    time: Math.round(value('timestamp') * 1000),
    cpuSeconds: value('cpus_user_time_secs') + value('cpus_system_time_secs'),
    memoryBytes: value('mem_rss_bytes'),
  };
}

/** Adds a measurement; one that was had already is passed over. */
export function withSample(samples: readonly UsageSample[], sample: UsageSample): readonly UsageSample[] {
  if ((samples.at(-1)?.time ?? -1) >= sample.time) return samples;
  return [...samples, sample].slice(-USAGE_SAMPLES_MAX);
}

/** Cores in use between each two measurements; the first has none. */
export function coresUsed(samples: readonly UsageSample[]): readonly (number | null)[] {
  return samples.map((sample, index) => {
    const before = samples[index - 1];
    if (before === undefined || sample.time === before.time) return null;
    return Math.max(0, (sample.cpuSeconds - before.cpuSeconds) / ((sample.time - before.time) / 1000));
  });
}

/** What all tasks of an agent use together. */
export function usedByTasks(statistics: readonly ExecutorStatistics[]): { readonly memoryMebibytes: number } {
  let memory = 0;
  for (const { statistics: line } of statistics) {
    const { mem_rss_bytes: bytes } = line;
    if (typeof bytes === 'number') memory += bytes;
  }
  return { memoryMebibytes: memory / 1024 / 1024 };
}
