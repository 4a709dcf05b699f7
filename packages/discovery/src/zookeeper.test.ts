import { Buffer } from 'node:buffer';
import { delay } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';
import Fastify from 'fastify';
import zookeeper, { type Client } from 'node-zookeeper-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { addDiscovery } from './fastify.ts';
import { Hub } from './hub.ts';
import { Provider, type ProviderOptions } from './provider.ts';
import { BreakableWay } from './testing/proxy.ts';
import { startInstance, type Instance } from './testing/service.ts';
import { TestZooKeeper, hasZooKeeper } from './testing/zookeeper.ts';
import { serviceFetch } from './undici.ts';
import { zooKeeperSource } from './zookeeper.ts';

// Debian's zookeeper is a real part: without it there is nothing to talk to.
describe.skipIf(!hasZooKeeper())('with a real ZooKeeper', () => {
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
    namespace = `ns${String((count += 1))}`;
  });

  afterEach(async () => {
    await Promise.all(cleanUp.map((step) => step()));
  });

  function provide(options: Partial<ProviderOptions> & { port: number }): Provider {
    const provider = new Provider({
      connectString: server.connectString,
      namespace,
      service: 'demo',
      host: '127.0.0.1',
      shard: { environment: 'dev' },
      sessionTimeoutMs: 2000,
      checkMs: 100,
      ...options,
    });
    provider.start();
    cleanUp.push(() => provider.stop());
    return provider;
  }

  function hubOf(connectString = server.connectString): Hub {
    const hub = new Hub({
      source: zooKeeperSource({ connectString, namespace, sessionTimeoutMs: 2000, pollMs: 1000 }),
    });
    cleanUp.push(() => hub.close());
    return hub;
  }

  const ports = (hub: Hub): number[] =>
    hub
      .service('demo')
      .pool.nodes()
      .map(({ port }) => port)
      .sort((one, other) => one - other);

  async function until(what: string, condition: () => boolean | Promise<boolean>, limitMs = 15_000): Promise<void> {
    const end = systemClock.monotonic() + limitMs;
    while (!(await condition())) {
      if (systemClock.monotonic() > end) throw new Error(`Waited in vain until ${what}`);
      await delay(systemTimers, 10);
    }
  }

  const read = (path: string): Promise<string> =>
    new Promise((resolve, reject) =>
      client.getData(path, (error, data) => (error instanceof Error ? reject(error) : resolve(data.toString()))),
    );
  const names = (): Promise<string[]> =>
    new Promise((resolve, reject) =>
      client.getChildren(`/${namespace}/demo`, (error, found) =>
        error instanceof Error ? reject(error) : resolve(found),
      ),
    );
  const done = (begin: (finish: (error: unknown) => void) => void): Promise<void> =>
    new Promise((resolve, reject) => begin((error) => (error instanceof Error ? reject(error) : resolve())));

  test('a provider writes what Ranger reads, and consumers hear of it, of its health and of its end', async () => {
    const hub = hubOf();
    hub.service('demo');
    const provider = provide({ port: 4000 });
    await until('the node is seen', () => ports(hub).length === 1);
    expect(await read(`/${namespace}/demo/127.0.0.1:4000`)).toMatch(
      /^\{"host":"127\.0\.0\.1","port":4000,"routingWeight":1\.0,"nodeData":\{"environment":"dev","region":null,"tags":null\},"healthcheckStatus":"healthy","lastUpdatedTimeStamp":\d{13},"healthySinceTimeStamp":\d{13},"portScheme":"http"\}$/,
    );
    expect(await hub.services()).toEqual(['demo']);
    provider.setRotation(false);
    await until('it is out', () => ports(hub).length === 0);
    provider.setRotation(true);
    await until('it is back', () => ports(hub).length === 1);
    const other = provide({ port: 4001 });
    await until('the second is seen', () => ports(hub).length === 2);
    await other.stop();
    await until('the second has gone', () => ports(hub).length === 1);
  });

  test('nodes of old and new providers are read, and a broken one spoils only itself', async () => {
    await done((finish) => client.mkdirp(`/${namespace}/demo`, finish));
    const now = systemClock.now();
    const nodes = {
      'h:1': `{"host":"h","port":1,"nodeData":{"environment":"x"},"healthcheckStatus":"healthy","lastUpdatedTimeStamp":${String(now)}}`,
      'h:2': `{"host":"h","port":2,"healthcheckStatus":"healthy","lastUpdatedTimeStamp":${String(now)},"nodeData":null,"new":1}`,
      'h:3': '{"host":"h","port":3,"lastUpdatedTimeStamp":1}',
      'h:4': 'rubbish',
      'h:5': '',
    };
    for (const [name, text] of Object.entries(nodes)) {
      const data = Buffer.from(text);
      await done((finish) =>
        client.create(`/${namespace}/demo/${name}`, data, zookeeper.CreateMode.PERSISTENT, finish),
      );
    }
    const hub = hubOf();
    await until('the good ones are seen', () => ports(hub).length === 2);
    expect(ports(hub)).toEqual([1, 2]);
  });

  test('a node of an older session is taken over, so that it does not vanish with that', async () => {
    const before = zookeeper.createClient(server.connectString, { sessionTimeout: 2000, spinDelay: 200, retries: 0 });
    before.connect();
    await done((finish) => before.mkdirp(`/${namespace}/demo`, finish));
    const path = `/${namespace}/demo/127.0.0.1:4000`;
    await done((finish) => before.create(path, Buffer.from('{}'), zookeeper.CreateMode.EPHEMERAL, finish));
    provide({ port: 4000 });
    await until('it is ours', async () => (await read(path)).includes('healthy'));
    before.close();
    // The older session has ended with this answer.
    await done((finish) => client.exists('/', (error) => finish(error)));
    expect(await read(path)).toContain('"port":4000');
  });

  test('the bundle for Fastify registers, rotates and goes', async () => {
    const hub = hubOf();
    const app = Fastify();
    const environment = { HOST: '127.0.0.1', PORT0: '4010' };
    addDiscovery(app, {
      connectString: server.connectString,
      namespace,
      service: 'demo',
      hub,
      environment,
      checkMs: 100,
      sessionTimeoutMs: 2000,
    });
    await app.listen({ host: '127.0.0.1', port: 0 });
    await until('it is registered', () => ports(hub).length === 1);
    expect((await app.inject({ url: '/instances' })).json()).toMatchObject([{ host: '127.0.0.1', port: 4010 }]);
    expect((await app.inject({ url: '/healthcheck' })).statusCode).toBe(200);
    await app.inject({ method: 'POST', url: '/tasks/ranger-oor' });
    await until('it is out', () => ports(hub).length === 0);
    expect((await app.inject({ url: '/healthcheck' })).statusCode).toBe(200);
    await app.inject({ method: 'POST', url: '/tasks/ranger-bir' });
    await until('it is back', () => ports(hub).length === 1);
    await app.close();
    await expect(read(`/${namespace}/demo/127.0.0.1:4010`)).rejects.toThrow(/NO_NODE/);
  });

  test('a connection that breaks in the middle of an answer is forgotten with what it said', async () => {
    const way = await BreakableWay.open(server.connectString);
    cleanUp.push(() => way.close());
    const hub = hubOf(way.address);
    hub.service('demo');
    const wanted: number[] = [];
    for (const bytes of [1, 3, 60, 150]) {
      way.breakAfter(bytes);
      const port = 4000 + bytes;
      provide({ port });
      wanted.push(port);
      await until(`${String(port)} is seen`, () => String(ports(hub)) === String(wanted));
    }
  });

  test('a server that takes everything and answers nothing holds no consumer and no provider for ever', async () => {
    const way = await BreakableWay.open(server.connectString);
    cleanUp.push(() => way.close());
    const provider = provide({ port: 4000, connectString: way.address });
    const leaving = provide({ port: 4001, connectString: way.address });
    const hub = hubOf(way.address);
    hub.service('demo');
    await until('both are seen', () => ports(hub).length === 2);
    way.mute(true);
    const begin = systemClock.monotonic();
    await leaving.stop();
    expect(systemClock.monotonic() - begin).toBeLessThan(10_000);
    await until('a session has ended', async () => !(await names()).includes('127.0.0.1:4000'));
    way.mute(false);
    await until('the node is there again', async () => (await names()).includes('127.0.0.1:4000'));
    await until('the other has gone', () => String(ports(hub)) === '4000');
    await provider.stop();
  });

  test('50 providers and 50 consumers go on calling while ZooKeeper is killed, frozen, cut off and emptied', async () => {
    const way = await BreakableWay.open(server.connectString);
    cleanUp.push(() => way.close());
    const instances: Instance[] = await Promise.all(Array.from({ length: 50 }, () => startInstance()));
    cleanUp.push(() => Promise.all(instances.map((instance) => instance.stop())));
    const providers = instances.map(({ port }) => provide({ port, checkMs: 500, connectString: way.address }));
    const hubs = Array.from({ length: 50 }, () => hubOf(way.address));
    const isComplete = (): boolean => hubs.every((hub) => ports(hub).length === instances.filter(isUp).length);
    const down = new Set<Instance>();
    function isUp(instance: Instance): boolean {
      return !down.has(instance);
    }
    await until('everybody sees everybody', isComplete, 40_000);

    const failures: unknown[] = [];
    let calls = 0;
    let isOver = false;
    const callers = hubs.map(async (hub) => {
      const fetchService = serviceFetch(hub);
      while (!isOver) {
        try {
          const response = await fetchService('service://demo/');
          await response.text();
          calls += 1;
        } catch (error) {
          failures.push(error);
        }
        await delay(systemTimers, 20);
      }
      await fetchService.close();
    });
    const more = async (): Promise<void> => {
      const wanted = calls + 250;
      await until('calls have gone on', () => calls >= wanted, 30_000);
    };

    await more();
    await server.signal('SIGKILL');
    await more();
    // Some die while nobody can say so; they are nodes that do not answer.
    for (const [index, instance] of instances.slice(0, 5).entries()) {
      down.add(instance);
      const provider = providers[index];
      void provider?.stop();
      await instance.stop();
    }
    await more();
    await server.launch();
    await until('the view is right after the kill', isComplete, 20_000);

    await server.signal('SIGSTOP');
    await more();
    await server.signal('SIGCONT');
    await more();
    await until('the view is right after the freeze', isComplete, 20_000);

    // Not by the client from before: what broken connections do to a plain one is another test's business.
    const sweeper = zookeeper.createClient(server.connectString, {
      sessionTimeout: 10_000,
      spinDelay: 200,
      retries: 0,
    });
    cleanUp.push(async () => sweeper.close());
    sweeper.connect();

    way.mute(true);
    await until(
      'every session has ended',
      () =>
        new Promise((resolve) =>
          sweeper.getChildren(`/${namespace}/demo`, (_error, found) => resolve(found?.length === 0)),
        ),
    );
    await more();
    way.mute(false);
    await until('the view is right after it was cut off', isComplete, 20_000);

    for (const { port } of instances.slice(5)) {
      const path = `/${namespace}/demo/127.0.0.1:${String(port)}`;
      await done((finish) => sweeper.remove(path, (error) => finish(String(error).includes('NO_NODE') ? null : error)));
    }
    await more();
    await until('the view is right after it was emptied', isComplete, 20_000);

    isOver = true;
    await Promise.all(callers);
    expect(failures).toEqual([]);
    expect(calls).toBeGreaterThan(1500);
  }, 180_000);

  // The last: the client of the others is one whom such a server refuses for ever.
  test('a server that has lost everything has everybody again', async () => {
    for (let index = 0; index < 100; index += 1) {
      await done((finish) => client.mkdirp(`/${namespace}/n${String(index)}`, finish));
    }
    const hub = hubOf();
    provide({ port: 4000 });
    await until('it is seen', () => String(ports(hub)) === '4000');
    await server.signal('SIGKILL');
    await server.forget();
    await server.launch();
    const fresh = hubOf();
    await until('it is there again', () => String(ports(fresh)) === '4000');
    provide({ port: 4001 });
    await until('who has seen more hears of what is new', () => String(ports(hub)) === '4000,4001');
  }, 90_000);
});
