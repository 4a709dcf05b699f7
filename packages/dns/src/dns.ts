/** The name server as a whole: one feed and one zone per cluster, and who answers from them. */
import { createHash } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { assert, type Clock, type Logger, type Random, type Service, type Timers } from '@stadion/base';
import type { DnsConfig } from './config.ts';
import { rfc1123Label, rfc952Label } from './core/labels.ts';
import type { NameChange } from './core/record-book.ts';
import { zbase32Prefix } from './core/zbase32.ts';
import { ZoneKeeper } from './core/zone-keeper.ts';
import { ClusterFeed, type FeedStatus } from './feed/cluster-feed.ts';
import { limits } from './limits.ts';
import { RotationFile } from './rotation-file.ts';
import { addCounters, type CounterValues } from './server/counters.ts';
import { Forwarder } from './server/forwarder.ts';
import { openSockets, type Listening } from './server/listening.ts';
import { NameServer } from './server/name-server.ts';
import type { QueryRecord } from './server/query-log.ts';
import { WorkerPool } from './worker/pool.ts';
import type { ServeSettings } from './worker/messages.ts';
import type { ZoneSettings } from './wire/zone-table.ts';

/** What the name server needs from outside. */
export interface DnsParts {
  readonly config: DnsConfig;
  readonly time: Clock & Timers;
  readonly random: Random;
  readonly log: Logger;
  /** Called after very many names have changed: as much again is garbage then. */
  readonly releaseMemory?: () => void;
}

/** One zone and how it is doing. */
export interface ServedZone {
  readonly settings: ZoneSettings;
  readonly keeper: ZoneKeeper;
  readonly serial: number;
  readonly status: FeedStatus;
}

/** Hears what changes. */
export type ChangeListener = (domain: string, serial: number, changes: readonly NameChange[]) => void;

interface Served {
  readonly settings: ZoneSettings;
  readonly keeper: ZoneKeeper;
  readonly feed: ClusterFeed;
  serial: number;
}

/** A running name server. */
export class Dns implements Service {
  readonly config: DnsConfig;
  /** Answers without a socket; has all zones, also when workers answer. */
  readonly names: NameServer;
  private readonly parts: DnsParts;
  private readonly served: readonly Served[];
  private readonly listeners = new Set<ChangeListener>();
  private readonly rotation: RotationFile;
  private listening: Listening | undefined;
  private pool: WorkerPool | undefined;
  /** How many have changed since memory was given back. */
  private changedNames = 0;

  constructor(parts: DnsParts) {
    const { config, time, random, log } = parts;
    assert(config.clusters.length > 0, 'a name server without a cluster has nothing to tell');
    this.parts = parts;
    this.config = config;
    this.rotation = new RotationFile(config.rotationFile);
    this.served = config.clusters.map((cluster) => {
      const settings = zoneSettings(cluster.domain, config);
      const rules = {
        domain: cluster.domain,
        label: config.enforceRfc952 ? rfc952Label : rfc1123Label,
        ipSources: config.ipSources,
        hash: taskHash,
      };
      const keeper = new ZoneKeeper(rules, { name: settings.mname, addresses: ownAddresses(config.bindAddress) });
      const feed = new ClusterFeed({
        masters: cluster.masters,
        observeMasters: cluster.observeMasters,
        orchestrator: cluster.orchestrator,
        fetch: cluster.fetch ?? fetch,
        refreshMs: config.refreshSeconds * 1000,
        keeper,
        time,
        log: log.child({ zone: cluster.domain }),
        onChange: () => this.publish(zone),
      });
      const zone: Served = { settings, keeper, feed, serial: 0 };
      return zone;
    });
    this.names = new NameServer(this.serveSettings(config.port).names, {
      clock: time,
      random,
      forwarder: new Forwarder(config, { time, random: random.stream('forwarder'), log }),
    });
  }

  /** The real port; 0 before the start. */
  get port(): number {
    return this.listening?.port ?? (this.pool === undefined ? 0 : this.config.port);
  }

  /** The real port of DNS over TLS. */
  get tlsPort(): number | undefined {
    return this.listening?.tlsPort ?? (this.pool === undefined ? undefined : this.config.tls?.port);
  }

  /** Listens and reads every cluster once; a master that cannot be reached now is asked again and again. */
  async start(): Promise<void> {
    const { config, time, log } = this.parts;
    for (const id of await this.rotation.read()) for (const { keeper } of this.served) keeper.setRotation(id, false);
    if (config.workers === 0) {
      this.listening = await openSockets(this.names, time, {
        address: config.bindAddress,
        port: config.port,
        tls: config.tls,
      });
    } else {
      this.pool = new WorkerPool(this.serveSettings(config.port), () => this.snapshot(), time, log);
      await this.pool.start(config.workers);
    }
    await Promise.all(this.served.map(({ feed }) => feed.start()));
  }

