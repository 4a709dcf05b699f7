/**
 * One session with a ZooKeeper ensemble: promises over the client library, with what it lacks. It notices a server that
 * has fallen silent and goes on to the next, gives up by its own clock before the ensemble does, sends nothing before
 * the credentials, and leaves nobody waiting for ever.
 */
import { every, type Clock, type Logger, type TimerHandle, type Timers } from '@stadion/base';
import {
  closeZooKeeperClient,
  leaveServer,
  mendAddresses,
  mendReconnects,
  speakTls,
} from '@stadion/base/zookeeper-client';
import zookeeper, { type ACL, type Client, type Exception, type Stat } from 'node-zookeeper-client';
import type { ZooKeeperPlace } from '../../core/zookeeper-url.ts';
import { storeUnreachable } from '../../errors.ts';
import {
  ConnectionLost,
  NodeRefusal,
  isConnectionLost,
  refusalIn,
  type EnsembleSession,
  type NodeChange,
  type Refusal,
} from './session.ts';

/** All PEM. Without `ca` the authorities count that everybody believes; most servers want a certificate to be shown. */
export interface ZooKeeperTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** What a session is made of. */
export interface SessionOptions {
  readonly place: ZooKeeperPlace;
  /** What is shown to servers that are spoken to by TLS, and whom to believe; asked anew for each connection. */
  readonly tls?: () => ZooKeeperTls;
  /** What is asked for; the ensemble may give more or less (between 2 and 20 of its ticks), milliseconds. */
  readonly sessionTimeoutMs: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
}

type Callback<Result> = (error: Error | Exception | null | undefined, result: Result) => void;

const PROBES_PER_TIMEOUT = 5;
/** Of the session's timeout: after so long without a word the session counts as lost, before the ensemble says so. */
const PATIENCE = 2 / 3;

/** See the head of this file. Never used again once lost. */
export class ZooKeeperSession implements EnsembleSession {
  readonly lost: Promise<Error>;
  private readonly options: SessionOptions;
  private readonly client: Client;
  private readonly acl: ACL[];
  private readonly openAcl: ACL[];
  private readonly rejections = new Set<(error: Error) => void>();
  private waiting: (() => void)[] = [];
  private isConnected = false;
  private end: Error | undefined;
  private settleLost: (error: Error) => void = () => undefined;
  private readonly watchdog: TimerHandle;
  private heardAt: number;
  private socketSince: number;
  /** Why the last connection by TLS failed. */
  private problem: string | undefined;

  constructor(options: SessionOptions) {
    this.options = options;
    const { place, clock, timers, sessionTimeoutMs } = options;
    this.lost = new Promise((resolve) => {
      this.settleLost = resolve;
    });
    this.client = zookeeper.createClient(place.servers.join(','), {
      sessionTimeout: sessionTimeoutMs,
      spinDelay: RECONNECT_PAUSE_MS,
      retries: 0,
    });
    mendAddresses(this.client, place.servers);
    mendReconnects(this.client);
    if (place.isSecure) {
      speakTls(this.client, options.tls ?? (() => ({})), (error) => {
        this.problem = error.message;
      });
    }
    const { ALL, READ } = zookeeper.Permission;
    const everybody = new zookeeper.Id('world', 'anyone');
    this.acl = [new zookeeper.ACL(ALL, place.credentials === undefined ? everybody : new zookeeper.Id('auth', ''))];
    this.openAcl = place.credentials === undefined ? this.acl : [...this.acl, new zookeeper.ACL(READ, everybody)];
    if (place.credentials !== undefined) this.client.addAuthInfo('digest', Buffer.from(place.credentials));
    this.heardAt = clock.monotonic();
    this.socketSince = this.heardAt;
    this.client.on('state', (state) => {
      this.onState(state.name);
    });
    this.watchdog = every(timers, sessionTimeoutMs / PROBES_PER_TIMEOUT, () => {
      this.watch();
    });
    this.client.connect();
  }

