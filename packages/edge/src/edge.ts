/** The edge: from apps and files to a data plane, and what people want to know about it. */
import { describeError, type Clock, type Logger, type Random, type Timers } from '@stadion/base';
import { randomUuid } from '@stadion/base';
import type { EdgeProblem } from '@stadion/contract/edge';
import type { Fetch } from '@stadion/contract/client';
import type { DialectOptions } from './core/dialects/options.ts';
import { deploymentGroupOf, mergeDeploymentGroup } from './core/dialects/deployment-groups.ts';
import type { AppView } from './core/app-view.ts';
import { fragmentOf } from './core/fragments.ts';
import type { Fragment, FragmentChange } from './core/model.ts';
import { Overrides, noOverrides, type OverrideState } from './core/overrides.ts';
import { FILE_SOURCE, parseStaticFile } from './core/static-file.ts';
import { RouteTable, routerKey } from './core/table.ts';
import type { EdgeSpan } from './core/trace/otlp.ts';
import type { DataPlane, DataPlaneListener } from './ports/data-plane.ts';
import type { AppBook } from './provider/app-book.ts';
import { OrchestratorFeed } from './provider/orchestrator-feed.ts';
import { TrafficBoard } from './traffic-board.ts';

/** What the edge is made with. */
export interface EdgeParts {
  readonly plane: DataPlane;
  /** Orchestrators; none: only the file's routes. */
  readonly orchestrators: readonly string[];
  readonly options: DialectOptions;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Logger;
  readonly fetch?: Fetch;
  /** Writes lines of the access log. */
  readonly writeAccessLog: (lines: readonly string[]) => void;
  /** Takes the spans of requests, where somebody wants them. */
  readonly exportSpans?: (spans: readonly EdgeSpan[]) => void;
  /** What was changed by hand, and where it is kept. */
  readonly overrides: {
    readonly load: () => Promise<OverrideState>;
    readonly save: (state: OverrideState) => Promise<void>;
  };
}

/** The edge. */
export class Edge {
  readonly id: string;
  readonly table = new RouteTable();
  readonly traffic = new TrafficBoard();
  readonly plane: DataPlane;
  readonly options: DialectOptions;
  private readonly parts: EdgeParts;
  private readonly feed: OrchestratorFeed | undefined;
  private overrides = new Overrides(noOverrides);
  /** What the labels say, before anybody's hand. */
  private readonly written = new Map<string, Fragment>();
  private readonly texts = new Map<string, string>();
  private readonly groupMembers = new Map<string, Map<string, AppView>>();
  private readonly groupOfApp = new Map<string, string>();
  private pending: FragmentChange[] = [];
  private applying: Promise<void> | undefined;
  private readonly trafficListeners = new Set<() => void>();
  private planeProblems: string[] = [];
  ports: Readonly<Record<string, number>> = {};

  constructor(parts: EdgeParts) {
    this.parts = parts;
    this.plane = parts.plane;
    this.options = parts.options;
    this.id = randomUuid(parts.random);
    const { orchestrators, clock, timers, log, fetch } = parts;
    this.feed =
      orchestrators.length === 0
        ? undefined
        : new OrchestratorFeed({
            urls: orchestrators,
            clock,
            timers,
            log,
            ...(fetch === undefined ? {} : { fetch }),
            onChange: (book, changed) => this.appsChanged(book, changed),
          });
  }

  get isConnected(): boolean {
    return this.feed?.isConnected ?? true;
  }

  /** Everything that is wrong, by its owners' labels. */
  get problems(): readonly EdgeProblem[] {
    const own = this.planeProblems.map((message): EdgeProblem => ({
      source: 'edge',
      label: 'edge',
      message,
      spoils: 'setting',
    }));
    return [...this.table.sources().flatMap(({ problems }) => problems), ...own];
  }

  /** Reads the apps, gives them to the plane, and listens. */
  async start(): Promise<void> {
    this.overrides = new Overrides(await this.parts.overrides.load());
    await this.feed?.start();
    await this.settled();
    this.ports = await this.plane.start(this.listener);
    await this.settled();
  }

  async stop(): Promise<void> {
    await this.feed?.stop();
    await this.settled();
    await this.plane.stop();
  }

  /** Takes over the file's routes. @param value parsed JSON; undefined: there is no file any more */
  setFile(value: unknown): void {
    this.write(FILE_SOURCE, value === undefined ? undefined : parseStaticFile(value, this.options));
  }

  /** Resolves when all that is known is in effect. */
  async settled(): Promise<void> {
    while (this.applying !== undefined) await this.applying;
  }