  async stop(): Promise<void> {
    for (const { feed } of this.served) feed.stop();
    this.listeners.clear();
    await Promise.all([this.listening?.close(), this.pool?.stop()]);
    this.listening = undefined;
  }

  /** The zones, in the order of the configuration. */
  zones(): ServedZone[] {
    return this.served.map(({ settings, keeper, serial, feed }) => ({
      settings,
      keeper,
      serial,
      status: feed.status(),
    }));
  }

  /** Hears every change from now on, until the function given back is called. */
  watch(listener: ChangeListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Wall clock, ms. */
  now(): number {
    return this.parts.time.now();
  }

  /** How many watch. */
  get watchers(): number {
    return this.listeners.size;
  }

  /** Takes a task out of rotation, or puts it back; kept through restarts. False when no such task runs now. */
  async setRotation(taskId: string, isInRotation: boolean): Promise<boolean> {
    let isRunning = false;
    for (const zone of this.served) {
      isRunning = zone.keeper.setRotation(taskId, isInRotation) || isRunning;
      this.publish(zone);
    }
    await this.rotation.write(this.outOfRotation());
    return isRunning;
  }

  outOfRotation(): string[] {
    return [...new Set(this.served.flatMap(({ keeper }) => keeper.rotation()))];
  }

  /** What was counted and asked, of all processes that answer. */
  async report(): Promise<{
    counters: CounterValues;
    queries: readonly QueryRecord[];
    workerBytes: readonly number[];
  }> {
    const own = { counters: this.names.counters.values(), queries: this.names.log.all() };
    if (this.pool === undefined) return { ...own, workerBytes: [] };
    const { counters, queries, residentBytes } = await this.pool.report();
    return {
      counters: addCounters([own.counters, counters]),
      queries: [...own.queries, ...queries].sort((one, other) => one.at - other.at),
      workerBytes: residentBytes,
    };
  }

  /**
   * Brings what changed in the records to those who answer. Until the first snapshot is there as a whole the zone stays
   * unknown (serial 0): what has not come yet must not be denied.
   */
  private publish(zone: Served): void {
    const wasKnown = zone.serial > 0;
    const serial = wasKnown ? this.nextSerial(zone) : 0;
    for (const changes of zone.keeper.book.takeChanges()) {
      this.changedNames += changes.length;
      zone.serial = serial;
      this.tell(zone, changes, serial);
    }
    if (!wasKnown && zone.feed.status().snapshotAt !== undefined) {
      zone.serial = this.nextSerial(zone);
      this.tell(zone, [], zone.serial);
    }
    if (this.changedNames < limits.manyNames) return;
    this.changedNames = 0;
    // Not now: much of it is still being used.
    this.parts.time.after(limits.releaseMs, () => this.parts.releaseMemory?.());
  }

  private nextSerial({ serial }: Served): number {
    return Math.max(serial + 1, Math.floor(this.parts.time.now() / 1000));
  }

  private tell(zone: Served, changes: readonly NameChange[], serial: number): void {
    const { domain } = zone.settings;
    const refused = this.names.table.apply(domain, changes, serial);
    if (refused.length > 0) {
      this.parts.log.warn({ zone: domain, names: refused.slice(0, 10) }, 'some names cannot be written in DNS');
    }
    this.pool?.apply(domain, changes, serial);
    for (const listener of this.listeners) listener(domain, zone.serial, changes);
  }

  private *snapshot() {
    for (const { settings, keeper, serial } of this.served) {
      yield { domain: settings.domain, changes: keeper.book.all(), serial };
    }
  }

  private serveSettings(port: number): ServeSettings {
    const { rateLimit, splits, resolvers, zoneResolvers, forwardFor, bindAddress, tls } = this.config;
    return {
      names: { zones: this.served.map(({ settings }) => settings), rateLimit, splits },
      forward: { resolvers, zoneResolvers, forwardFor },
      address: bindAddress,
      port,
      tls,
    };
  }
}

function zoneSettings(domain: string, config: DnsConfig): ZoneSettings {
  return {
    domain,
    ttl: config.ttl,
    mname: `ns1.${domain}`,
    rname: `root.ns1.${domain}`,
    refresh: config.soaRefresh,
    retry: config.soaRetry,
    expire: config.soaExpire,
    srvWeight: config.srvWeight,
  };
}

/** Mesos-DNS's short hash of a task's id. */
export function taskHash(taskId: string): string {
  return zbase32Prefix(createHash('sha1').update(taskId).digest(), 5);
}

/** Where the name server itself can be reached. */
function ownAddresses(bindAddress: string): string[] {
  if (bindAddress !== '0.0.0.0' && bindAddress !== '::') {
    return [bindAddress === 'localhost' ? '127.0.0.1' : bindAddress];
  }
  return Object.values(networkInterfaces()).flatMap((list) =>
    (list ?? []).filter(({ internal, scopeid }) => !internal && (scopeid ?? 0) === 0).map(({ address }) => address),
  );
}
