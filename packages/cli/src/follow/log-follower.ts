/** Follows the logs of many instances at once, and notices instances that come and go. */
import type { Timers } from '@stadion/base';
import { isApiError } from '@stadion/contract/client';
import { limits } from '../limits.ts';
import { LogFile } from './log-file.ts';
import type { SandboxFinder, TaskPlace } from './sandboxes.ts';
import { Bell } from './waiting.ts';

/** Who hears what is written. `index` counts instances in the order in which they were found. */
export interface LogListener {
  onLines(taskId: string, index: number, lines: readonly string[]): void;
  /** Something about an instance that is no line of its log. */
  onNote(taskId: string, index: number, note: string): void;
}

/** What to follow. */
export interface LogFollowerOptions {
  readonly finder: SandboxFinder;
  readonly timers: Timers;
  readonly signal: AbortSignal;
  readonly file: 'stdout' | 'stderr';
  /** How many of the last lines of each instance come first. */
  readonly lastLines: number;
  readonly listener: LogListener;
}

interface Followed {
  readonly index: number;
  readonly place: TaskPlace;
  log: LogFile | undefined;
  isEnded: boolean;
}

/** Reads round after round; lines of different instances are in the order in which they were read. */
export class LogFollower {
  private readonly options: LogFollowerOptions;
  private readonly followed = new Map<string, Followed>();
  private readonly bell = new Bell();
  private count = 0;

  constructor(options: LogFollowerOptions) {
    this.options = options;
  }

  /** Adds an instance; its last lines come with the next round. Known ones, and more than the limit, are passed over. */
  add(place: TaskPlace): void {
    if (this.followed.has(place.taskId) || this.followed.size >= limits.loggedInstances) return;
    this.followed.set(place.taskId, { index: this.count, place, log: undefined, isEnded: false });
    this.count += 1;
    this.bell.ring();
  }

  /** An instance has ended: what is left of its log comes with the next round, and then no more. */
  end(taskId: string): void {
    const followed = this.followed.get(taskId);
    if (followed === undefined) return;
    followed.isEnded = true;
    this.bell.ring();
  }

  /** The tasks that are followed. */
  taskIds(): readonly string[] {
    return [...this.followed.keys()];
  }

  /**
   * Prints the last lines of every instance once.
   * @returns the tasks whose log could not be found
   */
  async readOnce(): Promise<readonly string[]> {
    const missing: string[] = [];
    for (const followed of this.followed.values()) {
      if (!(await this.open(followed))) missing.push(followed.place.taskId);
      this.print(followed, followed.log?.readRest() ?? []);
    }
    return missing;
  }

  /** Goes on until the signal is aborted, or until every instance has ended and none can come. */
  async follow(options: { readonly untilAllEnded: boolean }): Promise<void> {
    const { timers, signal, listener } = this.options;
    for (;;) {
      for (const followed of [...this.followed.values()]) {
        const wasEnded = followed.isEnded;
        await this.readRound(followed);
        if (!wasEnded) continue;
        this.print(followed, followed.log?.readRest() ?? []);
        listener.onNote(followed.place.taskId, followed.index, 'ended');
        this.followed.delete(followed.place.taskId);
      }
      if (options.untilAllEnded && this.followed.size === 0) return;
      await this.bell.wait(timers, limits.logPollMs, signal);
    }
  }

  private async readRound(followed: Followed): Promise<void> {
    const { signal, listener } = this.options;
    try {
      if (followed.log === undefined) {
        await this.open(followed);
        return;
      }
      const { lines, wasRotated } = await followed.log.readNew(signal);
      if (wasRotated) listener.onNote(followed.place.taskId, followed.index, 'log begun anew');
      this.print(followed, lines);
    } catch (error) {
      // An agent that does not answer for a moment is asked again; what it refuses will not get better.
      if (signal.aborted || isApiError(error)) throw error;
    }
  }

  /** Finds the sandbox, which may not be there yet, and prints the last lines. */
  private async open(followed: Followed): Promise<boolean> {
    const { finder, signal, file, lastLines } = this.options;
    const sandbox = await finder.find(followed.place, signal);
    if (sandbox === undefined) return false;
    const log = new LogFile(sandbox.agent, `${sandbox.directory}/${file}`);
    this.print(followed, await log.readLast(lastLines, signal));
    followed.log = log;
    return true;
  }

  private print(followed: Followed, lines: readonly string[]): void {
    if (lines.length > 0) this.options.listener.onLines(followed.place.taskId, followed.index, lines);
  }
}
