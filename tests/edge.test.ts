/** The edge against a real platform: no request is lost, whatever happens to instances and workers. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate } from './support/certificates.ts';
import { EdgeLoad, LOADED_SERVICE } from './support/edge-load.ts';
import { RunningPlatform, STADION, callJson, waitFor } from './support/running-platform.ts';

const EDGE = ['--edge', 'embedded', '--edge-http-port', '0', '--edge-https-port', '0', '--edge-admin-port', '0'];
const HOST = 'shop.example.com';
const LIMIT_MS = 120_000;

function shop(changes: object = {}): Record<string, unknown> {
  return {
    id: '/shop',
    cmd: LOADED_SERVICE,
    cpus: 0.05,
    mem: 64,
    instances: 2,
    portDefinitions: [{ port: 0, protocol: 'tcp', name: 'http' }],
    labels: { 'traefik.enable': 'true', 'traefik.frontend.rule': `Host:${HOST}` },
    healthChecks: [
      {
        protocol: 'HTTP',
        path: '/',
        portIndex: 0,
        intervalSeconds: 1,
        gracePeriodSeconds: 30,
        timeoutSeconds: 5,
        maxConsecutiveFailures: 10,
      },
    ],
    upgradeStrategy: { minimumHealthCapacity: 1, maximumOverCapacity: 1 },
    ...changes,
  };
}

interface EdgeAddresses {
  readonly edgeHttp: string;
  readonly edgeHttps: string;
  readonly edgeAdmin: string;
}

describe('the edge of a platform', () => {
  let platform: RunningPlatform;
  let edge: EdgeAddresses;
  /** What a collector of traces was sent. */
  const traced: string[] = [];
  const collector = createServer((request, response) => {
    request.setEncoding('utf8').on('data', (chunk: string) => traced.push(chunk));
    request.once('end', () => response.end('{}'));
  });

  beforeAll(async () => {
    const { port } = await new Promise<AddressInfo>((resolve) => {
      collector.listen(0, '127.0.0.1', () => {
        resolve(collector.address() as AddressInfo);
      });
    });
    platform = await RunningPlatform.start([
      ...EDGE,
      // A tenth of what is usual would do, were the machine not busy: whoever routes must have heard of it by then.
      '--drain-seconds',
      '3',
      '--edge-certificate-secrets',
      'tls/shop',
      '--edge-traces',
      `http://127.0.0.1:${port}`,
      '--edge-traces-ratio',
      '0',
    ]);
    edge = JSON.parse(await readFile(join(platform.folder, 'addresses.json'), 'utf8'));
    await platform.change('POST', '/v2/apps', shop(), 60_000);
    await waitFor('both instances are in the route', async () => (await upServers(edge)) === 2);
  }, LIMIT_MS);
  afterAll(async () => {
    await platform.dispose();
    collector.close();
  }, LIMIT_MS);

  it(
    'loses no request during rolling deployments and scaling up and down',
    async () => {
      const load = new EdgeLoad(edge.edgeHttp, HOST);
      for (const version of [1, 2]) {
        await platform.change('PUT', '/v2/apps/shop', shop({ env: { VERSION: String(version) } }), 60_000);
      }
      await platform.change('PUT', '/v2/apps/shop', { instances: 4 }, 60_000);
      await waitFor('four instances are in the route', async () => (await upServers(edge)) === 4);
      const withFour = load.count;
      await waitFor('all four get requests', () => load.count > withFour + 100);
      await platform.change('PUT', '/v2/apps/shop', { instances: 2 }, 60_000);
      const before = load.count;
      await waitFor('requests go on', () => load.count > before + 100);
      const { requests, failures, byServer } = await load.end();
      process.stdout.write(`edge: ${requests} requests through 4 deployments, ${failures.length} failed\n`);
      expect(failures).toEqual([]);
      expect(Object.keys(byServer).length).toBeGreaterThanOrEqual(8);
      expect(requests).toBeGreaterThan(500);
    },
    LIMIT_MS,
  );

  it(
    'takes an instance out by hand, and lets it in again',
    async () => {
      const [task] = await platform.tasks('/shop');
      const server = `127.0.0.1:${String(task?.ports[0])}`;
      expect((await platform.cli('route', 'drain', server, '--edge', edge.edgeAdmin)).code).toBe(0);
      const load = new EdgeLoad(edge.edgeHttp, HOST, 2);
      await waitFor('requests go on', () => load.count > 50);
      const { failures, byServer } = await load.end();
      expect(failures).toEqual([]);
      expect(Object.keys(byServer)).not.toContain(task?.id);
      expect((await platform.cli('route', 'drain', server, '--undo', '--edge', edge.edgeAdmin)).code).toBe(0);
      await waitFor('both take requests again', async () => (await upServers(edge)) === 2);
    },
    LIMIT_MS,
  );

  it(
    'and names let go of an instance that drains before it is told to end',
    async () => {
      const marker = join(platform.folder, 'told to end');
      const server = `require('net').createServer().listen(process.env.PORT0,'127.0.0.1');process.on('SIGTERM',()=>{require('fs').writeFileSync('${marker}','');process.exit()})`;
      const leaving = shop({
        id: '/leaving',
        cmd: `exec "${process.execPath}" -e "${server}"`,
        labels: { 'traefik.enable': 'true', 'traefik.frontend.rule': 'Host:leaving.example.com' },
        healthChecks: [],
        upgradeStrategy: { minimumHealthCapacity: 1, maximumOverCapacity: 1, drainSeconds: 600 },
      });
      await platform.change('POST', '/v2/apps', leaving, 60_000);
      await waitFor('both are in the route', async () => (await upServers(edge, '/leaving')) === 2);
      // Somebody uses both of them, so that neither is ended sooner.
      const tasks = await platform.tasks('/leaving');
      const sockets = await Promise.all(
        tasks.map(({ ports }) => waitFor('it listens', () => connected(ports[0] ?? 0))),
      );
      expect((await platform.call('PUT', '/v2/apps/leaving', { instances: 1 })).status).toBe(200);
      const named = async (): Promise<number> => {
        const url = `${platform.addresses.dnsHttp}/v1/services/_leaving._tcp.marathon.mesos`;
        return (await callJson(url)).body.filter(({ port }: { port: string }) => port !== '').length;
      };
      await waitFor('it has left the route', async () => (await upServers(edge, '/leaving')) === 1);
      await waitFor('it has left names', async () => (await named()) === 1);
      expect(existsSync(marker)).toBe(false);
      expect(await platform.tasks('/leaving')).toHaveLength(2);
      for (const socket of sockets) socket.destroy();
      await waitFor('it is told to end', () => existsSync(marker));
      await platform.settled(60_000);
      await platform.change('DELETE', '/v2/apps/leaving', undefined, 60_000);
    },
    LIMIT_MS,
  );

  it(
    'replaces a worker that is killed, while the other one serves',
    async () => {
      const pids = async (): Promise<string[]> =>
        (await (await fetch(`${edge.edgeAdmin}/_haproxy_getpids`)).text()).trim().split(' ');
      const [first = ''] = await pids();
      process.kill(Number(first), 'SIGKILL');
      await waitFor('it is replaced', async () => {
        const now = await pids();
        return now.length === 2 && !now.includes(first);
      });
      const load = new EdgeLoad(edge.edgeHttp, HOST);
      await waitFor('requests go on', () => load.count > 100);
      expect((await load.end()).failures).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'shows a bad label where its owner looks, and spoils nothing else',
    async () => {
      const labels = { 'traefik.enable': 'true', 'traefik.frontend.rule': 'Hots:bad.example.com' };
      const bad = { id: '/bad', cmd: 'sleep 600', cpus: 0.01, mem: 16, portDefinitions: [{ port: 0 }], labels };
      await platform.change('POST', '/v2/apps', bad, 60_000);
      await waitFor('the problem is known', async () => {
        const { body } = await callJson(`${edge.edgeAdmin}/v1/routes`);
        return body.problems.some((problem: { source: string }) => problem.source === '/bad');
      });
      const list = await platform.cli('route', 'list', '--edge', edge.edgeAdmin);
      expect(list.stdout).toContain("there is no matcher 'Hots'");
      await waitFor('the others have their servers', async () => (await upServers(edge)) === 2);
    },
    LIMIT_MS,
  );

  it(
    'answers what tools for Traefik and marathon-lb ask',
    async () => {
      const text = async (path: string): Promise<string> => (await fetch(`${edge.edgeAdmin}${path}`)).text();
      expect(await text('/ping')).toBe('OK');
      expect(await text('/haproxy?stats;csv')).toMatch(/^# pxname,svname,qcur,qmax,scur/);
      expect(JSON.parse(await text('/api/providers')).marathon.frontends['frontend-shop'].backend).toBe('backend-shop');
      expect(JSON.parse(await text('/api/rawdata')).routers['frontend-shop@marathon'].status).toBe('enabled');
      expect(await text('/metrics')).toContain('stadion_edge_requests_total{route="frontend-shop"');
    },
    LIMIT_MS,
  );

  it(
    'shows the certificate that a secret holds, and the next one when the secret changes',
    async () => {
      const { port } = new URL(edge.edgeHttps);
      for (const [method, name] of [
        ['PUT', HOST],
        ['PATCH', `*.${HOST}`],
      ] as const) {
        const { certificate, key } = await makeCertificate(name);
        const value = `${certificate}${key}`;
        expect((await platform.call(method, '/secrets/v1/secret/default/tls/shop', { value })).status).toBeLessThan(
          300,
        );
        await waitFor(
          'it is shown',
          async () => (await shownNames(Number(port), name.replace('*', 'a'))) === `DNS:${name}`,
        );
      }
      const { body } = await callJson(`${edge.edgeAdmin}/v1/certificates`);
      expect(body.certificates).toContainEqual(
        expect.objectContaining({ source: 'secret:tls/shop', names: [`*.${HOST}`] }),
      );
    },
    LIMIT_MS,
  );

  it(
    'sends the spans of traces that are kept to a collector',
    async () => {
      const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
      const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
      const { hostname, port } = new URL(edge.edgeHttp);
      const status = await new Promise((resolve, reject) => {
        const asking = request({ hostname, port, path: '/traced', headers: { host: HOST, traceparent } });
        asking.once('response', (answer) => resolve(answer.resume().statusCode)).once('error', reject);
        asking.end();
      });
      expect(status).toBe(200);
      await waitFor('the span has come', () => traced.join('').includes(`"traceId":"${traceId}"`));
      expect(traced.join('')).toContain('"stringValue":"frontend-shop"');
      // Of traces that begin here none is kept.
      expect(traced.join('').match(/"traceId"/g)).toHaveLength(1);
    },
    LIMIT_MS,
  );

  it(
    'stands on its own beside an orchestrator, and serves the last known state when that is gone',
    async () => {
      const lone = await LoneEdge.start(platform.addresses.orchestrator);
      try {
        const ask = async (): Promise<number> => {
          const load = new EdgeLoad(lone.addresses.edgeHttp, HOST, 1);
          await waitFor('requests go on', () => load.count > 10);
          return (await load.end()).failures.length;
        };
        await waitFor('its route is there', async () => (await upServers(lone.addresses)) === 2);
        expect(await ask()).toBe(0);
        await platform.end('SIGKILL');
        await waitFor('it notices', async () => {
          const { body } = await callJson(`${lone.addresses.edgeAdmin}/v1/routes`);
          return body.isConnected === false;
        });
        expect(await ask()).toBe(0);
      } finally {
        await lone.stop();
        await platform.startAgain(EDGE);
      }
    },
    LIMIT_MS,
  );
});

