import { Buffer } from 'node:buffer';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import zookeeper from 'node-zookeeper-client';
import { afterAll, beforeAll, describe } from 'vitest';
import { systemClock } from '@stadion/base/system';
import { dnsSource } from './adapters/dns-srv/index.ts';
import { orchestratorSource } from './adapters/orchestrator/index.ts';
import { staticSource } from './adapters/static/index.ts';
import { zooKeeperSource } from './adapters/zookeeper/index.ts';
import { encodeNode } from './core/ranger-json.ts';
import { plainNode } from './core/service-node.ts';
import { BreakableWay } from './testing/proxy.ts';
import { sourceConformance } from './testing/source-conformance.ts';
import { SrvServer } from './testing/srv-server.ts';
import { TestZooKeeper, hasZooKeeper } from './testing/zookeeper.ts';

const nodeAt = (port: number) => plainNode('127.0.0.1', port, { lastUpdatedTimeStamp: systemClock.now() });

sourceConformance(
  'a static list',
  () => {
    const source = staticSource();
    return Promise.resolve({
      source,
      service: 'demo',
      put(ports) {
        source.set('demo', ports.map(nodeAt));
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    });
  },
  false,
);

sourceConformance('DNS', async () => {
  const server = new SrvServer();
  await server.start();
  return {
    source: dnsSource({ servers: [server.address], pollMs: 50 }),
    service: '_demo._tcp.marathon.mesos',
    put(ports) {
      server.ports = ports;
      return Promise.resolve();
    },
    fail: () => server.stop(),
    recover: () => server.start(),
    close: () => server.stop(),
  };
});

sourceConformance('the orchestrator', async () => {
  let ports: readonly number[] = [];
  const streams = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/v2/events') === true) {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      streams.add(response);
    } else if (ports.length === 0) response.writeHead(404).end();
    else {
      const tasks = ports.map((port) => ({ host: '127.0.0.1', ports: [port], state: 'TASK_RUNNING', serving: true }));
      response.end(JSON.stringify({ tasks }));
    }
  });
  const listen = (port: number): Promise<void> =>
    new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve()));
  await listen(0);
  const { port: own } = server.address() as AddressInfo;
  const end = (): Promise<void> => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve()));
  };
  return {
    source: orchestratorSource({ url: `http://127.0.0.1:${String(own)}`, pollMs: 200 }),
    service: '/demo',
    put(wanted) {
      ports = wanted;
      for (const stream of streams) stream.write('event: status_update_event\r\ndata: {}\r\n\r\n');
      return Promise.resolve();
    },
    fail: end,
    recover: () => listen(own),
    close: end,
  };
});

// Debian's zookeeper is a real part: without it there is nothing to talk to.
describe.skipIf(!hasZooKeeper())('with a real server', () => {
  let server: TestZooKeeper;
  let client: zookeeper.Client;
  let count = 0;

  beforeAll(async () => {
    server = await TestZooKeeper.start();
    client = zookeeper.createClient(server.connectString, { retries: 0 });
    client.connect();
  }, 70_000);

  afterAll(async () => {
    client.close();
    await server.stop();
  });

  const call = (begin: (done: (error: unknown) => void) => void): Promise<void> =>
    new Promise((resolve, reject) => begin((error) => (error instanceof Error ? reject(error) : resolve())));

  sourceConformance('ZooKeeper', async () => {
    const namespace = `sources${String((count += 1))}`;
    const way = await BreakableWay.open(server.connectString);
    const present = new Set<number>();
    return {
      source: zooKeeperSource({ connectString: way.address, namespace, sessionTimeoutMs: 2000, pollMs: 1000 }),
      service: 'demo',
      async put(ports) {
        await call((done) => client.mkdirp(`/${namespace}/demo`, done));
        const pathOf = (port: number): string => `/${namespace}/demo/127.0.0.1:${String(port)}`;
        for (const port of ports) {
          if (present.has(port)) continue;
          present.add(port);
          await call((done) => client.create(pathOf(port), Buffer.from(encodeNode(nodeAt(port))), done));
        }
        for (const port of present) {
          if (ports.includes(port)) continue;
          present.delete(port);
          await call((done) => client.remove(pathOf(port), done));
        }
      },
      fail() {
        way.mute(true);
        return Promise.resolve();
      },
      recover() {
        way.mute(false);
        return Promise.resolve();
      },
      close: () => way.close(),
    };
  });
});
