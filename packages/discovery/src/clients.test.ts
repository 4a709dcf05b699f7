import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, ServerCredentials, credentials, makeGenericClientConstructor } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dnsSource } from './adapters/dns-srv/index.ts';
import { orchestratorSource } from './adapters/orchestrator/index.ts';
import { staticSource, type StaticSource } from './adapters/static/index.ts';
import { plainNode } from './core/service-node.ts';
import { roundRobinSelector } from './core/selectors.ts';
import { registerServiceResolver } from './grpc.ts';
import { Hub } from './hub.ts';
import { startInstance, type Instance } from './testing/service.ts';
import { serviceDispatcher, serviceFetch } from './undici.ts';

let instances: Instance[];
let source: StaticSource;
let hub: Hub;
let fetchService: ReturnType<typeof serviceFetch>;

beforeEach(async () => {
  instances = await Promise.all([startInstance(), startInstance(), startInstance()]);
  source = staticSource({ demo: instances.map(({ node }) => node) });
  hub = new Hub({ source, pool: { selector: roundRobinSelector() }, firstMs: 50 });
  fetchService = serviceFetch(hub);
});

afterEach(async () => {
  await fetchService.close();
  await hub.close();
  await Promise.all(instances.map((instance) => instance.stop()));
});

async function replace(index: number, answer: Parameters<typeof startInstance>[0]): Promise<Instance> {
  const made = await startInstance(answer);
  await instances[index]?.stop();
  instances[index] = made;
  source.set(
    'demo',
    instances.map(({ node }) => node),
  );
  return made;
}

describe('fetch', () => {
  test('takes service:// and spreads over all instances', async () => {
    const answers = await Promise.all(
      Array.from({ length: 30 }, async () => (await fetchService('service://demo/hello?x=1')).text()),
    );
    expect(new Set(answers)).toEqual(new Set(instances.map(({ port }) => String(port))));
  });

  test('asks another instance when one is gone or not well, and never twice what cannot be repeated', async () => {
    const sick = await replace(0, (_request, response) => response.writeHead(503).end('sick'));
    await instances[1]?.stop();
    for (let index = 0; index < 12; index += 1) {
      expect(await (await fetchService('service://demo/')).text()).toBe(String(instances[2]?.port));
    }
    source.set('demo', [sick.node]);
    const before = sick.requests;
    expect((await fetchService('service://demo/', { method: 'POST', body: 'x' })).status).toBe(503);
    expect(sick.requests).toBe(before + 1);
  });

  test('speaks to an instance by the scheme that it announces, in whatever case', async () => {
    const { node, port } = instances[0]!;
    source.set('demo', [{ ...node, portScheme: 'HTTP' }]);
    expect(await (await fetchService('service://demo/')).text()).toBe(String(port));
    source.set('demo', [{ ...node, portScheme: 'HTTPS' }]);
    // This one does not speak TLS.
    await expect(fetchService('service://demo/')).rejects.toThrow();
    expect(instances[0]?.requests).toBe(1);
  });

  test('ends at the deadline, and at the caller’s wish', async () => {
    await replace(0, () => undefined);
    source.set('demo', [instances[0]!.node]);
    await expect(fetchService('service://demo/', { deadlineMs: 50 })).rejects.toMatchObject({ code: 'call-timed-out' });
    const wish = new AbortController();
    const call = fetchService('service://demo/', { signal: wish.signal });
    wish.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
  });

  test('asks a second instance when the first takes long, on request', async () => {
    await replace(0, () => undefined);
    for (let index = 0; index < 6; index += 1) {
      const answer = await fetchService('service://demo/', { hedgeAfterMs: 20, deadlineMs: 10_000 });
      expect(instances.slice(1).map(({ port }) => String(port))).toContain(await answer.text());
    }
  }, 20_000);

  test('says that nobody is there', async () => {
    await expect(fetchService('service://nobody/')).rejects.toMatchObject({ code: 'service-without-nodes' });
  });
});

test('a dispatcher of undici does the same', async () => {
  const dispatcher = serviceDispatcher(hub);
  await instances[0]?.stop();
  for (let index = 0; index < 6; index += 1) {
    const { body, statusCode } = await dispatcher.request({ origin: 'service://demo', path: '/', method: 'GET' });
    expect(statusCode).toBe(200);
    expect([instances[1]?.port, instances[2]?.port].map(String)).toContain(await body.text());
  }
  await expect(dispatcher.request({ origin: 'service://nobody', path: '/', method: 'GET' })).rejects.toMatchObject({
    code: 'service-without-nodes',
  });
  await dispatcher.close();
});

