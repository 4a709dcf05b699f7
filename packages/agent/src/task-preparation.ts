/** What comes before the start of a task: its sandbox, its artifacts, and its user's right to both. */
import { describeError, type Clock, type Timers } from '@stadion/base';
import type { AgentCounters } from './agent-counters.ts';
import { ConcurrencyLimit } from './concurrency-limit.ts';
import { imageOf } from './core/admission.ts';
import { FETCHES_MAX, PREPARATIONS_MAX } from './limits.ts';
import type { Containerizer } from './ports/containerizer.ts';
import type { Fetcher } from './ports/fetcher.ts';
import type { SandboxId, Sandboxes } from './ports/sandboxes.ts';
import { SpacedNews } from './spaced-news.ts';
import type { TaskEntry } from './task-table.ts';

/** Each word of progress goes to the framework, and from there to whoever listens. */
const PROGRESS_MS = 1000;

/** What preparing needs. */
export interface PreparationPorts {
  readonly sandboxes: Sandboxes;
  readonly fetcher: Fetcher;
  readonly containerizer: Containerizer;
  /** A sentence about how far the preparation of a task is. */
  readonly onProgress: (entry: TaskEntry, message: string) => void;
  readonly time: Clock & Timers;
  readonly counters: AgentCounters;
  /** Resolves when the agent's id, which names the sandbox, is on disk. */
  identitySaved(): Promise<void>;
}

/** Prepares tasks, so many at a time. */
export class TaskPreparation {
  private readonly ports: PreparationPorts;
  private readonly preparations = new ConcurrencyLimit(PREPARATIONS_MAX);
  private readonly fetches = new ConcurrencyLimit(FETCHES_MAX);

  constructor(ports: PreparationPorts) {
    this.ports = ports;
  }

  /** Resolves with a sentence when it cannot be done. A task that ended meanwhile is let be. */
  prepare(entry: TaskEntry, id: SandboxId): Promise<string | undefined> {
    // Apart from each other: downloads may take their time, and nobody else's task waits for them.
    const mayTakeLong = urisOf(entry).length > 0 || imageOf(entry.task.info.container) !== undefined;
    const line = mayTakeLong ? this.fetches : this.preparations;
    return line.run(() => this.makeReady(entry, id));
  }

  private async makeReady(entry: TaskEntry, id: SandboxId): Promise<string | undefined> {
    if (entry.task.phase !== 'staged') return undefined;
    const { sandboxes } = this.ports;
    const user = entry.task.info.command?.user;
    try {
      await this.ports.identitySaved();
      await sandboxes.create(id, user);
      const problem =
        (await this.fetch(entry, sandboxes.directory(id))) ??
        (await this.prepareContainer(entry, sandboxes.directory(id)));
      if (problem === undefined && isStaged(entry)) await sandboxes.handOver(id, user);
      return problem;
    } catch (error) {
      return `The sandbox could not be made: ${describeError(error)}`;
    }
  }

  private async fetch(entry: TaskEntry, directory: string): Promise<string | undefined> {
    const uris = urisOf(entry);
    if (uris.length === 0 || !isStaged(entry)) return undefined;
    entry.abort = new AbortController();
    const fetched = await this.ports.fetcher.fetch({ uris, directory, signal: entry.abort.signal });
    entry.abort = undefined;
    this.ports.counters[fetched.ok ? 'fetchesSucceeded' : 'fetchesFailed'] += 1;
    if (fetched.ok) return undefined;
    return `Failed to fetch all URIs for container '${entry.task.containerId}': ${fetched.message}`;
  }

  private async prepareContainer(entry: TaskEntry, directory: string): Promise<string | undefined> {
    const { container } = entry.task.info;
    const { containerizer, time, onProgress } = this.ports;
    if (container === undefined || containerizer.prepare === undefined || !isStaged(entry)) return undefined;
    entry.abort = new AbortController();
    const news = new SpacedNews(time, PROGRESS_MS, (message) => onProgress(entry, message));
    const { signal } = entry.abort;
    const failure = await containerizer
      .prepare({ container, directory }, { signal, onProgress: (message) => news.tell(message) })
      .finally(() => news.stop());
    entry.abort = undefined;
    return failure?.message;
  }
}

function urisOf({ task }: TaskEntry): NonNullable<NonNullable<TaskEntry['task']['info']['command']>['uris']> {
  return task.info.command?.uris ?? [];
}

function isStaged({ task }: TaskEntry): boolean {
  return task.phase === 'staged';
}
