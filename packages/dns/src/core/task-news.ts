/** What the orchestrator's events mean for names. */

/** What to do after an event. */
export interface TaskChange {
  /** A task that has ended or is being ended. */
  readonly ended: string | undefined;
  /** What serves now, when that has changed. */
  readonly serving: ReadonlyMap<string, boolean> | undefined;
  /** Only a snapshot tells what there is now. */
  readonly resync: boolean;
}

const NOTHING: TaskChange = { ended: undefined, serving: undefined, resync: false };
const RESYNC: TaskChange = { ...NOTHING, resync: true };

/** States from which a task may still come to run, or is running. */
const ALIVE: ReadonlySet<unknown> = new Set(['TASK_STAGING', 'TASK_STARTING', 'TASK_RUNNING']);

/** The agent is out of reach: the task may run on, and be told of as running once it is back. */
const LOST: ReadonlySet<unknown> = new Set(['TASK_UNREACHABLE', 'TASK_LOST']);

/** Lost tasks of which it is remembered whether they serve. The oldest are forgotten first. */
const LOST_MAX = 10_000;

/** Follows one event stream. */
export class TaskNews {
  private serving = new Map<string, boolean>();
  private readonly lost = new Set<string>();
  /** Whether this orchestrator says what serves. */
  private tells = false;

  /** What serves at the start. An orchestrator that does not say so (Marathon) leaves it to health. */
  restart(tasks: readonly (readonly [string, unknown])[]): ReadonlyMap<string, boolean> {
    this.serving = new Map(
      tasks.flatMap(([id, serving]): [string, boolean][] => (typeof serving === 'boolean' ? [[id, serving]] : [])),
    );
    this.lost.clear();
    this.tells = this.serving.size > 0;
    return new Map(this.serving);
  }

  read(event: Readonly<Record<string, unknown>>): TaskChange {
    const id = event.taskId;
    switch (event.eventType) {
      case 'status_update_event':
        if (typeof id !== 'string') return NOTHING;
        if (ALIVE.has(event.taskStatus)) return event.taskStatus === 'TASK_RUNNING' ? RESYNC : NOTHING;
        if (LOST.has(event.taskStatus)) this.keep(id);
        else this.forget(id);
        return { ended: id, serving: undefined, resync: false };
      case 'instance_serving_changed_event':
        if (typeof id !== 'string' || typeof event.serving !== 'boolean') return NOTHING;
        this.lost.delete(id);
        this.tells = true;
        this.serving.set(id, event.serving);
        // Something that serves must be known to run: perhaps its state has not been read yet.
        return { ended: undefined, serving: new Map(this.serving), resync: event.serving };
      case 'instance_health_changed_event':
        return RESYNC;
      default:
        return NOTHING;
    }
  }

  /** One that was told to end, or serves no more, has no names either when it is back. */
  private keep(id: string): void {
    // Whoever never said so goes on to leave it to health.
    if (!this.tells) return;
    this.serving.set(id, false);
    this.lost.add(id);
    for (const oldest of this.lost) {
      if (this.lost.size <= LOST_MAX) return;
      this.forget(oldest);
    }
  }

  private forget(id: string): void {
    this.serving.delete(id);
    this.lost.delete(id);
  }
}
