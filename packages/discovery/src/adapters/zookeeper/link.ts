/** A ZooKeeper session that is made anew whenever it has expired, with calls that end. */
import { Buffer } from 'node:buffer';
import { PlatformError, every, type Clock, type TimerHandle, type Timers } from '@stadion/base';
import {
  closeZooKeeperClient,
  leaveServer,
  mendAddresses,
  mendReconnects,
  seekServer,
} from '@stadion/base/zookeeper-client';
import zookeeper, { type Client, type Event } from 'node-zookeeper-client';

/** Where and how. */
export interface ZooKeeperOptions {
  /** `host:port,host:port`. */
  readonly connectString: string;
  readonly sessionTimeoutMs?: number;
  readonly time: Clock & Timers;
}

/** A call that is not answered for so long has failed. */
const CALL_MS_MAX = 3000;
/** Between the end of a session and the next. */
const RENEW_MS = 50;
/**
 * A server that comes back is to be found within a second: so long may it take to be reached, and so long is the pause
 * between two attempts at most (it is a random part of that), ms. One that was reached has a second, or more if it is busy.
 */
const ATTEMPT = { reachMs: 750, entryMs: 1000, entryMsMax: 8000 };
const SPIN_MS = 250;
/** The watchdog looks so often, but at least so many times in a session's time. */
const LOOK_MS = 1000;
const LOOKS_PER_SESSION = 5;
/** With nothing heard at the second look the server is asked for a word; with nothing at this one it is left for another connection. */
const QUESTION_LOOK = 2;
const SILENT_LOOKS_MAX = 3;

/** As Ranger leaves its nodes: anybody may do anything. */
const OPEN = [new zookeeper.ACL(zookeeper.Permission.ALL, new zookeeper.Id('world', 'anyone'))];

/** What ZooKeeper says of a call that it refused. */
export type Refusal = 'exists' | 'missing' | 'lost';

type Begin<Value> = (client: Client, done: (error: unknown, value?: Value) => void) => void;

/**
 * The link. Calls go out only while there is a connection, so that none is carried out long after it was given up. A
 * connection on which nothing is heard is left for another, with the same session: what the system would do with a cable
 * that was pulled is to wait about as long again as it was away. A session that has expired is followed by another at once.
 */
export class ZooKeeperLink {
  private readonly options: ZooKeeperOptions;
  private readonly sessionTimeoutMs: number;
  private client: Client;
  private readonly listeners = new Set<() => void>();
  private readonly watchdog: TimerHandle;
  private renewal: TimerHandle | undefined;
  /** Calls that wait for a connection. */
  private readonly waiting = new Set<() => void>();
  /** Calls without an answer yet. */
  private readonly rejections = new Set<(error: Error) => void>();
  private isClosed = false;
  private isUp = false;
  /** Looks of the watchdog at this connection since something was heard. */
  private silentLooks = 0;

  constructor(options: ZooKeeperOptions) {
    this.options = options;
    this.sessionTimeoutMs = options.sessionTimeoutMs ?? 30_000;
    this.client = this.open();
    const lookMs = Math.min(LOOK_MS, this.sessionTimeoutMs / LOOKS_PER_SESSION);
    this.watchdog = every(options.time, lookMs, () => this.look());
  }

  get isConnected(): boolean {
    return this.isUp;
  }

  /** Which session this is: ephemeral nodes belong to one. */
  get sessionId(): Buffer {
    return this.client.getSessionId();
  }

  /** Called each time that a connection has been made, with the old session or a new one. */
  onConnected(listener: () => void): () => void {
    this.listeners.add(listener);
    if (this.isUp) listener();
    return () => this.listeners.delete(listener);
  }

  children(path: string, watcher?: (event: Event) => void): Promise<string[]> {
    return this.call((client, done) =>
      watcher === undefined ? client.getChildren(path, done) : client.getChildren(path, watcher, done),
    );
  }

  data(path: string, watcher?: (event: Event) => void): Promise<Buffer> {
    return this.call<Buffer | undefined>((client, done) =>
      watcher === undefined ? client.getData(path, done) : client.getData(path, watcher, done),
    ).then((data) => data ?? Buffer.alloc(0));
  }

  /** The session that owns an ephemeral node; undefined when there is no node. */
  owner(path: string, watcher?: (event: Event) => void): Promise<Buffer | undefined> {
    return this.call<zookeeper.Stat | null>((client, done) =>
      watcher === undefined ? client.exists(path, done) : client.exists(path, watcher, done),
    ).then((stat) => (stat === null ? undefined : stat.ephemeralOwner));
  }

