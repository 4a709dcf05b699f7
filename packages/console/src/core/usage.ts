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
const USAGE_SAMPLES_MAX = 300;

/** Tasks whose samples are kept. */
const USAGE_TASKS_MAX = 500;
const NO_SAMPLES: readonly UsageSample[] = [];

/** The samples of many tasks, the longest unheard of forgotten first. */
export class UsageLog {
  private readonly samples = new Map<string, readonly UsageSample[]>();

  /** Takes what an agent has measured; a measurement that was had already is passed over. */
  add(statistics: readonly ExecutorStatistics[]): void {
    for (const line of statistics) {
      const id = lineId(line);
      const sample = sampleOf(line);
      const known = this.of(id);
      if ((known.at(-1)?.time ?? -1) >= sample.time) continue;
      this.samples.delete(id);
      this.samples.set(id, [...known, sample].slice(-USAGE_SAMPLES_MAX));
    }
    for (const id of this.samples.keys()) {
      if (this.samples.size <= USAGE_TASKS_MAX) break;
      this.samples.delete(id);
    }
  }

  /** The samples of a task, the oldest first; the same list as long as none is added. */
  of(taskId: string): readonly UsageSample[] {
    return this.samples.get(taskId) ?? NO_SAMPLES;
  }
}

function sampleOf({ statistics }: ExecutorStatistics): UsageSample {
  const value = (name: string): number => {
    const found = statistics[name];
    return typeof found === 'number' ? found : 0;
  };
  return {
    time: Math.round(value('timestamp') * 1000),
    cpuSeconds: value('cpus_user_time_secs') + value('cpus_system_time_secs'),
    memoryBytes: value('mem_rss_bytes'),
  };
}

/** Cores in use between each two measurements; the first has none. */
export function coresUsed(samples: readonly UsageSample[]): readonly (number | null)[] {
  return samples.map((sample, index) => {
    const before = samples[index - 1];
    if (before === undefined || sample.time === before.time) return null;
    return Math.max(0, (sample.cpuSeconds - before.cpuSeconds) / ((sample.time - before.time) / 1000));
  });
}

/**
 * Cores that the tasks of an agent used between two measurements. Those that only one of both has are left out: nobody
 * knows when they began.
 */
export function coresBetween(before: readonly ExecutorStatistics[], after: readonly ExecutorStatistics[]): number {
  const earlier = new Map(before.map((line) => [lineId(line), sampleOf(line)]));
  let cores = 0;
  for (const line of after) {
    const known = earlier.get(lineId(line));
    const sample = sampleOf(line);
    if (known !== undefined) cores += coresUsed([known, sample])[1] ?? 0;
  }
  return cores;
}

/** What a line is about: a pod has one executor, and a line for each container. */
export function lineId({ source, executor_id: executorId }: ExecutorStatistics): string {
  return source === undefined || source === '' ? executorId : source;
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
