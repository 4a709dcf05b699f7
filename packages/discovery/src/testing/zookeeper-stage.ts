/** A real ZooKeeper on which tests register and look, each test in a namespace of its own. */
import { Buffer } from 'node:buffer';
import { delay } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';
import zookeeper, { type Client, type Stat } from 'node-zookeeper-client';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { Provider, type ProviderOptions } from '../provider.ts';
import { TestZooKeeper } from './zookeeper.ts';

const PATIENCE_MS = 15_000;
const START_MS_MAX = 70_000;

/** What the tests of one suite share. */
export class ZooKeeperStage {
  private running: { readonly server: TestZooKeeper; readonly client: Client } | undefined;
  private cleanUp: (() => Promise<unknown>)[] = [];
  private count = 0;

  /** Opens it before the suite, and clears up after each test and at the end. */
  static ofSuite(): ZooKeeperStage {
    const stage = new ZooKeeperStage();
    beforeAll(async () => {
      const server = await TestZooKeeper.start();
      const client = zookeeper.createClient(server.connectString, {
        sessionTimeout: 10_000,
        spinDelay: 200,
        retries: 0,
      });
      client.connect();
      stage.running = { server, client };
    }, START_MS_MAX);
    afterAll(async () => {
      stage.client.close();
      await stage.server.stop();
    });
    beforeEach(() => {
      stage.count += 1;
      stage.cleanUp = [];
    });
    afterEach(async () => {
      await Promise.all(stage.cleanUp.map((step) => step()));
    });
    return stage;
  }

  get server(): TestZooKeeper {
    if (this.running === undefined) throw new Error('it is open while a test runs');
    return this.running.server;
  }

  /** Somebody else, who sees what is really there. */
  get client(): Client {
    if (this.running === undefined) throw new Error('it is open while a test runs');
    return this.running.client;
  }

  /** Of this test. */
  get namespace(): string {
    return `ns${String(this.count)}`;
  }

  /** To be done after this test, however it ends. */
  atEnd(step: () => Promise<unknown>): void {
    this.cleanUp.push(step);
  }

  /** Starts a provider of the service `demo`. */
  provide(options: Partial<ProviderOptions> & Pick<ProviderOptions, 'port'>): Provider {
    const provider = new Provider({
      connectString: this.server.connectString,
      namespace: this.namespace,
      service: 'demo',
      host: '127.0.0.1',
      shard: { environment: 'dev' },
      sessionTimeoutMs: 2000,
      checkMs: 100,
      ...options,
    });
    provider.start();
    this.atEnd(() => provider.stop());
    return provider;
  }

  /** What a node has; undefined when there is none. */
  read(path: string): Promise<{ readonly text: string; readonly stat: Stat } | undefined> {
    return new Promise((resolve, reject) => {
      this.client.getData(path, (error, data, stat) => {
        if (!(error instanceof Error)) resolve({ text: String(data), stat });
        else if (error.toString().includes('NO_NODE')) resolve(undefined);
        else reject(error);
      });
    });
  }

  /** Makes a node that stays, and those above it. */
  create(path: string, text: string): Promise<void> {
    return done((finish) => this.client.mkdirp(path, Buffer.from(text), finish));
  }
}

/** Waits for a call of the client library. */
export function done(begin: (finish: (error: unknown) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => begin((error) => (error instanceof Error ? reject(error) : resolve())));
}

/** Waits until `probe` gives something, asking again and again. */
export async function until<Value>(
  what: string,
  probe: () => Promise<Value> | Value,
  limitMs = PATIENCE_MS,
): Promise<Exclude<Value, false | undefined>> {
  const end = systemClock.monotonic() + limitMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value as Exclude<Value, false | undefined>;
    if (systemClock.monotonic() > end) throw new Error(`Waited in vain until ${what}`);
    await delay(systemTimers, 10);
  }
}
