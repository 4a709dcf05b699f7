/** A session with a simulated ensemble. It judges by its own clock, as the one with a real ensemble does. */
import { every, type TimerHandle } from '@stadion/base';
import { storeUnreachable } from '../../../errors.ts';
import { ConnectionLost, NodeRefusal, isConnectionLost, type EnsembleSession, type NodeChange } from '../session.ts';
import type { Connection, EnsembleClient } from './connection.ts';
import type { NodeTree } from './node-tree.ts';

/** The same shares of the session's timeout as with a real ensemble. */
const PROBES_PER_TIMEOUT = 5;
const PATIENCE = 2 / 3;
const RECONNECT_PAUSE_MS = 250;
const FIRST_CONTACT_MS = 15_000;

type Outcome<Result> = { readonly result: Result } | { readonly refusal: NodeRefusal } | undefined;

/** What an ensemble does for sessions. All but `connect` is called when a message of theirs arrives. */
export interface SessionHost {
  readonly isUp: boolean;
  connect(client: EnsembleClient): Connection;
  /** Takes a client in, with the session that it has or a new one; undefined: that one is over. */
  enter(connection: Connection, sessionId: number | undefined): number | undefined;
  /** Does what is asked, and remembers the watch; undefined: the session is over. */
  handle<Result>(
    sessionId: number,
    work: (tree: NodeTree) => Result,
    watch?: string,
  ): { readonly result: Result } | undefined;
  /** All changes or none; false: the session is over. */
  transact(sessionId: number, changes: readonly NodeChange[]): boolean;
  /** A client has so many watchers set. */
  noteWatchers(count: number): void;
  /** The client has said goodbye. */
  leave(sessionId: number): void;
}

/** See the head of this file. */
export class SimulatedSession implements EnsembleSession {
  readonly lost: Promise<Error>;
  private readonly ensemble: SessionHost;
  private readonly client: EnsembleClient;
  private readonly timeoutMs: number;
  private settleLost: (error: Error) => void = () => undefined;
  private end: Error | undefined;
  private sessionId: number | undefined;
  private connection: Connection | undefined;
  private isConnected = false;
  private heardAt: number;
  private socketSince: number;
  private waiting: { readonly send: () => void; readonly reject: (error: Error) => void }[] = [];
  /** Of what was sent over the present connection. */
  private underWay = new Set<(error: Error) => void>();
  private readonly watchers = new Map<string, Set<() => void>>();
  private readonly watchdog: TimerHandle;

  constructor(ensemble: SessionHost, client: EnsembleClient, timeoutMs: number) {
    this.ensemble = ensemble;
    this.client = client;
    this.timeoutMs = timeoutMs;
    this.lost = new Promise((resolve) => {
      this.settleLost = resolve;
    });
    this.heardAt = client.clock.monotonic();
    this.socketSince = this.heardAt;
    this.watchdog = every(client.timers, timeoutMs / PROBES_PER_TIMEOUT, () => {
      this.watch();
    });
    this.connect();
  }

  read(path: string): Promise<{ readonly data: Buffer; readonly version: number } | undefined> {
    return this.repeat((id) => this.ensemble.handle(id, (tree) => tree.get(path)));
  }

  children(path: string, onChange?: () => void): Promise<readonly string[] | undefined> {
    const watch = onChange === undefined ? undefined : this.expectChange(`c${path}`, onChange);
    return this.repeat((id) => this.ensemble.handle(id, (tree) => tree.children(path), watch));
  }

  exists(path: string, onChange?: () => void): Promise<boolean> {
    const watch = onChange === undefined ? undefined : this.expectChange(`d${path}`, onChange);
    return this.repeat((id) => this.ensemble.handle(id, (tree) => tree.get(path) !== undefined, watch));
  }

  createCandidate(prefix: string, data: Buffer): Promise<string> {
    return this.attempt((id) => this.ensemble.handle(id, (tree) => tree.createCandidate(prefix, data, id)));
  }

  async makeFolder(path: string): Promise<void> {
    const segments = path.split('/').slice(1);
    for (let depth = 1; depth <= segments.length; depth += 1) {
      const folder = `/${segments.slice(0, depth).join('/')}`;
      await this.repeat((id) =>
        this.ensemble.handle(id, (tree) => {
          if (tree.get(folder) === undefined) {
            tree.transact([{ type: 'create', path: folder, data: Buffer.alloc(0) }]);
          }
        }),
      );
    }
  }

  async remove(path: string): Promise<void> {
    await this.repeat((id) =>
      this.ensemble.handle(id, (tree) => {
        if (tree.get(path) !== undefined) tree.transact([{ type: 'remove', path }]);
      }),
    );
  }

  transact(changes: readonly NodeChange[]): Promise<undefined> {
    return this.attempt<undefined>((id) => {
      return this.ensemble.transact(id, changes) ? { result: undefined } : undefined;
    });
  }