  makeFolder(path: string): Promise<unknown> {
    return this.call((client, done) => client.mkdirp(path, done));
  }

  createEphemeral(path: string, data: Buffer): Promise<unknown> {
    return this.call((client, done) => client.create(path, data, zookeeper.CreateMode.EPHEMERAL, done));
  }

  setData(path: string, data: Buffer): Promise<unknown> {
    return this.call((client, done) => client.setData(path, data, done));
  }

  remove(path: string): Promise<unknown> {
    return this.call((client, done) => client.remove(path, done));
  }

  /** Replaces a node by an ephemeral one of this session, in one step: nobody sees it missing. */
  takeOver(path: string, data: Buffer): Promise<unknown> {
    return this.call((client, done) =>
      client.transaction().remove(path).create(path, data, OPEN, zookeeper.CreateMode.EPHEMERAL).commit(done),
    );
  }

  /** Ends the session. Whoever waits for an answer is told that there is none. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.isUp = false;
    this.watchdog.cancel();
    this.renewal?.cancel();
    this.listeners.clear();
    this.waiting.clear();
    for (const reject of this.rejections) reject(unreachable(new Error('the link was closed')));
    this.rejections.clear();
    this.leave();
  }

  private open(): Client {
    const client = zookeeper.createClient(this.options.connectString, {
      sessionTimeout: this.sessionTimeoutMs,
      spinDelay: SPIN_MS,
      retries: 0,
    });
    mendAddresses(client, (this.options.connectString.split('/')[0] ?? '').split(','));
    mendReconnects(client);
    seekServer(client, this.options.time, ATTEMPT);
    client.on('connected', () => {
      if (this.isClosed) return;
      this.isUp = true;
      this.silentLooks = 0;
      for (const send of this.waiting) send();
      this.waiting.clear();
      for (const listener of this.listeners) listener();
    });
    client.on('disconnected', () => {
      this.isUp = false;
    });
    client.on('expired', () => this.renew());
    client.on('authenticationFailed', () => this.renew());
    client.connect();
    return client;
  }

  private leave(): void {
    this.client.removeAllListeners();
    closeZooKeeperClient(this.client, this.options.time);
  }

  /** Another client, with a session of its own. */
  private renew(): void {
    if (this.isClosed) return;
    this.isUp = false;
    this.leave();
    this.renewal?.cancel();
    this.renewal = this.options.time.after(RENEW_MS, () => {
      this.client = this.open();
    });
  }

  /** Counts looks, not time: after a pause of this whole process, answers that have come are read before the next. */
  private look(): void {
    if (!this.isUp) return;
    const { client } = this;
    this.silentLooks += 1;
    if (this.silentLooks > SILENT_LOOKS_MAX) leaveServer(client);
    else if (this.silentLooks === QUESTION_LOOK) {
      client.exists('/', (error) => {
        if (client === this.client && !(error instanceof Error)) this.silentLooks = 0;
      });
    }
  }

  private call<Value>(begin: Begin<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        timer.cancel();
        this.waiting.delete(send);
        this.rejections.delete(refuse);
      };
      const refuse = (error: Error): void => {
        end();
        reject(error);
      };
      const send = (): void => {
        begin(this.client, (error, value) => {
          end();
          this.silentLooks = 0;
          if (error === null || error === undefined) resolve(value as Value);
          else reject(error instanceof Error ? error : unreachable(error));
        });
      };
      const timer = this.options.time.after(CALL_MS_MAX, () => {
        refuse(unreachable(new Error(`no answer within ${String(CALL_MS_MAX / 1000)} s`)));
      });
      this.rejections.add(refuse);
      if (this.isClosed) refuse(unreachable(new Error('the link was closed')));
      else if (this.isUp) send();
      else this.waiting.add(send);
    });
  }
}

/** Why a call failed, as far as it matters. */
export function refusalOf(error: unknown): Refusal {
  if (!(error instanceof zookeeper.Exception)) return 'lost';
  const code = error.getCode();
  if (code === zookeeper.Exception.NODE_EXISTS) return 'exists';
  return code === zookeeper.Exception.NO_NODE ? 'missing' : 'lost';
}

function unreachable(cause: unknown): PlatformError {
  return new PlatformError('zookeeper-unreachable', 'ZooKeeper does not answer. Check its address.', {
    cause,
    retryable: true,
  });
}
