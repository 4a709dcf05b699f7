/** What Ranger's own programs rely on in ZooKeeper, rule by rule, with a real one. */
import { systemClock } from '@stadion/base/system';
import Fastify from 'fastify';
import { describe, expect, test } from 'vitest';
import { addDiscovery } from './fastify.ts';
import type { Provider, ProviderOptions } from './provider.ts';
import type { ServiceNode } from './core/service-node.ts';
import { hasZooKeeper } from './testing/zookeeper.ts';
import { ZooKeeperStage, until } from './testing/zookeeper-stage.ts';
import { zooKeeperSource } from './zookeeper.ts';

describe.skipIf(!hasZooKeeper())('Ranger’s rules', () => {
  const stage = ZooKeeperStage.ofSuite();
  const read = (path: string) => stage.read(`/${stage.namespace}${path}`);

  function provide(options: Partial<ProviderOptions> = {}): Provider {
    return stage.provide({ host: 'h', port: 4000, sessionTimeoutMs: 4000, checkMs: 50, ...options });
  }

  const node = async (name = 'h:4000'): Promise<Record<string, unknown> | undefined> => {
    const found = await read(`/demo/${name}`);
    return found === undefined ? undefined : JSON.parse(found.text);
  };

  /** The node with its version, once it is so. */
  const versioned = (condition: (node: Record<string, unknown>) => boolean) =>
    until('it is written', async () => {
      const found = await read('/demo/h:4000');
      if (found === undefined) return undefined;
      const said = JSON.parse(found.text) as Record<string, unknown>;
      return condition(said) && { said, version: found.stat.version };
    });
  const written = async (condition: (node: Record<string, unknown>) => boolean) => (await versioned(condition)).said;

  test('a node is ephemeral and numbered by nobody, anybody may change it, and its service stays', async () => {
    const provider = provide();
    await written(({ healthcheckStatus }) => healthcheckStatus === 'healthy');
    const found = await read('/demo/h:4000');
    expect(found?.stat.ephemeralOwner.some((byte) => byte !== 0)).toBe(true);
    const acl = await new Promise<string>((resolve, reject) =>
      stage.client.getACL(`/${stage.namespace}/demo/h:4000`, (error, all) =>
        error instanceof Error ? reject(error) : resolve(JSON.stringify(all)),
      ),
    );
    expect(acl).toMatch(/"permission":31.*"scheme":"world","id":"anyone"/);
    await provider.stop();
    expect(await node()).toBeUndefined();
    expect((await read('/demo'))?.stat.ephemeralOwner.every((byte) => byte === 0)).toBe(true);
  });

  test('it is written when something changes, and again when it would grow stale; not at every look', async () => {
    let weight = 1;
    const provider = provide({ heartbeatMs: 400, weight: () => weight });
    const { said: first, version } = await versioned(({ healthcheckStatus }) => healthcheckStatus === 'healthy');
    weight = 0.5;
    const { said: second, version: later } = await versioned(({ routingWeight }) => routingWeight === 0.5);
    // Heartbeats brought it: nothing else had changed.
    const passed = Number(second.lastUpdatedTimeStamp) - Number(first.lastUpdatedTimeStamp);
    expect(passed).toBeGreaterThanOrEqual((later - version) * 390);
    expect(later).toBeGreaterThan(version);
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
    const provider = provide({ drainMs: 1000 });
    await written(({ healthcheckStatus }) => healthcheckStatus === 'healthy');
    const begin = systemClock.monotonic();
    const gone = provider.stop();
    await written(({ healthcheckStatus }) => healthcheckStatus === 'unhealthy');
    await gone;
    expect(systemClock.monotonic() - begin).toBeGreaterThanOrEqual(990);
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
    await stage.create(`/${stage.namespace}/demo`, '127.0.0.1');
    await stage.create(`/${stage.namespace}/id-generator/demo/007`, '127.0.0.1');
    // From a clock that is ahead, too.
    await stage.create(`/${stage.namespace}/demo/other`, `{"host":"h","port":"5000","lastUpdatedTimeStamp":${now}}`);
    const source = zooKeeperSource({ connectString: stage.server.connectString, namespace: stage.namespace });
    stage.atEnd(() => source.close());
    expect(await source.services?.()).toEqual(['demo']);
    const nodes = await new Promise<readonly ServiceNode[]>((resolve, reject) =>
      source.follow('demo', { onNodes: resolve, onTrouble: reject }),
    );
    expect(nodes).toMatchObject([{ host: 'h', port: 5000, healthcheckStatus: 'healthy' }]);
    // Whoever looks for a service does not make one.
    await new Promise<unknown>((resolve, reject) => source.follow('none', { onNodes: resolve, onTrouble: reject }));
    expect(await read(`/none`)).toBeUndefined();
  });

  test('the bundle publishes under what Marathon gives, by container port, with its region and scheme', async () => {
    const app = Fastify();
    stage.atEnd(() => app.close());
    const environment = { HOST: 'agent7', PORT0: '31000', PORT_8080: '31007', FARM_ID: 'eu-1' };
    const place = {
      connectString: stage.server.connectString,
      namespace: stage.namespace,
      service: 'demo',
      sessionTimeoutMs: 4000,
    };
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