test('gRPC channels take service:///name, and follow changes', async () => {
  const method = {
    path: '/Echo/say',
    requestStream: false,
    responseStream: false,
    requestSerialize: (text: string) => Buffer.from(text),
    requestDeserialize: (bytes: Buffer) => bytes.toString(),
    responseSerialize: (text: string) => Buffer.from(text),
    responseDeserialize: (bytes: Buffer) => bytes.toString(),
  };
  const start = async (name: string) => {
    const server = new Server();
    server.addService(
      { say: method },
      { say: (_call: unknown, done: (error: null, text: string) => void) => done(null, name) },
    );
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      ),
    );
    return { server, port };
  };
  const [one, other] = [await start('one'), await start('other')];
  source.set('echo', [plainNode('127.0.0.1', one.port)]);
  registerServiceResolver(hub);
  const Client = makeGenericClientConstructor({ say: method }, 'Echo');
  const client = new Client('service:///echo', credentials.createInsecure());
  const say = (): Promise<string> =>
    new Promise((resolve, reject) =>
      client.say!('x', { deadline: Infinity }, (error: Error | null, text: string) =>
        error === null ? resolve(text) : reject(error),
      ),
    );
  expect(await say()).toBe('one');
  source.set('echo', [plainNode('127.0.0.1', other.port)]);
  one.server.forceShutdown();
  let answer = '';
  for (let attempt = 0; answer !== 'other' && attempt < 200; attempt += 1) answer = await say().catch(() => '');
  expect(answer).toBe('other');
  client.close();
  other.server.forceShutdown();
});

test('a hub starts from its cache while the source says nothing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'discovery-'));
  const cacheFile = join(folder, 'nodes.json');
  const first = new Hub({ source, cacheFile });
  await first.service('demo').ready;
  await first.close();
  const silent = { name: 'silent', follow: () => ({ close: () => undefined }), close: () => Promise.resolve() };
  const second = new Hub({ source: silent, cacheFile });
  await second.service('demo').ready;
  expect(second.service('demo').pool.size).toBe(3);
  await second.close();
  await rm(folder, { recursive: true });
});

describe('sources', () => {
  test('the orchestrator: what serves, at once after an event', async () => {
    let tasks: unknown[] = [];
    const streams = new Set<import('node:http').ServerResponse>();
    const server = createServer((request, response) => {
      if (request.url?.startsWith('/v2/events') === true) {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
        streams.add(response);
      } else if (request.url === '/v2/apps/shop/web/tasks') response.end(JSON.stringify({ tasks }));
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const orchestrator = orchestratorSource({
      url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
      pollMs: 1e6,
    });
    const own = new Hub({ source: orchestrator, view: { emptyGraceMs: 0 } });
    const ports = () =>
      own
        .service('/shop/web')
        .pool.nodes()
        .map(({ port }) => port);
    const seen = async (wanted: number[]): Promise<void> => {
      if (JSON.stringify(ports()) === JSON.stringify(wanted)) return;
      await new Promise<void>((resolve) => {
        const end = own.watch('/shop/web', () => {
          if (JSON.stringify(ports()) !== JSON.stringify(wanted)) return;
          end();
          resolve();
        });
      });
    };
    await own.service('/shop/web').ready;
    tasks = [
      { host: '127.0.0.1', ports: [1], state: 'TASK_RUNNING', serving: true },
      { host: '127.0.0.1', ports: [2], state: 'TASK_RUNNING', serving: false },
      { host: '127.0.0.1', ports: [3], state: 'TASK_RUNNING', healthCheckResults: [{ alive: false }] },
      { host: '127.0.0.1', ports: [], state: 'TASK_RUNNING' },
    ];
    const push = (): void => {
      for (const stream of streams) stream.write('event: status_update_event\r\ndata: {}\r\n\r\n');
    };
    const pushing = seen([1]);
    push();
    await pushing;
    tasks = [];
    const emptying = seen([]);
    push();
    await emptying;
    await own.close();
    server.closeAllConnections();
    server.close();
  });

  test('DNS: a server that is not there is trouble, not an empty service', async () => {
    const trouble = await new Promise<unknown>((resolve, reject) => {
      const dns = dnsSource({ servers: ['127.0.0.1:1'] });
      dns.follow('_x._tcp.mesos', { onNodes: () => reject(new Error('there are no nodes')), onTrouble: resolve });
    });
    expect(trouble).toBeInstanceOf(Error);
  });
});
