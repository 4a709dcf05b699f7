import { Buffer } from 'node:buffer';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { delay, silentLogger } from '@stadion/base';
import { SystemRandom, systemClock, systemTimers } from '@stadion/base/system';
import packets from 'dns-packet';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dnsConfig, type DnsConfig } from './config.ts';
import { Dns } from './dns.ts';
import { createDnsHttp } from './http/dns-http.ts';
import { FakeCluster } from './testing/fake-cluster.ts';
import { clusterState, marathonDiscovery, stateTask } from './testing/cluster-state.ts';

let cluster: FakeCluster;
let dns: Dns;
let started: Dns[];
let http: FastifyInstance | undefined;

beforeEach(async () => {
  started = [];
  cluster = new FakeCluster(clusterState([web('one', '10.1.0.1'), web('two', '10.1.0.2')]));
  await cluster.start();
});

afterEach(async () => {
  await Promise.all(started.map((one) => one.stop()));
  await http?.close();
  await cluster.stop();
});

function web(id: string, address: string, more: { healthy?: boolean } = {}) {
  return stateTask(id, 'web', {
    addresses: [address],
    discovery: marathonDiscovery('web', [{ number: 80, name: 'http', protocol: 'tcp' }]),
    ...more,
  });
}

async function start(config: Partial<DnsConfig> = {}): Promise<Dns> {
  const created = new Dns({
    config: dnsConfig({ clusters: [{ domain: 'mesos', masters: [cluster.url] }], port: 0, ...config }),
    time: { ...systemClock, ...systemTimers },
    random: new SystemRandom(),
    log: silentLogger,
  });
  started.push(created);
  await created.start();
  dns = created;
  http = createDnsHttp(created);
  return created;
}

function resolver(server = dns): Resolver {
  const created = new Resolver({ timeout: 2000, tries: 2 });
  created.setServers([`127.0.0.1:${String(server.port)}`]);
  return created;
}

async function webAddresses(): Promise<string[]> {
  const found = await resolver()
    .resolve4('web.marathon.mesos')
    .catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOTFOUND') return [];
      throw error;
    });
  return found.sort();
}

/** Waits until a probe gives what is expected. */
async function eventually(probe: () => unknown, expected: unknown): Promise<void> {
  const end = systemClock.monotonic() + 10_000;
  for (;;) {
    const value = await probe();
    if (JSON.stringify(value) === JSON.stringify(expected)) return;
    if (systemClock.monotonic() > end) expect(value).toEqual(expected);
    await delay(systemTimers, 5);
  }
}

/** Asks the HTTP side of the last name server. */
async function inject(request: InjectOptions) {
  const app = http ?? createDnsHttp(dns);
  return app.inject(request);
}

async function get(path: string): Promise<unknown> {
  return (await inject({ url: path })).json();
}

test('a DNS client finds what runs', async () => {
  await start();
  expect(await webAddresses()).toEqual(['10.1.0.1', '10.1.0.2']);
  const services = await resolver().resolveSrv('_http._web._tcp.marathon.mesos');
  expect(services.map(({ port, priority, weight }) => [port, priority, weight])).toEqual([
    [80, 0, 1],
    [80, 0, 1],
  ]);
  await expect(resolver().resolve4('nobody.mesos')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  await expect(resolver().resolve6('web.marathon.mesos')).rejects.toMatchObject({ code: 'ENODATA' });
});

test('many questions on one connection are answered, however they are cut', async () => {
  await start();
  const socket = connect(dns.port, '127.0.0.1');
  const wanted = Array.from({ length: 200 }, (_, id) =>
    packets.streamEncode({ type: 'query', id, questions: [{ name: 'web.marathon.mesos', type: 'A' }] }),
  );
  const bytes = Buffer.concat(wanted);
  socket.write(bytes.subarray(0, 7));
  socket.write(bytes.subarray(7));
  let received = Buffer.alloc(0);
  const ids = new Set<number>();
  while (ids.size < 200) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    received = Buffer.concat([received, chunk]);
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
      const end = 2 + received.readUInt16BE(0);
      ids.add(packets.streamDecode(received.subarray(0, end)).id ?? -1);
      received = received.subarray(end);
    }
  }
  // Whoever does not speak DNS is not kept.
  socket.write('GET / HTTP/1.1\r\n\r\n');
  socket.write(Buffer.alloc(20_000));
  await once(socket, 'close');
  expect(ids.size).toBe(200);
});

