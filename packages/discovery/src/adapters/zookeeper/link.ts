/** A ZooKeeper session that is made anew whenever it has expired, with calls that end. */
import { Buffer } from 'node:buffer';
import { PlatformError, type Clock, type TimerHandle, type Timers } from '@stadion/base';
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
const SPIN_MS = 300;
const RENEW_MS = 200;

/** As Ranger leaves its nodes: anybody may do anything. */
const OPEN = [new zookeeper.ACL(zookeeper.Permission.ALL, new zookeeper.Id('world', 'anyone'))];

/** What ZooKeeper says of a call that it refused. */
export type Refusal = 'exists' | 'missing' | 'lost';

/** The link. */
export class ZooKeeperLink {
  private readonly options: ZooKeeperOptions;
  private client: Client;
  private readonly listeners = new Set<() => void>();
  private renewal: TimerHandle | undefined;
  private isClosed = false;
  private isUp = false;

  constructor(options: ZooKeeperOptions) {
    this.options = options;
    this.client = this.open();
  }

  /** Whether a server can be reached now, as far as is known. */
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

  close(): void {
    this.isClosed = true;
    this.isUp = false;
    this.renewal?.cancel();
    this.listeners.clear();
    this.client.close();
  }

  private open(): Client {
    const { connectString, sessionTimeoutMs = 30_000 } = this.options;
    const client = zookeeper.createClient(connectString, {
      sessionTimeout: sessionTimeoutMs,
      spinDelay: SPIN_MS,
      retries: 0,
    });
    client.on('connected', () => {
      if (client !== this.client || this.isClosed) return;
      this.isUp = true;
      for (const listener of this.listeners) listener();
    });
    client.on('disconnected', () => {
      if (client === this.client) this.isUp = false;
    });
    client.on('expired', () => this.renew(client));
    client.on('authenticationFailed', () => this.renew(client));
    client.connect();
    return client;
  }

  private renew(client: Client): void {
    if (client !== this.client || this.isClosed) return;
    this.isUp = false;
    client.close();
    this.renewal?.cancel();
    this.renewal = this.options.time.after(RENEW_MS, () => {
      this.client = this.open();
    });
  }

  private call<Value>(begin: (client: Client, done: (error: unknown, value?: Value) => void) => void): Promise<Value> {
    return new Promise((resolve, reject) => {
      const timer = this.options.time.after(CALL_MS_MAX, () => {
        reject(unreachable(new Error(`no answer within ${String(CALL_MS_MAX / 1000)} s`)));
      });
      begin(this.client, (error, value) => {
        timer.cancel();
        if (error === null || error === undefined) resolve(value as Value);
        else reject(error instanceof Error ? error : unreachable(error));
      });
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
