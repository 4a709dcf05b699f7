/** Watches how many instances of an app are healthy, twice: by asking the API again and again, and by its events. */
import type { EventRecorder, RecordedEvent } from './event-recorder.ts';
import type { RunningPlatform } from './running-platform.ts';

/** Conditions after which an instance serves no more. */
const ENDING = new Set(['Killing', 'Killed', 'Finished', 'Failed', 'Error', 'Dropped', 'Gone', 'Unknown']);

/** What was seen between the first answer and the end. */
export interface HealthSeen {
  readonly answers: number;
  readonly fewestHealthy: number;
  readonly mostRunning: number;
  readonly fewestHealthyByEvents: number;
}

/** Runs from its construction until {@link HealthWatch.end}. The app has to be healthy and settled at both moments. */
export class HealthWatch {
  private readonly appId: string;
  private readonly events: EventRecorder;
  private readonly firstEvent: number;
  private readonly healthyBefore: Promise<readonly string[]>;
  private readonly asking: Promise<void>;
  private isOver = false;
  private answers = 0;
  private fewestHealthy = Infinity;
  private mostRunning = 0;

  constructor(platform: RunningPlatform, events: EventRecorder, appId: string) {
    this.appId = appId;
    this.events = events;
    this.firstEvent = events.events.length;
    this.healthyBefore = platform
      .tasks(appId)
      .then((tasks) => tasks.map((task) => task.id.replace(/\._app\.\d+$/, '')));
    this.asking = this.ask(platform);
  }

  /** Stops watching. */
  async end(): Promise<HealthSeen> {
    this.isOver = true;
    await this.asking;
    const { answers, fewestHealthy, mostRunning } = this;
    return { answers, fewestHealthy, mostRunning, fewestHealthyByEvents: await this.fewestByEvents() };
  }

  private async ask(platform: RunningPlatform): Promise<void> {
    while (!this.isOver) {
      const { body } = await platform.call('GET', `/v2/apps${this.appId}`);
      this.answers += 1;
      this.fewestHealthy = Math.min(this.fewestHealthy, body.app.tasksHealthy);
      this.mostRunning = Math.max(this.mostRunning, body.app.tasksRunning);
    }
  }

  private async fewestByEvents(): Promise<number> {
    const healthy = new Set(await this.healthyBefore);
    let fewest = healthy.size;
    for (const { name, data } of this.events.events.slice(this.firstEvent)) {
      if (data.runSpecId !== this.appId) continue;
      count(healthy, name, data);
      fewest = Math.min(fewest, healthy.size);
    }
    return fewest;
  }
}

function count(healthy: Set<string>, name: string, data: RecordedEvent['data']): void {
  if (name === 'instance_health_changed_event') {
    if (data.healthy === true) healthy.add(data.instanceId);
    else healthy.delete(data.instanceId);
  }
  if (name === 'instance_changed_event' && ENDING.has(data.condition)) healthy.delete(data.instanceId);
}