describe('changes are pushed', () => {
  test('by the operator stream, without another look at the state', async () => {
    cluster.hasOperatorStream = true;
    await start();
    await eventually(() => cluster.followers.operator, 1);
    await eventually(() => dns.zones()[0]?.status.streams, []);
    cluster.operate({ type: 'HEARTBEAT' });
    await eventually(() => dns.zones()[0]?.status.streams, ['operator']);
    const asked = cluster.asked;
    const task = {
      name: 'web',
      task_id: { value: 'three' },
      framework_id: { value: 'F-0' },
      agent_id: { value: 'F-S1' },
      state: 'TASK_STAGING',
      resources: [{ name: 'ports', type: 'RANGES', ranges: { range: [{ begin: 31000, end: 31000 }] } }],
      discovery: marathonDiscovery('web'),
    };
    const status = {
      task_id: { value: 'three' },
      state: 'TASK_RUNNING',
      container_status: { network_infos: [{ ip_addresses: [{ ip_address: '10.1.0.3' }] }] },
    };
    cluster.operate({ type: 'TASK_ADDED', task_added: { task } });
    cluster.operate({ type: 'TASK_UPDATED', task_updated: { status, state: 'TASK_RUNNING' } });
    await eventually(webAddresses, ['10.1.0.1', '10.1.0.2', '10.1.0.3']);
    cluster.operate({
      type: 'TASK_UPDATED',
      task_updated: { status: { task_id: { value: 'one' }, state: 'TASK_FAILED' }, state: 'TASK_FAILED' },
    });
    cluster.operate({
      type: 'TASK_UPDATED',
      task_updated: { status: { ...status, healthy: false }, state: 'TASK_RUNNING' },
    });
    await eventually(webAddresses, ['10.1.0.2']);
    expect(cluster.asked).toBe(asked);
  });

  test('by our orchestrator: what drains or ends goes at once, what starts is read', async () => {
    await start({ clusters: [{ domain: 'mesos', masters: [cluster.url], orchestrator: cluster.url }] });
    await eventually(() => cluster.followers.events, 1);
    await eventually(() => dns.zones()[0]?.status.streams, ['orchestrator']);
    cluster.emit({ eventType: 'instance_serving_changed_event', taskId: 'one', serving: false });
    await eventually(webAddresses, ['10.1.0.2']);
    cluster.emit({ eventType: 'instance_serving_changed_event', taskId: 'one', serving: true });
    await eventually(webAddresses, ['10.1.0.1', '10.1.0.2']);
    cluster.state = clusterState([web('two', '10.1.0.2'), web('three', '10.1.0.3')]);
    cluster.emit({ eventType: 'status_update_event', taskId: 'one', taskStatus: 'TASK_KILLING' });
    cluster.emit({ eventType: 'status_update_event', taskId: 'three', taskStatus: 'TASK_RUNNING' });
    await eventually(webAddresses, ['10.1.0.2']);
    // It runs, and may have yet to pass its checks: whoever says what serves says so of this one too.
    cluster.emit({ eventType: 'instance_serving_changed_event', taskId: 'three', serving: true });
    await eventually(webAddresses, ['10.1.0.2', '10.1.0.3']);
    // A snapshot that knows nothing of health yet does not undo what the orchestrator said.
    cluster.state = clusterState([web('two', '10.1.0.2', { healthy: false }), web('three', '10.1.0.3')]);
    cluster.emit({ eventType: 'instance_health_changed_event' });
    await eventually(webAddresses, ['10.1.0.3']);
  });

  test('what serves of pods is asked for, too: the master knows only that they run', async () => {
    cluster.tasks = [{ id: 'two', serving: true }];
    cluster.pods = [{ instances: [{ serving: false, containers: [{ containerId: 'one' }] }] }];
    await start({ clusters: [{ domain: 'mesos', masters: [cluster.url], orchestrator: cluster.url }] });
    await eventually(() => dns.zones()[0]?.status.streams, ['orchestrator']);
    await eventually(webAddresses, ['10.1.0.2']);
  });

  test('what serves is asked for when the stream opens', async () => {
    cluster.tasks = [
      { id: 'one', serving: false },
      { id: 'two', serving: true },
    ];
    await start({ clusters: [{ domain: 'mesos', masters: [cluster.url], orchestrator: cluster.url }] });
    await eventually(webAddresses, ['10.1.0.2']);
    expect(await get('/v1/status')).toMatchObject({
      zones: [{ withheld: [{ task: 'one', reason: 'the orchestrator says that it does not serve' }] }],
    });
  });
});

