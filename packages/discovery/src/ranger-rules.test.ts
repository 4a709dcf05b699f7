/** What Ranger's own programs rely on in ZooKeeper, rule by rule, with a real one. */
import { Buffer } from 'node:buffer';
import { delay } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';
import Fastify from 'fastify';
import zookeeper, { type Client, type Stat } from 'node-zookeeper-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { addDiscovery } from './fastify.ts';
import { Provider, type ProviderOptions } from './provider.ts';
import type { ServiceNode } from './core/service-node.ts';
import { TestZooKeeper, hasZooKeeper } from './testing/zookeeper.ts';
import { zooKeeperSource } from './zookeeper.ts';

const PATIENCE_MS = 15_000;

describe.skipIf(!hasZooKeeper())('Ranger’s rules', () => {
  let server: TestZooKeeper;
  let client: Client;
  let cleanUp: (() => Promise<unknown>)[];
  let namespace = '';
  let count = 0;

  beforeAll(async () => {
    server = await TestZooKeeper.start();
    client = zookeeper.createClient(server.connectString, { sessionTimeout: 10_000, spinDelay: 200, retries: 0 });
    client.connect();
  }, 70_000);

  afterAll(async () => {
    client.close();
    await server.stop();
  });

  beforeEach(() => {
    cleanUp = [];
    namespace = `rules${String((count += 1))}`;
  });

  afterEach(async () => {
    await Promise.all(cleanUp.map((step) => step()));
  });

  function provide(options: Partial<ProviderOptions> = {}): Provider {
    const place = { connectString: server.connectString, namespace, service: 'demo', host: 'h', port: 4000 };
    const provider = new Provider({ ...place, sessionTimeoutMs: 4000, checkMs: 50, ...options });
    provider.start();
    cleanUp.push(() => provider.stop());
    return provider;
  }

  function read(path: string): Promise<{ text: string; stat: Stat } | undefined> {
    return new Promise((resolve, reject) => {
      client.getData(path, (error, data, stat) => {
        if (!(error instanceof Error)) resolve({ text: String(data), stat });
        else if (error.toString().includes('NO_NODE')) resolve(undefined);
        else reject(error);
      });
    });
  }

  const node = async (name = 'h:4000'): Promise<Record<string, unknown> | undefined> => {
    const found = await read(`/${namespace}/demo/${name}`);
    return found === undefined ? undefined : JSON.parse(found.text);
  };

  async function until<Value>(what: string, probe: () => Promise<Value | undefined | false>): Promise<Value> {
    const end = systemClock.monotonic() + PATIENCE_MS;
    for (;;) {
      const value = await probe();
      if (value !== undefined && value !== false) return value;
      if (systemClock.monotonic() > end) throw new Error(`Waited in vain until ${what}`);
      await delay(systemTimers, 10);
    }
  }

  const written = (condition: (node: Record<string, unknown>) => boolean) =>
    until('it is written', async () => {
      const found = await node();
      return found !== undefined && condition(found) && found;
    });

  function create(path: string, text: string): Promise<void> {
    return new Promise((resolve, reject) =>
      client.mkdirp(path, Buffer.from(text), (error) => (error instanceof Error ? reject(error) : resolve())),
    );
  }

  test('a node is ephemeral and numbered by nobody, anybody may change it, and its service stays', async () => {
    const provider = provide();
    await written(({ healthcheckStatus }) => healthcheckStatus === 'healthy');
    const found = await read(`/${namespace}/demo/h:4000`);
    expect(found?.stat.ephemeralOwner.some((byte) => byte !== 0)).toBe(true);
    const acl = await new Promise<string>((resolve, reject) =>
      client.getACL(`/${namespace}/demo/h:4000`, (error, all) =>
        error instanceof Error ? reject(error) : resolve(JSON.stringify(all)),
      ),
    );
    expect(acl).toMatch(/"permission":31.*"scheme":"world","id":"anyone"/);
    await provider.stop();
    expect(await node()).toBeUndefined();
    expect((await read(`/${namespace}/demo`))?.stat.ephemeralOwner.every((byte) => byte === 0)).toBe(true);
  });

  test('it is written when something changes, and again when it would grow stale; not at every look', async () => {
    let weight = 1;
    const provider = provide({ heartbeatMs: 400, weight: () => weight });
    const first = await written(({ healthcheckStatus }) => healthcheckStatus === 'healthy');
    const looksBetween = Number((await read(`/${namespace}/demo/h:4000`))?.stat.version);
    weight = 0.5;
    const second = await written(({ routingWeight }) => routingWeight === 0.5);
    // The heartbeat brought it: nothing else had changed.
    expect(Number(second.lastUpdatedTimeStamp) - Number(first.lastUpdatedTimeStamp)).toBeGreaterThanOrEqual(390);
    expect(Number((await read(`/${namespace}/demo/h:4000`))?.stat.version)).toBe(looksBetween + 1);
    provider.setRotation(false);
    const out = await written(({ healthcheckStatus }) => healthcheckStatus === 'unhealthy');
    expect(out.healthySinceTimeStamp).toBe(first.healthySinceTimeStamp);
    // Out of rotation it goes on saying that it is there.
    await written(({ lastUpdatedTimeStamp }) => Number(lastUpdatedTimeStamp) > Number(out.lastUpdatedTimeStamp));
    provider.setRotation(true);
    const back = await written(({ healthcheckStatus }) => healthcheckStatus === 'healthy');
    expect(back.healthySinceTimeStamp).toBe(first.healthySinceTimeStamp);
  });

  test('before it goes it says so, for as long as it is to drain', async () => {
    const provider = provide({ drainMs: 300 });
    await written(({ healthcheckStatus }) => healthcheckStatus === 'healthy');
    const begin = systemClock.monotonic();
    const gone = provider.stop();
    await written(({ healthcheckStatus }) => healthcheckStatus === 'unhealthy');
    await gone;
    expect(systemClock.monotonic() - begin).toBeGreaterThanOrEqual(290);
    expect(await node()).toBeUndefined();
  });

  test('readers that know five members get those five', async () => {
    provide({ profile: 'legacy', shard: { environment: 'prod' } });
    const legacy = await written(({ healthcheckStatus }) => healthcheckStatus === 'healthy');
    expect(Object.keys(legacy)).toEqual(['host', 'port', 'nodeData', 'healthcheckStatus', 'lastUpdatedTimeStamp']);
    expect(legacy.nodeData).toEqual({ environment: 'prod' });
  });

  test('what a node says counts, not its name; data of services and numbers of ids are nobody', async () => {
    const now = String(systemClock.now() + 3_600_000);
    await create(`/${namespace}/demo`, '127.0.0.1');
    await create(`/${namespace}/id-generator/demo/007`, '127.0.0.1');
    // From a clock that is ahead, too.
    await create(`/${namespace}/demo/other`, `{"host":"h","port":"5000","lastUpdatedTimeStamp":${now}}`);
    const source = zooKeeperSource({ connectString: server.connectString, namespace });
    cleanUp.push(() => source.close());
    expect(await source.services?.()).toEqual(['demo']);
    const nodes = await new Promise<readonly ServiceNode[]>((resolve, reject) =>
      source.follow('demo', { onNodes: resolve, onTrouble: reject }),
    );
    expect(nodes).toMatchObject([{ host: 'h', port: 5000, healthcheckStatus: 'healthy' }]);
    // Whoever looks for a service does not make one.
    await new Promise<unknown>((resolve, reject) => source.follow('none', { onNodes: resolve, onTrouble: reject }));
    expect(await read(`/${namespace}/none`)).toBeUndefined();
  });

  test('the bundle publishes under what Marathon gives, by container port, with its region and scheme', async () => {
    const app = Fastify();
    cleanUp.push(() => app.close());
    const environment = { HOST: 'agent7', PORT0: '31000', PORT_8080: '31007', FARM_ID: 'eu-1' };
    const place = { connectString: server.connectString, namespace, service: 'demo', sessionTimeoutMs: 4000 };
    addDiscovery(app, { ...place, environment, shard: { environment: 'dev' }, startsOutOfRotation: true }, 8080);
    expect(await node('agent7:31007')).toBeUndefined();
    await app.listen({ host: '127.0.0.1', port: 0 });
    const found = await until('it is registered', () => node('agent7:31007'));
    expect(found).toMatchObject({
      healthcheckStatus: 'unhealthy',
      portScheme: 'http',
      nodeData: { environment: 'dev', region: 'eu-1', tags: null },
    });
    expect(() => addDiscovery(Fastify(), { ...place, environment: { HOST: 'h' } })).toThrow('Set HOST and PORT0');
  });
});
