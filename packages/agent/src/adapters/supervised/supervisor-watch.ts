/** Notices the end of supervisors that are not children of this process: by a watch on where they leave the exit status. */
import { watch, type FSWatcher } from 'node:fs';
import { describeError, every, type Clock, type Logger, type TimerHandle, type Timers } from '@stadion/base';
import { isSameProcess, type ProcessIdentity } from '../process-identity.ts';
import type { ContainerDirectories } from './container-directory.ts';

/** Backstop for the watch. */
const POLL_MS = 2000;

interface Watched {
  readonly supervisor: ProcessIdentity;
  readonly watcher: FSWatcher | undefined;
}

/** Watches some supervisors; tells of each once. */
export class SupervisorWatch {
  private readonly time: Clock & Timers;
  private readonly log: Logger;
  private readonly directories: ContainerDirectories;
  private readonly onGone: (containerId: string) => void;
  private readonly watched = new Map<string, Watched>();
  private poll: TimerHandle | undefined;

  constructor(
    time: Clock & Timers,
    log: Logger,
    directories: ContainerDirectories,
    onGone: (containerId: string) => void,
  ) {
    this.time = time;
    this.log = log;
    this.directories = directories;
    this.onGone = onGone;
  }

  add(containerId: string, supervisor: ProcessIdentity): void {
    this.watched.set(containerId, { supervisor, watcher: this.openWatcher(containerId) });
    this.poll ??= every(this.time, POLL_MS, () => void this.lookAtAll());
  }

  delete(containerId: string): void {
    this.watched.get(containerId)?.watcher?.close();
    this.watched.delete(containerId);
  }

  close(): void {
    this.poll?.cancel();
    for (const containerId of [...this.watched.keys()]) this.delete(containerId);
  }

  private openWatcher(containerId: string): FSWatcher | undefined {
    try {
      const watcher = watch(this.directories.exitDirectory(containerId), { persistent: false });
      watcher.on('change', () => void this.look(containerId));
      watcher.on('error', () => watcher.close());
      return watcher;
    } catch (error) {
      // No more watches to be had: the poll finds it a little later.
      this.log.debug({ error: describeError(error) }, 'a container is polled instead of watched');
      return undefined;
    }
  }

  private async lookAtAll(): Promise<void> {
    for (const containerId of [...this.watched.keys()]) await this.look(containerId);
  }

  private async look(containerId: string): Promise<void> {
    const watched = this.watched.get(containerId);
    if (watched === undefined) return;
    const isOver = !isSameProcess(watched.supervisor) || (await this.directories.readExit(containerId)) !== undefined;
    if (!isOver || !this.watched.has(containerId)) return;
    this.delete(containerId);
    this.onGone(containerId);
  }
}
