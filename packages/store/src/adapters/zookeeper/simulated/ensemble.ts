/**
 * A ZooKeeper ensemble in virtual time: sessions that expire, nodes that go with them, watches, transactions with
 * conditions, and connections that break, stall and delay. What servers run on it is the code that they run on a real one.
 */
import type { Clock, Logger, TimerHandle, Timers } from '@stadion/base';
import type { JsonValue, LeaderWatch, SharedStore } from '../../../store.ts';
import { observeLeader } from '../leader-watch.ts';
import { openStoreOver } from '../open-zookeeper-store.ts';
import { placesBelow } from '../places.ts';
import { SessionKeeper } from '../session-keeper.ts';
import type { NodeChange } from '../session.ts';
import { DurableRecords } from './durable-records.ts';
import { NodeTree, folderOf } from './node-tree.ts';
import { Connection, type EnsembleClient } from './connection.ts';
import { SimulatedSession, type SessionHost } from './simulated-session.ts';

/** What happens in an ensemble, as one who sees everything hears of it. */
export interface EnsembleObserver {
  /** A transaction has taken effect. */
  onTransaction?(client: string, changes: readonly NodeChange[]): void;
  /** The epoch was raised: who did so leads from now on, and nobody else may write. */
  onEpoch?(epoch: number, client: string): void;
  /** A session is over because nothing was heard of it for too long. */
  onExpiry?(client: string): void;
}

/** What an ensemble is made of. */
export interface SimulatedEnsembleOptions {
  /** True time. Clients have clocks of their own. */
  readonly time: Clock & Timers;
  /** Of every session, milliseconds. */
  readonly sessionTimeoutMs: number;
  readonly log: Logger;
}

interface KnownSession {
  readonly id: number;
  readonly client: EnsembleClient;
  heardAt: number;
  connection: Connection | undefined;
  /** Paths with `d` or `c` before them: of which the client wants to hear. */
  readonly watches: Set<string>;
  expiry: TimerHandle | undefined;
}

const FOLDER = '/stadion';

/** See the head of this file. */
export class SimulatedEnsemble implements SessionHost {
  readonly observers: EnsembleObserver[] = [];
  private readonly options: SimulatedEnsembleOptions;
  private readonly places = placesBelow(FOLDER);
  private readonly tree = new NodeTree((path, isChildren) => {
    this.touch(path, isChildren);
  });
  private readonly records = new DurableRecords(this.tree, this.places.journal);
  private readonly sessions = new Map<number, KnownSession>();
  private lastSession = 0;
  private isDown = false;
  private watchersMax = 0;

  constructor(options: SimulatedEnsembleOptions) {
    this.options = options;
  }

  /** The number of nodes, of sessions, and of watchers that one process has set, at most and ever. */
  get sizes(): { readonly nodes: number; readonly sessions: number; readonly watchers: number } {
    return { nodes: this.tree.size, sessions: this.sessions.size, watchers: this.watchersMax };
  }

  /** Whether it has its quorum. */
  get isUp(): boolean {
    return !this.isDown;
  }

  /** The epoch of who was elected last; 0 before the first. */
  get epoch(): number {
    return this.tree.get(this.places.epoch)?.version ?? 0;
  }

  /** The keys of all records. */
  durableKeys(): Iterable<string> {
    return this.records.keys();
  }

  /** A record as a newcomer would read it; undefined when there is none. */
  durableValue(key: string): JsonValue | undefined {
    return this.records.value(key);
  }

  /** The JSON of every record, as it is now. */
  snapshot(): ReadonlyMap<string, string> {
    return this.records.snapshot();
  }

  /** Opens the store of the cluster, as a starting server does. */
  openStore(client: EnsembleClient): Promise<SharedStore> {
    const { log } = this.options;
    return openStoreOver({ keeper: this.keeper(client), places: this.places, timers: client.timers, log });
  }

  /** Follows who leads. */
  watchLeader(client: EnsembleClient): LeaderWatch {
    const keeper = this.keeper(client);
    return {
      observeLeader: (listener) => observeLeader({ keeper, places: this.places, timers: client.timers }, listener),
    };
  }

  /** A session, for those who want no more than that. */
  openSession(client: EnsembleClient): SimulatedSession {
    return new SimulatedSession(this, client, this.options.sessionTimeoutMs);
  }