describe('a master that is away', () => {
  test('at the start: the zone is unknown until it is there', async () => {
    await cluster.stop();
    await start({ refreshSeconds: 0.05 });
    await expect(resolver().resolve4('web.marathon.mesos')).rejects.toMatchObject({ code: 'ESERVFAIL' });
    expect((await inject({ url: '/healthz' })).statusCode).toBe(503);
    await cluster.start();
    await eventually(async () => (await inject({ url: '/healthz' })).statusCode, 200);
    expect(await webAddresses()).toEqual(['10.1.0.1', '10.1.0.2']);
  });

  test('later: names stay, and it is said that they are old', async () => {
    await start({ refreshSeconds: 0.05, staleSeconds: 0.2 });
    await cluster.stop();
    await eventually(async () => JSON.parse(JSON.stringify(await get('/v1/status'))).zones[0].stale, true);
    expect(await webAddresses()).toEqual(['10.1.0.1', '10.1.0.2']);
    expect((await inject({ url: '/healthz' })).statusCode).toBe(200);
    expect((await inject({ url: '/metrics' })).body).toContain('stadion_dns_zone_stale{zone="mesos"} 1');
    cluster.state = clusterState([web('two', '10.1.0.2')]);
    await cluster.start();
    await eventually(webAddresses, ['10.1.0.2']);
  });

  test('rubbish from it changes nothing', async () => {
    await start({ refreshSeconds: 0.05 });
    const asked = cluster.asked;
    cluster.state = 'rubbish';
    await eventually(() => cluster.asked > asked + 1, true);
    expect(await webAddresses()).toEqual(['10.1.0.1', '10.1.0.2']);
  });

  test('another one that does not lead names the leader, who is asked', async () => {
    const { host } = new URL(cluster.url);
    const follower = new FakeCluster({
      pid: 'master@127.0.0.1:1',
      leader: `master@${host}`,
      slaves: [],
      frameworks: [],
    });
    await follower.start();
    await start({ clusters: [{ domain: 'mesos', masters: ['http://127.0.0.1:1', follower.url] }] });
    expect(await webAddresses()).toEqual(['10.1.0.1', '10.1.0.2']);
    await follower.stop();
  });
});

test('two clusters have a zone each', async () => {
  const other = new FakeCluster(clusterState([web('far', '10.2.0.1')]));
  await other.start();
  await start({
    clusters: [
      { domain: 'mesos', masters: [cluster.url] },
      { domain: 'eu.mesos', masters: [other.url] },
    ],
  });
  expect(await resolver().resolve4('web.marathon.eu.mesos')).toEqual(['10.2.0.1']);
  expect(await webAddresses()).toEqual(['10.1.0.1', '10.1.0.2']);
  await other.stop();
});

describe('other names', () => {
  test('are forwarded, and kept when the other server has gone', async () => {
    const upstream = await start();
    const front = await start({
      clusters: [{ domain: 'own', masters: ['http://127.0.0.1:1'] }],
      resolvers: ['127.0.0.1:1', `127.0.0.1:${String(upstream.port)}`],
    });
    expect((await resolver(front).resolve4('web.marathon.mesos')).sort()).toEqual(['10.1.0.1', '10.1.0.2']);
    await expect(resolver(front).resolve4('nobody.mesos')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    await upstream.stop();
    expect((await resolver(front).resolve4('web.marathon.mesos')).sort()).toEqual(['10.1.0.1', '10.1.0.2']);
  });

  test('are not, for strangers', async () => {
    const upstream = await start();
    const front = await start({ resolvers: [`127.0.0.1:${String(upstream.port)}`], forwardFor: ['10.0.0.0/8'] });
    await expect(resolver(front).resolve4('example.com')).rejects.toMatchObject({ code: 'EREFUSED' });
  });
});

test('out of rotation by hand survives a restart', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dns-'));
  const rotationFile = join(folder, 'rotation.json');
  await start({ rotationFile });
  expect(await (await inject({ method: 'PUT', url: '/v1/rotation/one' })).json()).toEqual({
    outOfRotation: ['one'],
  });
  expect((await inject({ method: 'PUT', url: '/v1/rotation/nobody' })).statusCode).toBe(404);
  expect(await webAddresses()).toEqual(['10.1.0.2']);
  await dns.stop();
  await start({ rotationFile });
  expect(await webAddresses()).toEqual(['10.1.0.2']);
  await inject({ method: 'DELETE', url: '/v1/rotation/one' });
  expect(await webAddresses()).toEqual(['10.1.0.1', '10.1.0.2']);
  await rm(folder, { recursive: true });
});