  close(): void {
    if (this.end !== undefined) return;
    const { sessionId } = this;
    if (sessionId !== undefined && this.isConnected) {
      this.connection?.say(() => {
        this.ensemble.leave(sessionId);
      });
    }
    this.fail('the session was closed');
  }

  /** Tries again for as long as the session lives and only connections are lost. */
  private async repeat<Result>(work: (id: number) => Outcome<Result>): Promise<Result> {
    for (;;) {
      try {
        return await this.attempt(work);
      } catch (error) {
        if (!isConnectionLost(error) || this.end !== undefined) throw error;
      }
    }
  }

  private attempt<Result>(work: (id: number) => Outcome<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.end !== undefined) {
        reject(this.end);
        return;
      }
      const send = (): void => {
        this.underWay.add(reject);
        this.ask(work, (outcome) => {
          this.underWay.delete(reject);
          if ('refusal' in outcome) reject(outcome.refusal);
          else resolve(outcome.result);
        });
      };
      if (this.isConnected) send();
      else this.waiting.push({ send, reject });
    });
  }

  private ask<Result>(
    work: (id: number) => Outcome<Result>,
    answered: (outcome: NonNullable<Outcome<Result>>) => void,
  ): void {
    const { sessionId } = this;
    if (sessionId === undefined) return;
    this.connection?.ask(
      () => refusable(() => work(sessionId)),
      (outcome) => {
        this.heardAt = this.client.clock.monotonic();
        if (outcome === undefined) this.fail('the session has expired');
        else answered(outcome);
      },
    );
  }

  private connect(): void {
    const { ensemble, sessionId } = this;
    const connection = ensemble.connect(this.client);
    this.connection = connection;
    this.socketSince = this.client.clock.monotonic();
    connection.listen({
      onWatch: (watch) => {
        this.heardAt = this.client.clock.monotonic();
        this.fire(watch);
      },
      onBroken: () => {
        if (this.connection === connection) this.reconnect();
      },
    });
    connection.ask(
      () => ({ id: ensemble.enter(connection, sessionId), isUp: ensemble.isUp }),
      ({ id, isUp }) => {
        if (this.connection !== connection || !isUp) return;
        this.heardAt = this.client.clock.monotonic();
        if (id === undefined) {
          this.fail('the session has expired');
          return;
        }
        this.sessionId = id;
        this.isConnected = true;
        // What has changed meanwhile was not told.
        for (const watch of [...this.watchers.keys()]) this.fire(watch);
        const { waiting } = this;
        this.waiting = [];
        for (const { send } of waiting) send();
      },
    );
  }

  private reconnect(): void {
    const broken = this.connection;
    broken?.leave();
    this.isConnected = false;
    const { underWay } = this;
    this.underWay = new Set();
    for (const reject of underWay) reject(new ConnectionLost());
    this.client.timers.after(RECONNECT_PAUSE_MS, () => {
      if (this.end === undefined && this.connection === broken) this.connect();
    });
  }

  private watch(): void {
    const now = this.client.clock.monotonic();
    const silentMs = now - this.heardAt;
    if (silentMs >= (this.sessionId === undefined ? FIRST_CONTACT_MS : this.timeoutMs * PATIENCE)) {
      this.fail(`no server has answered for ${String(Math.round(silentMs / 1000))} s`);
      return;
    }
    if (now - Math.max(this.heardAt, this.socketSince) >= (this.timeoutMs * PATIENCE) / 2) {
      this.socketSince = now;
      this.reconnect();
      return;
    }
    if (this.isConnected) {
      this.ask(
        (id) => this.ensemble.handle(id, () => undefined),
        () => undefined,
      );
    }
  }

  private expectChange(watch: string, onChange: () => void): string {
    const known = this.watchers.get(watch);
    if (known === undefined) this.watchers.set(watch, new Set([onChange]));
    else known.add(onChange);
    let count = 0;
    for (const each of this.watchers.values()) count += each.size;
    this.ensemble.noteWatchers(count);
    return watch;
  }

  private fire(watch: string): void {
    const watchers = this.watchers.get(watch);
    this.watchers.delete(watch);
    for (const onChange of watchers ?? []) onChange();
  }

  private fail(why: string): void {
    if (this.end !== undefined) return;
    const error = storeUnreachable(why);
    this.end = error;
    this.isConnected = false;
    this.watchdog.cancel();
    this.connection?.leave();
    this.watchers.clear();
    const { underWay, waiting } = this;
    this.waiting = [];
    this.underWay = new Set();
    for (const reject of underWay) reject(error);
    for (const { reject } of waiting) reject(error);
    this.settleLost(error);
  }
}

function refusable<Result>(work: () => Outcome<Result>): Outcome<Result> {
  try {
    return work();
  } catch (error) {
    if (error instanceof NodeRefusal) return { refusal: error };
    throw error;
  }
}
