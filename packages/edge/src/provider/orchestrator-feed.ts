/**
 * Follows an orchestrator (Stadion's, or a Marathon): snapshot, then events, and a new snapshot after every gap. While
 * nobody answers, what was known last stands.
 */
import { delay, describeError, type Clock, type Logger, type TimerHandle, type Timers } from '@stadion/base';
import { createOrchestratorClient, isApiError, type Fetch, type OrchestratorClient } from '@stadion/contract/client';
import type { OrchestratorEvent } from '@stadion/contract/orchestrator';
import { limits } from '../limits.ts';
import { AppBook } from './app-book.ts';

/** What the feed is made with. */
export interface OrchestratorFeedParts {
  /** One or more addresses; the first that answers is used. */
  readonly urls: readonly string[];
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  readonly fetch?: Fetch;
  /** Told which apps have changed, each time any has. */
  readonly onChange: (book: AppBook, changed: readonly string[]) => void;
}

const EVENT_TYPES: OrchestratorEvent['eventType'][] = [
  'instance_serving_changed_event',
  'status_update_event',
  'health_status_changed_event',
  'unhealthy_instance_kill_event',
  'app_terminated_event',
  'api_post_event',
  'deployment_info',
  'deployment_step_success',
  'deployment_success',
  'deployment_failed',
  'group_change_success',
];
const EMBED_ALL = ['apps.tasks', 'apps.deployments', 'apps.readiness'];
const EMBED_ONE = ['app.tasks', 'app.deployments', 'app.readiness'];

/** The feed. */
export class OrchestratorFeed {
  readonly book = new AppBook();
  private readonly parts: OrchestratorFeedParts;
  private readonly stop_ = new AbortController();
  private readonly stale = new Set<string>();
  private client: OrchestratorClient | undefined;
  private isAllStale = false;
  private refresh: Promise<void> | undefined;
  private timer: TimerHandle | undefined;
  private running: Promise<void> = Promise.resolve();
  private connected = false;

  constructor(parts: OrchestratorFeedParts) {
    this.parts = parts;
  }

  /** Whether the orchestrator is reached just now. */
  get isConnected(): boolean {
    return this.connected;
  }

  /** Begins to follow. @returns when the first snapshot is in, or could not be had */
  async start(): Promise<void> {
    let first: () => void = () => undefined;
    const attempted = new Promise<void>((resolve) => {
      first = resolve;
    });
    this.running = this.run(first);
    await attempted;
  }

  async stop(): Promise<void> {
    this.stop_.abort();
    this.timer?.cancel();
    await this.running;
  }

  private async run(onFirst: () => void): Promise<void> {
    const { urls, log, timers } = this.parts;
    let failures = 0;
    for (let turn = 0; !this.stop_.signal.aborted; turn += 1) {
      const url = urls[turn % urls.length] ?? '';
      try {
        await this.follow(url, () => {
          failures = 0;
          onFirst();
        });
        log.info({ url }, 'the event stream has ended; following anew');
      } catch (error) {
        if (this.isStopped()) break;
        failures += 1;
        log.warn({ url, error: describeError(error) }, 'the orchestrator is not reached; the last known state stands');
      }
      this.connected = false;
      onFirst();
      const waitMs = Math.min(limits.reconnectMaxMs, limits.reconnectMinMs * 2 ** Math.min(failures, 6));
      await this.sleep(timers, waitMs);
    }
    onFirst();
  }

  private isStopped(): boolean {
    return this.stop_.signal.aborted;
  }

  /** Sleeps, or is woken by the stop. */
  private async sleep(timers: Timers, delayMs: number): Promise<void> {
    const { signal } = this.stop_;
    if (signal.aborted) return;
    await Promise.race([
      delay(timers, delayMs),
      new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })),
    ]);
  }

  private async follow(url: string, onSnapshot: () => void): Promise<void> {
    const { signal } = this.stop_;
    const { fetch } = this.parts;
    const client = createOrchestratorClient({ baseUrl: url, ...(fetch === undefined ? {} : { fetch }) });
    this.client = client;
    // First the stream, then the snapshot: what happens between the two is in either.
    const abort = new AbortController();
    const stop = (): void => abort.abort();
    signal.addEventListener('abort', stop, { once: true });
    try {
      const events = await client.events({ types: EVENT_TYPES, signal: abort.signal });
      await this.snapshot(client);
      this.connected = true;
      onSnapshot();
      this.armResync();
      for await (const event of events) this.hear(event);
    } finally {
      this.timer?.cancel();
      abort.abort();
      signal.removeEventListener('abort', stop);
    }
  }

  private async snapshot(client: OrchestratorClient): Promise<void> {
    const { apps } = await client.listApps({ query: { embed: EMBED_ALL }, signal: this.stop_.signal });
    const changed = this.book.replaceAll(apps, this.parts.clock.now());
    if (changed.length > 0) this.parts.onChange(this.book, changed);
  }

  /** A backstop for whatever no event has told, e.g. readiness. */
  private armResync(): void {
    this.timer = this.parts.timers.after(limits.resyncMs, () => {
      this.isAllStale = true;
      this.refreshSoon();
      this.armResync();
    });
  }

  private hear(event: OrchestratorEvent): void {
    const news = this.book.hear(event);
    if (news.changed.length > 0) this.parts.onChange(this.book, news.changed);
    for (const id of news.stale) this.stale.add(id);
    if (news.isAllStale) this.isAllStale = true;
    if (this.stale.size > 0 || this.isAllStale) this.refreshSoon();
  }

  /** Asks for what is stale, a few apps at a time; what becomes stale meanwhile is asked for in the next round. */
  private refreshSoon(): void {
    this.refresh ??= this.refreshAll().finally(() => {
      this.refresh = undefined;
      if (this.stale.size > 0 || this.isAllStale) this.refreshSoon();
    });
  }

  private async refreshAll(): Promise<void> {
    // Events come in bursts; a few milliseconds make one question of many.
    await this.sleep(this.parts.timers, limits.refreshDelayMs);
    const { client } = this;
    if (client === undefined || this.stop_.signal.aborted) return;
    const ids = [...this.stale];
    this.stale.clear();
    const isAll = this.isAllStale || ids.length > limits.appsAskedSingly;
    this.isAllStale = false;
    try {
      if (isAll) await this.snapshot(client);
      else await Promise.all(ids.map((id) => this.ask(client, id)));
    } catch (error) {
      if (this.isStopped()) return;
      this.parts.log.warn({ error: describeError(error) }, 'apps could not be asked for; they are asked for again');
      this.isAllStale = true;
      await this.sleep(this.parts.timers, limits.reconnectMinMs);
    }
  }

  private async ask(client: OrchestratorClient, id: string): Promise<void> {
    const { clock, onChange } = this.parts;
    try {
      const { app } = await client.getApp({ params: { id }, query: { embed: EMBED_ONE }, signal: this.stop_.signal });
      if (this.book.replace(app, clock.now())) onChange(this.book, [id]);
    } catch (error) {
      if (!isApiError(error) || error.status !== 404) throw error;
      if (this.book.remove(id)) onChange(this.book, [id]);
    }
  }
}