  /** The quorum is lost: nobody is answered, and no session expires. */
  stop(): void {
    this.isDown = true;
    for (const session of this.sessions.values()) session.connection?.breakOff();
  }

  /** The quorum is back; every session has its whole time again. */
  start(): void {
    if (!this.isDown) return;
    this.isDown = false;
    for (const session of this.sessions.values()) {
      session.heardAt = this.options.time.monotonic();
      this.awaitExpiry(session);
    }
  }

  /** The connections of a client break; its sessions live on. */
  breakConnections(client: string): void {
    for (const session of this.sessions.values()) if (session.client.name === client) session.connection?.breakOff();
  }

  /** The sessions of a client are over at this moment, as after a long silence. */
  expire(client: string): void {
    for (const session of [...this.sessions.values()]) if (session.client.name === client) this.end(session, true);
  }

  connect(client: EnsembleClient): Connection {
    return new Connection(this.options.time, client);
  }

  enter(connection: Connection, sessionId: number | undefined): number | undefined {
    if (this.isDown) {
      connection.breakOff();
      return undefined;
    }
    if (sessionId === undefined) {
      this.lastSession += 1;
      const session: KnownSession = {
        id: this.lastSession,
        client: connection.client,
        heardAt: this.options.time.monotonic(),
        connection,
        watches: new Set(),
        expiry: undefined,
      };
      this.sessions.set(session.id, session);
      this.awaitExpiry(session);
      return session.id;
    }
    const known = this.sessions.get(sessionId);
    if (known === undefined) return undefined;
    known.connection?.breakOff();
    known.connection = connection;
    known.heardAt = this.options.time.monotonic();
    known.watches.clear();
    return sessionId;
  }

  noteWatchers(count: number): void {
    this.watchersMax = Math.max(this.watchersMax, count);
  }

  handle<Result>(
    sessionId: number,
    work: (tree: NodeTree) => Result,
    watch?: string,
  ): { readonly result: Result } | undefined {
    const session = this.sessions.get(sessionId);
    if (session === undefined) return undefined;
    session.heardAt = this.options.time.monotonic();
    const result = work(this.tree);
    if (watch !== undefined) session.watches.add(watch);
    return { result };
  }

  transact(sessionId: number, changes: readonly NodeChange[]): boolean {
    const session = this.sessions.get(sessionId);
    if (session === undefined) return false;
    session.heardAt = this.options.time.monotonic();
    const { epoch } = this;
    this.tree.transact(changes);
    for (const { type, path } of changes) {
      if (type === 'create' && folderOf(path) === this.places.journal) this.records.add(path);
    }
    const { name } = session.client;
    for (const observer of this.observers) observer.onTransaction?.(name, changes);
    if (this.epoch > epoch) for (const observer of this.observers) observer.onEpoch?.(this.epoch, name);
    return true;
  }

  leave(sessionId: number): void {
    const session = this.sessions.get(sessionId);
    if (session !== undefined) this.end(session, false);
  }

  private keeper(client: EnsembleClient): SessionKeeper {
    return new SessionKeeper({
      open: () => this.openSession(client),
      timers: client.timers,
      log: this.options.log,
    });
  }

  private awaitExpiry(session: KnownSession): void {
    const { time, sessionTimeoutMs } = this.options;
    const restMs = session.heardAt + sessionTimeoutMs - time.monotonic();
    session.expiry?.cancel();
    session.expiry = time.after(restMs, () => {
      if (this.isDown) return;
      if (time.monotonic() - session.heardAt >= sessionTimeoutMs) this.end(session, true);
      else this.awaitExpiry(session);
    });
  }

  private end(session: KnownSession, hasExpired: boolean): void {
    if (!this.sessions.delete(session.id)) return;
    session.expiry?.cancel();
    this.tree.removeOf(session.id);
    session.connection?.breakOff();
    if (hasExpired) for (const observer of this.observers) observer.onExpiry?.(session.client.name);
  }

  private touch(path: string, isChildren: boolean): void {
    const watch = `${isChildren ? 'c' : 'd'}${path}`;
    for (const session of this.sessions.values()) {
      if (session.watches.delete(watch)) session.connection?.tell(watch);
    }
  }
}