/** A connection, once somebody listens there. */
function connected(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      resolve(socket);
    });
    socket.once('error', () => {
      resolve(undefined);
    });
  });
}

/** The names of the certificate that a client is shown who asks for a name. */
function shownNames(port: number, servername: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connectTls({ port, host: '127.0.0.1', servername, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().subjectaltname);
      socket.destroy();
    });
    socket.once('error', () => {
      resolve(undefined);
    });
  });
}

async function upServers({ edgeAdmin }: EdgeAddresses, app = '/shop'): Promise<number> {
  const { body } = await callJson(`${edgeAdmin}/v1/routes`);
  const route = body.routes.find(({ source }: { source: string }) => source === app);
  return route?.servers.filter(({ state }: { state: string }) => state === 'up').length ?? 0;
}

/** `stadion edge` in a process of its own. */
class LoneEdge {
  addresses: EdgeAddresses = { edgeHttp: '', edgeHttps: '', edgeAdmin: '' };
  private readonly folder: string;
  private readonly child: ChildProcess;

  private constructor(folder: string, child: ChildProcess) {
    this.folder = folder;
    this.child = child;
  }

  static async start(orchestrator: string): Promise<LoneEdge> {
    const folder = await mkdtemp(join(tmpdir(), 'stadion edge '));
    const file = join(folder, 'addresses.json');
    const flags = ['--marathon', orchestrator, '--data-dir', folder, '--addresses-file', file, ...EDGE];
    const child = spawn(process.execPath, [STADION, 'edge', ...flags], { stdio: 'ignore' });
    const edge = new LoneEdge(folder, child);
    edge.addresses = await waitFor('the edge is ready', () =>
      readFile(file, 'utf8').then(
        (text): EdgeAddresses => JSON.parse(text),
        () => undefined,
      ),
    );
    return edge;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGTERM');
    await ended;
    await rm(this.folder, { recursive: true, force: true });
  }
}