  /** The session's timeout as the ensemble granted it, milliseconds. */
  private get timeoutMs(): number {
    return this.client.getSessionTimeout();
  }

  async read(path: string): Promise<{ readonly data: Buffer; readonly version: number } | undefined> {
    return orMissing(
      this.repeat<{ data: Buffer; version: number }>((done) => {
        this.client.getData(path, (error, data: Buffer | undefined, stat: Stat | undefined) => {
          done(error, { data: data ?? Buffer.alloc(0), version: stat?.version ?? 0 });
        });
      }),
    );
  }

  async children(path: string, onChange?: () => void): Promise<readonly string[] | undefined> {
    return orMissing(
      this.repeat<string[]>((done) => {
        if (onChange === undefined) this.client.getChildren(path, done);
        else this.client.getChildren(path, onChange, done);
      }),
    );
  }

  async exists(path: string, onChange?: () => void): Promise<boolean> {
    const stat = await this.repeat<Stat | null | undefined>((done) => {
      if (onChange === undefined) this.client.exists(path, done);
      else this.client.exists(path, onChange, done);
    });
    return stat !== null && stat !== undefined;
  }

  async createCandidate(prefix: string, data: Buffer): Promise<string> {
    // Not repeated: whether a lost attempt succeeded cannot be told from the answer.
    return this.attempt<string>((done) => {
      this.client.create(prefix, data, this.openAcl, zookeeper.CreateMode.EPHEMERAL_SEQUENTIAL, done);
    });
  }

  /** Folders are open: the ensemble may be shared. */
  async makeFolder(path: string): Promise<void> {
    const segments = path.split('/').slice(1);
    for (let depth = 1; depth <= segments.length; depth += 1) {
      const folder = `/${segments.slice(0, depth).join('/')}`;
      if (await this.exists(folder)) continue;
      const acl = depth === segments.length ? this.openAcl : zookeeperOpen();
      await orExists(
        this.repeat<string>((done) => {
          this.client.create(folder, Buffer.alloc(0), acl, zookeeper.CreateMode.PERSISTENT, done);
        }),
      );
    }
  }

  async remove(path: string): Promise<void> {
    await orMissing(
      this.repeat<unknown>((done) => {
        this.client.remove(path, (error) => {
          done(error, undefined);
        });
      }),
    );
  }

  transact(changes: readonly NodeChange[]): Promise<undefined> {
    return this.attempt<undefined>((done) => {
      const transaction = this.client.transaction();
      for (const change of changes) {
        switch (change.type) {
          case 'create':
            transaction.create(change.path, change.data, this.acl, zookeeper.CreateMode.PERSISTENT);
            break;
          case 'set':
            transaction.setData(change.path, change.data, change.version);
            break;
          case 'remove':
            transaction.remove(change.path);
            break;
          case 'check':
            transaction.check(change.path, change.version);
            break;
        }
      }
      transaction.commit((error) => {
        done(error, undefined);
      });
    });
  }

  close(): void {
    this.fail(storeUnreachable('the session was closed'));
  }

  /** Tries again for as long as the session lives and only connections are lost. For what may be done twice. */
  private async repeat<Result>(call: (done: Callback<Result>) => void): Promise<Result> {
    for (;;) {
      try {
        return await this.attempt(call);
      } catch (error) {
        if (!isConnectionLost(error) || this.end !== undefined) throw error;
      }
    }
  }