  /** Takes a server, task or app out of the routes by hand, or lets it in again. */
  async setDrained(target: string, isDrained: boolean): Promise<OverrideState> {
    return await this.changeOverrides(this.overrides.withDrained(target, isDrained));
  }

  /** Sets the share of an app in a service that several have in common; undefined: as its labels say. */
  async setShare(app: string, share: number | undefined): Promise<OverrideState> {
    return await this.changeOverrides(this.overrides.withShare(app, share));
  }

  get overrideState(): OverrideState {
    return this.overrides.state;
  }

  /** Calls back about each second when there is new traffic. @returns what ends it */
  followTraffic(callback: () => void): () => void {
    this.trafficListeners.add(callback);
    return () => this.trafficListeners.delete(callback);
  }

  get followers(): number {
    return this.trafficListeners.size;
  }

  private readonly listener: DataPlaneListener = {
    onTraffic: (traffic) => {
      this.traffic.add(traffic, this.parts.clock.now());
      for (const callback of this.trafficListeners) callback();
    },
    onServers: (process, reports) => this.traffic.report(process, reports, this.parts.clock.now()),
    onAccessLog: (lines) => this.parts.writeAccessLog(lines),
    onSpans: (spans) => this.parts.exportSpans?.(spans),
    onProblem: (message) => {
      this.parts.log.error({ problem: message }, 'the data plane has a problem');
      this.planeProblems = [...this.planeProblems.filter((one) => one !== message), message].slice(-20);
    },
  };

  private appsChanged(book: AppBook, changed: readonly string[]): void {
    const now = this.parts.clock.now();
    for (const id of changed) {
      const app = book.view(id, now);
      const group = app === undefined ? undefined : deploymentGroupOf(app);
      this.moveToGroup(id, group, app);
      if (group === undefined) this.write(id, app === undefined ? undefined : fragmentOf(app, this.options));
      else this.write(id, undefined);
    }
  }

  /** An app of a deployment group is one with the others of it; it may also come, go or change groups. */
  private moveToGroup(id: string, group: string | undefined, app: AppView | undefined): void {
    const before = this.groupOfApp.get(id);
    if (before !== undefined && before !== group) {
      this.groupMembers.get(before)?.delete(id);
      this.groupOfApp.delete(id);
      this.writeGroup(before);
    }
    if (group === undefined || app === undefined) return;
    this.groupOfApp.set(id, group);
    const members = this.groupMembers.get(group) ?? new Map<string, AppView>();
    this.groupMembers.set(group, members.set(id, app));
    this.writeGroup(group);
  }

  private writeGroup(group: string): void {
    const members = [...(this.groupMembers.get(group)?.values() ?? [])];
    if (members.length === 0) this.groupMembers.delete(group);
    const merged = mergeDeploymentGroup(group, members);
    this.write(`/${group}`, merged === undefined ? undefined : fragmentOf(merged, this.options));
  }

  private write(source: string, fragment: Fragment | undefined): void {
    if (fragment === undefined) this.written.delete(source);
    else this.written.set(source, fragment);
    this.publish(source, fragment === undefined ? undefined : this.overrides.applyTo(fragment));
  }

  private publish(source: string, fragment: Fragment | undefined): void {
    const isEmpty = fragment === undefined || isNothing(fragment);
    const text = isEmpty ? undefined : JSON.stringify(fragment);
    if (this.texts.get(source) === text) return;
    if (text === undefined) this.texts.delete(source);
    else this.texts.set(source, text);
    const change: FragmentChange = { source, fragment: isEmpty ? undefined : fragment };
    const { removed, added } = this.table.apply(change);
    const kept = new Set(added.map(routerKey));
    for (const router of removed) if (!kept.has(routerKey(router))) this.traffic.forget(routerKey(router));
    this.pending.push(change);
    this.applyPending();
  }

  private applyPending(): void {
    if (this.applying !== undefined || this.pending.length === 0) return;
    const changes = this.pending;
    this.pending = [];
    this.applying = this.plane
      .apply(changes)
      .catch((error: unknown) => this.listener.onProblem(`Routes could not be changed: ${describeError(error)}`))
      .finally(() => {
        this.applying = undefined;
        this.applyPending();
      });
  }

  private async changeOverrides(overrides: Overrides): Promise<OverrideState> {
    this.overrides = overrides;
    await this.parts.overrides.save(overrides.state);
    for (const [source, fragment] of this.written) this.publish(source, overrides.applyTo(fragment));
    await this.settled();
    return overrides.state;
  }
}

function isNothing(fragment: Fragment): boolean {
  return fragment.routers.length + fragment.services.length + fragment.problems.length === 0;
}
