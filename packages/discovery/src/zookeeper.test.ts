import { Buffer } from 'node:buffer';
import { delay } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';
import Fastify from 'fastify';
import zookeeper from 'node-zookeeper-client';
import { describe, expect, test } from 'vitest';
import { addDiscovery } from './fastify.ts';
import { Hub } from './hub.ts';
import { BreakableWay } from './testing/proxy.ts';
import { startInstance, type Instance } from './testing/service.ts';
import { hasZooKeeper } from './testing/zookeeper.ts';
import { ZooKeeperStage, done, until } from './testing/zookeeper-stage.ts';
import { serviceFetch } from './undici.ts';
import { zooKeeperSource } from './zookeeper.ts';

// Debian's zookeeper is a real part: without it there is nothing to talk to.
describe.skipIf(!hasZooKeeper())('with a real ZooKeeper', () => {
  const stage = ZooKeeperStage.ofSuite();

  function hubOf(connectString = stage.server.connectString): Hub {
    const { namespace } = stage;
    const hub = new Hub({
      source: zooKeeperSource({ connectString, namespace, sessionTimeoutMs: 2000, pollMs: 1000 }),
    });
    stage.atEnd(() => hub.close());
    return hub;
  }

  const ports = (hub: Hub): number[] =>
    hub
      .service('demo')
      .pool.nodes()
      .map(({ port }) => port)
      .sort((one, other) => one - other);

  const read = async (port: number): Promise<string | undefined> =>
    (await stage.read(`/${stage.namespace}/demo/127.0.0.1:${String(port)}`))?.text;
  const names = (): Promise<string[]> =>
    new Promise((resolve, reject) =>
      stage.client.getChildren(`/${stage.namespace}/demo`, (error, found) =>
        error instanceof Error ? reject(error) : resolve(found),
      ),
    );
  test('a provider writes what Ranger reads, and consumers hear of it, of its health and of its end', async () => {
    const hub = hubOf();
    hub.service('demo');
    const provider = stage.provide({ port: 4000 });
    await until('the node is seen', () => ports(hub).length === 1);
    expect(await read(4000)).toMatch(
      /^\{"host":"127\.0\.0\.1","port":4000,"routingWeight":1\.0,"nodeData":\{"environment":"dev","region":null,"tags":null\},"healthcheckStatus":"healthy","lastUpdatedTimeStamp":\d{13},"healthySinceTimeStamp":\d{13},"portScheme":"http"\}$/,
    );
    expect(await hub.services()).toEqual(['demo']);
    provider.setRotation(false);
    await until('it is out', () => ports(hub).length === 0);
    provider.setRotation(true);
    await until('it is back', () => ports(hub).length === 1);
    const other = stage.provide({ port: 4001 });
    await until('the second is seen', () => ports(hub).length === 2);
    await other.stop();
    await until('the second has gone', () => ports(hub).length === 1);
  });

  test('nodes of old and new providers are read, and a broken one spoils only itself', async () => {
    const now = systemClock.now();
    const nodes = {
      'h:1': `{"host":"h","port":1,"nodeData":{"environment":"x"},"healthcheckStatus":"healthy","lastUpdatedTimeStamp":${String(now)}}`,
      'h:2': `{"host":"h","port":2,"healthcheckStatus":"healthy","lastUpdatedTimeStamp":${String(now)},"nodeData":null,"new":1}`,
      'h:3': '{"host":"h","port":3,"lastUpdatedTimeStamp":1}',
      'h:4': 'rubbish',
      'h:5': '',
    };
    for (const [name, text] of Object.entries(nodes)) await stage.create(`/${stage.namespace}/demo/${name}`, text);
    const hub = hubOf();
    await until('the good ones are seen', () => ports(hub).length === 2);
    expect(ports(hub)).toEqual([1, 2]);
  });

  test('a node of an older session is taken over, so that it does not vanish with that', async () => {
    const before = zookeeper.createClient(stage.server.connectString, {
      sessionTimeout: 2000,
      spinDelay: 200,
      retries: 0,
    });
    before.connect();
    await done((finish) => before.mkdirp(`/${stage.namespace}/demo`, finish));
    const path = `/${stage.namespace}/demo/127.0.0.1:4000`;
    await done((finish) => before.create(path, Buffer.from('{}'), zookeeper.CreateMode.EPHEMERAL, finish));
    stage.provide({ port: 4000 });
    await until('it is ours', async () => (await read(4000))?.includes('healthy'));
    before.close();
    // The older session has ended with this answer.
    await done((finish) => stage.client.exists('/', (error) => finish(error)));
    expect(await read(4000)).toContain('"port":4000');
  });

  test('the bundle for Fastify registers, rotates and goes', async () => {
    const hub = hubOf();
    const app = Fastify();
    const environment = { HOST: '127.0.0.1', PORT0: '4010' };
    addDiscovery(app, {
      connectString: stage.server.connectString,
      namespace: stage.namespace,
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
    expect(await read(4010)).toBeUndefined();
  });

  test('a connection that breaks in the middle of an answer is forgotten with what it said', async () => {
    const way = await BreakableWay.open(stage.server.connectString);
    stage.atEnd(() => way.close());
    const hub = hubOf(way.address);
    hub.service('demo');
    const wanted: number[] = [];
    for (const bytes of [1, 3, 60, 150]) {
      way.breakAfter(bytes);
      const port = 4000 + bytes;
      stage.provide({ port });
      wanted.push(port);
      await until(`${String(port)} is seen`, () => String(ports(hub)) === String(wanted));
    }
  });

  test('a server that takes everything and answers nothing holds no consumer and no provider for ever', async () => {
    const way = await BreakableWay.open(stage.server.connectString);
    stage.atEnd(() => way.close());
    const provider = stage.provide({ port: 4000, connectString: way.address });
    const leaving = stage.provide({ port: 4001, connectString: way.address });
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
    const way = await BreakableWay.open(stage.server.connectString);
    stage.atEnd(() => way.close());
    const instances: Instance[] = await Promise.all(Array.from({ length: 50 }, () => startInstance()));
    stage.atEnd(() => Promise.all(instances.map((instance) => instance.stop())));
    const providers = instances.map(({ port }) => stage.provide({ port, checkMs: 500, connectString: way.address }));
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
    await stage.server.signal('SIGKILL');
    await more();
    // Some die while nobody can say so; they are nodes that do not answer.
    for (const [index, instance] of instances.slice(0, 5).entries()) {
      down.add(instance);
      const provider = providers[index];
      void provider?.stop();
      await instance.stop();
    }
    await more();
    await stage.server.launch();
    await until('the view is right after the kill', isComplete, 20_000);

    await stage.server.signal('SIGSTOP');
    await more();
    await stage.server.signal('SIGCONT');
    await more();
    await until('the view is right after the freeze', isComplete, 20_000);

    // Not by the client from before: what broken connections do to a plain one is another test's business.
    const sweeper = zookeeper.createClient(stage.server.connectString, {
      sessionTimeout: 10_000,
      spinDelay: 200,
      retries: 0,
    });
    stage.atEnd(async () => sweeper.close());
    sweeper.connect();

    way.mute(true);
    const isEmpty = () =>
      new Promise<boolean>((resolve) => {
        sweeper.getChildren(`/${stage.namespace}/demo`, (error, found) => {
          resolve(!(error instanceof Error) && found.length === 0);
        });
      });
    await until('every session has ended', isEmpty);
    await more();
    way.mute(false);
    await until('the view is right after it was cut off', isComplete, 20_000);

    for (const { port } of instances.slice(5)) {
      const path = `/${stage.namespace}/demo/127.0.0.1:${String(port)}`;
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
      await stage.create(`/${stage.namespace}/n${String(index)}`, '');
    }
    const hub = hubOf();
    stage.provide({ port: 4000 });
    await until('it is seen', () => String(ports(hub)) === '4000');
    await stage.server.signal('SIGKILL');
    await stage.server.forget();
    await stage.server.launch();
    const fresh = hubOf();
    await until('it is there again', () => String(ports(fresh)) === '4000');
    stage.provide({ port: 4001 });
    await until('who has seen more hears of what is new', () => String(ports(hub)) === '4000,4001');
  }, 90_000);
});