  private attempt<Result>(call: (done: Callback<Result>) => void): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.end !== undefined) {
        reject(this.end);
        return;
      }
      this.rejections.add(reject);
      const send = (): void => {
        call((error, result) => {
          this.rejections.delete(reject);
          if (error === null || error === undefined) {
            this.heardAt = this.options.clock.monotonic();
            resolve(result);
          } else reject(this.describe(error));
        });
      };
      // Not into the library's own queue: it would go out before the credentials.
      if (this.isConnected) send();
      else this.waiting.push(send);
    });
  }

  private describe(error: Error | Exception): Error {
    const code = 'code' in error ? error.code : undefined;
    const { Exception } = zookeeper;
    switch (code) {
      case Exception.CONNECTION_LOSS:
        return new ConnectionLost(error);
      case Exception.SESSION_EXPIRED:
      case Exception.AUTH_FAILED:
        return this.end ?? storeUnreachable('the session has expired');
      default:
        this.heardAt = this.options.clock.monotonic();
        return new NodeRefusal(refusalOf(code), error);
    }
  }

  private onState(name: string): void {
    switch (name) {
      case 'SYNC_CONNECTED': {
        this.isConnected = true;
        this.problem = undefined;
        this.heardAt = this.options.clock.monotonic();
        const { waiting } = this;
        this.waiting = [];
        for (const send of waiting) send();
        return;
      }
      case 'EXPIRED':
        this.fail(storeUnreachable('the session has expired'));
        return;
      case 'AUTH_FAILED':
        this.fail(storeUnreachable('the user or password was refused'));
        return;
      default:
        this.isConnected = false;
        this.socketSince = this.options.clock.monotonic();
    }
  }

  /** Asks whether the ensemble is still there; goes to another server, and gives up, when there is no answer. */
  private watch(): void {
    const now = this.options.clock.monotonic();
    const silentMs = now - this.heardAt;
    if (silentMs >= (this.hasEverHeard() ? this.timeoutMs * PATIENCE : FIRST_CONTACT_MS)) {
      const why = this.problem === undefined ? '' : `: ${this.problem}`;
      const who = this.options.place.servers.join(', ');
      this.fail(storeUnreachable(`none of ${who} has answered for ${String(Math.round(silentMs / 1000))} s${why}`));
      return;
    }
    const silentSocketMs = now - Math.max(this.heardAt, this.socketSince);
    if (silentSocketMs >= (this.timeoutMs * PATIENCE) / 2) {
      this.socketSince = now;
      this.options.log.warn({ silentMs: Math.round(silentSocketMs) }, 'A ZooKeeper server is silent: trying the next');
      leaveServer(this.client);
      return;
    }
    if (this.isConnected) this.attempt<unknown>((done) => this.client.exists('/', done)).catch(() => undefined);
  }

  private hasEverHeard(): boolean {
    return !this.client.getSessionId().every((byte) => byte === 0);
  }

  private fail(error: Error): void {
    if (this.end !== undefined) return;
    this.end = error;
    this.isConnected = false;
    this.watchdog.cancel();
    closeZooKeeperClient(this.client, this.options.timers);
    this.waiting = [];
    for (const reject of this.rejections) reject(error);
    this.rejections.clear();
    this.settleLost(error);
  }
}

/** Between two rounds through all servers, at most, milliseconds. */
const RECONNECT_PAUSE_MS = 250;
/** How long the first server that answers may take, milliseconds. */
const FIRST_CONTACT_MS = 15_000;

async function orMissing<Result>(result: Promise<Result>): Promise<Result | undefined> {
  try {
    return await result;
  } catch (error) {
    if (refusalIn(error) === 'no-node') return undefined;
    throw error;
  }
}

async function orExists(result: Promise<unknown>): Promise<void> {
  try {
    await result;
  } catch (error) {
    if (refusalIn(error) !== 'node-exists') throw error;
  }
}

function refusalOf(code: unknown): Refusal {
  const { Exception } = zookeeper;
  switch (code) {
    case Exception.NO_NODE:
      return 'no-node';
    case Exception.NODE_EXISTS:
      return 'node-exists';
    case Exception.BAD_VERSION:
      return 'bad-version';
    case Exception.NOT_EMPTY:
      return 'not-empty';
    case Exception.NO_AUTH:
      return 'no-auth';
    default:
      return 'other';
  }
}

function zookeeperOpen(): ACL[] {
  return [new zookeeper.ACL(zookeeper.Permission.ALL, new zookeeper.Id('world', 'anyone'))];
}
