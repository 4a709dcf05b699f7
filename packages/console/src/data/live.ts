/** Keeps the cache true: gathers what events make outdated, and reads that again, as little as possible. */
import type { QueryClient } from '@tanstack/react-query';
import type { Clock, TimerHandle, Timers } from '@stadion/base';
import type { StreamedEvent } from '@stadion/contract/client';
import { withFreshRows, type AppIndex } from '../core/app-index.ts';
import { effectsOf } from '../core/event-effects.ts';
import { APPS_ASKED_AT_ONCE, APPS_RENEWED_MAX, GATHER_MS, PAST_EVENTS_ASKED, RELOAD_MS_MIN } from '../limits.ts';
import { api } from './api.ts';
import { EventLog } from './event-log.ts';
import { PushChannel } from './push-channel.ts';
import { KEYS } from './queries.ts';

/** The push channel with everything that hangs on it. */
export class Live {
  readonly channel: PushChannel;
  readonly log = new EventLog();
  private readonly client: QueryClient;
  private readonly time: Clock & Timers;
  private readonly dirty = new Set<string>();
  private gathered: StreamedEvent[] = [];
  private pending: TimerHandle | undefined;
  private isBusy = false;
  private isAllDirty = false;
  private reloadedAt = -Infinity;

  constructor(client: QueryClient, time: Clock & Timers) {
    this.client = client;
    this.time = time;
    this.channel = new PushChannel((request) => api.resumeEvents(request), time);
    this.channel.onEvent((event) => {
      this.gather(event);
    });
    this.channel.onResync(() => {
      void client.invalidateQueries();
      void this.readPast();
    });
  }

  /** Starts. @returns stops */
  start(): () => void {
    void this.readPast();
    return this.channel.start();
  }

  /** What happened before the page was opened, or while nobody listened, as far as the platform remembers it. */
  private async readPast(): Promise<void> {
    try {
      const { events } = await api.listRecentEvents({ query: { limit: PAST_EVENTS_ASKED } });
      this.log.addPast(events);
    } catch {
      // Without a past there is still a present; once the connection is back it is asked for again.
    }
  }

  private gather(event: StreamedEvent): void {
    this.gathered.push(event);
    this.pending ??= this.time.after(GATHER_MS, () => {
      this.flush();
    });
  }

  private flush(): void {
    this.pending = undefined;
    const events = this.gathered;
    this.gathered = [];
    let isDeploying = false;
    let hasPods = false;
    const touched = new Set<string>();
    for (const { event } of events) {
      const effects = effectsOf(event);
      for (const id of effects.appIds) touched.add(id);
      isDeploying ||= effects.deployments;
      hasPods ||= event.eventType.startsWith('pod_');
    }
    const index = this.client.getQueryData<AppIndex>(KEYS.apps);
    hasPods ||= [...touched].some((id) => index?.byId.has(id) !== true);
    if (hasPods) void this.client.invalidateQueries({ queryKey: KEYS.pods });
    this.log.add(events);
    for (const id of touched) {
      this.dirty.add(id);
      void this.client.invalidateQueries({ queryKey: KEYS.app(id) });
    }
    if (isDeploying) void this.client.invalidateQueries({ queryKey: KEYS.deployments });
    void this.renew();
  }

  /** Reads the outdated rows; while that is under way, further ones gather. */
  private async renew(): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    try {
      while (this.dirty.size > 0 || this.isAllDirty) await this.renewOnce();
    } catch {
      // The platform does not answer: when it does again, everything is read anew.
    } finally {
      this.isBusy = false;
    }
  }

  private async renewOnce(): Promise<void> {
    if (this.isAllDirty || this.dirty.size > APPS_RENEWED_MAX) {
      this.isAllDirty = true;
      const rest = this.reloadedAt + RELOAD_MS_MIN - this.time.monotonic();
      if (rest > 0) await new Promise<void>((resolve) => void this.time.after(rest, resolve));
      this.isAllDirty = false;
      this.dirty.clear();
      await this.client.invalidateQueries({ queryKey: KEYS.apps });
      this.reloadedAt = this.time.monotonic();
      return;
    }
    const ids = [...this.dirty].slice(0, APPS_ASKED_AT_ONCE);
    for (const id of ids) this.dirty.delete(id);
    const { apps } = await api.listAppSummaries({ query: { id: ids } });
    this.client.setQueryData<AppIndex>(KEYS.apps, (index) => index && withFreshRows(index, ids, apps));
  }
}
