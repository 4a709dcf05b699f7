/** What the cluster used during the last hour: one sample every ten seconds, in memory. */
import { every, type Clock, type TimerHandle, type Timers } from '@stadion/base';
import type { MasterClient } from '@stadion/contract/client';
import type { MetricsSnapshot } from '@stadion/contract/mesos-state';
import type { ResourceHistory, ResourceSample } from '@stadion/contract/overview';

const INTERVAL_MS = 10_000;
const SAMPLES_MAX = 360;

/** Gathers samples from the master's metrics. */
export class ResourceRecorder {
  private readonly samples: ResourceSample[] = [];
  private readonly timer: TimerHandle;
  private readonly master: () => Pick<MasterClient, 'metrics'>;
  private readonly time: Clock & Timers;

  constructor(master: () => Pick<MasterClient, 'metrics'>, time: Clock & Timers) {
    this.master = master;
    this.time = time;
    this.timer = every(time, INTERVAL_MS, () => void this.sample());
    void this.sample();
  }

  /** Oldest first. */
  history(): ResourceHistory {
    return { intervalSeconds: INTERVAL_MS / 1000, samples: [...this.samples] };
  }

  stop(): void {
    this.timer.cancel();
  }

  /** A master that does not answer leaves a gap. */
  private async sample(): Promise<void> {
    const metrics = await this.ask().catch(() => undefined);
    if (metrics === undefined) return;
    const value = (name: string): number => metrics[`master/${name}`] ?? 0;
    this.samples.push({
      time: Math.round(this.time.now()),
      cpusUsed: value('cpus_used'),
      cpusTotal: value('cpus_total'),
      memUsed: value('mem_used'),
      memTotal: value('mem_total'),
      running: value('tasks_running'),
    });
    if (this.samples.length > SAMPLES_MAX) this.samples.shift();
  }

  private async ask(): Promise<MetricsSnapshot> {
    return this.master().metrics();
  }
}
