/** A table of 10,000 routes and 50,000 servers in each data plane: how long it takes, what it costs, how soon a change counts. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { silentLogger } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';
import { EmbeddedPlane, HaproxyPlane, type EntryPointSettings, type WorkerSettings } from '@stadion/edge';
import { readFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '../../tests/support/running-platform.ts';
import { quantile, type Figure } from './figures.ts';

const ROUTES = 10_000;
const SERVERS_EACH = 5;
const CHANGES = 100;

type Change = Parameters<EmbeddedPlane['apply']>[0][number];

/** The figures of one plane. */
export async function tableFigures(kind: 'embedded' | 'haproxy', folder: string): Promise<Figure[]> {
  await mkdir(folder, { recursive: true });
  const [one, other] = [await startServer('one'), await startServer('other')];
  const plane = makePlane(kind, folder);
  try {
    const ports = await plane.start({
      onTraffic: () => undefined,
      onServers: () => undefined,
      onAccessLog: () => undefined,
      onSpans: () => undefined,
      onProblem: (message) => console.error(message),
    });
    const changes = Array.from({ length: ROUTES }, (_, index) => changeOf(index));
    const startedAt = systemClock.monotonic();
    await plane.apply(changes);
    const builtMs = systemClock.monotonic() - startedAt;
    if (plane instanceof HaproxyPlane) await plane.caughtUp();
    const carriedMs = systemClock.monotonic() - startedAt;
    const memory = (await Promise.all([process.pid, ...plane.pids()].map(residentOf))).reduce(
      (sum, value) => sum + value,
      0,
    );
    const effectiveMs: number[] = [];
    for (let index = 0; index < CHANGES; index += 1) {
      const port = index % 2 === 0 ? one.port : other.port;
      const begin = systemClock.monotonic();
      await plane.apply([changeOf(7, port)]);
      effectiveMs.push(systemClock.monotonic() - begin);
      const said = await ask(ports['http'] ?? 0, 'h7.test');
      if (said !== (index % 2 === 0 ? 'one' : 'other')) throw new Error(`A change was not in effect: ${said}`);
    }
    const figures: Figure[] = [
      {
        what: `${kind}: 10,000 routes, 50,000 servers: built`,
        value: builtMs,
        unit: 'ms',
        wanted: { relation: '≤', bound: 2_000 },
      },
      {
        what: `${kind}: memory of all processes, this one too`,
        value: memory,
        unit: 'MB',
        wanted: { relation: '≤', bound: 500 },
      },
      {
        what: `${kind}: a server changed, in effect, p99`,
        value: quantile(effectiveMs, 0.99),
        unit: 'ms',
        wanted: { relation: '≤', bound: 100 },
      },
    ];
    if (kind === 'embedded') return figures;
    const alone = await memoryOfBareHaproxy(folder);
    return [
      ...figures,
      { what: 'haproxy: memory of a hand-written HAProxy with that table, alone', value: alone, unit: 'MB' },
      { what: 'haproxy: until HAProxy carries all of it', value: carriedMs, unit: 'ms' },
    ];
  } finally {
    await plane.stop();
    for (const { server } of [one, other]) server.close();
  }
}

/** Megabytes that HAProxy takes for the table as somebody would write it by hand, with nothing but routes and servers. */
async function memoryOfBareHaproxy(folder: string): Promise<number> {
  const [path, map, socket] = [join(folder, 'bare.cfg'), join(folder, 'bare.map'), join(folder, 'bare.sock')];
  const indexes = Array.from({ length: ROUTES }, (_, index) => index);
  const backends = indexes.map((index) => {
    const servers = Array.from({ length: SERVERS_EACH }, (_, number) => {
      const address = `10.${String(number)}.${String(index >> 8)}.${String(index & 255)}:8080`;
      return `  server ${address} ${address}\n`;
    });
    return `backend b${String(index)}\n${servers.join('')}`;
  });
  const front = `frontend http\n  bind unix@${socket}\n  use_backend %[req.hdr(host),map(${map})]\n`;
  const timeouts = 'defaults\n  mode http\n  timeout connect 3s\n  timeout client 60s\n  timeout server 60s\n';
  await writeFile(map, indexes.map((index) => `h${String(index)}.test b${String(index)}\n`).join(''));
  await writeFile(path, `${timeouts}${front}${backends.join('')}`);
  const child = spawn('haproxy', ['-db', '-f', path], { stdio: 'ignore' });
  try {
    await waitFor('HAProxy listens', () => Promise.resolve(existsSync(socket)), 60_000);
    return await residentOf(child.pid ?? 0);
  } finally {
    child.kill();
  }
}

function makePlane(kind: 'embedded' | 'haproxy', folder: string): EmbeddedPlane | HaproxyPlane {
  const settings: WorkerSettings = {
    ...{
      hostname: 'bench',
      workers: 1,
      secret: 'bench',
      clientAuthority: undefined,
      accessLog: 'off',
      tracesRatio: undefined,
    },
    ...{ trustedProxies: [], proxyProtocolFrom: [] },
  };
  const common = { clock: systemClock, timers: systemTimers, log: silentLogger, drainMs: 1_000 };
  const makeWorkers = (entryPoints: readonly EntryPointSettings[]): EmbeddedPlane =>
    new EmbeddedPlane({ ...common, settings, entryPoints });
  const entryPoints = [{ name: 'http', host: '127.0.0.1', port: 0, isTls: false }];
  return kind === 'embedded'
    ? makeWorkers(entryPoints)
    : new HaproxyPlane({
        ...{ ...settings, ...common, program: 'haproxy', recordPath: join(folder, 'haproxy.json') },
        ...{ asksForCertificates: false, makeWorkers, entryPoints },
      });
}

/** The share of one app: one route to a few servers, which are all `port` where one is given. */
function changeOf(index: number, port?: number): Change {
  const source = `/app${String(index)}`;
  const host = `h${String(index)}.test`;
  const servers = Array.from({ length: port === undefined ? SERVERS_EACH : 1 }, (_, number) => {
    const address =
      port === undefined ? `10.${String(number)}.${String(index >> 8)}.${String(index & 255)}` : '127.0.0.1';
    const own = port ?? 8080;
    return { id: `${address}:${String(own)}`, host: address, port: own, weight: 1, appId: source };
  });
  const common = {
    source,
    name: `r${String(index)}`,
    protocol: 'http' as const,
    entryPoints: ['http'],
    middlewares: [],
  };
  return {
    source,
    fragment: {
      source,
      routers: [
        { ...common, ruleText: host, rule: { kind: 'host', host }, priority: 10, service: `s${String(index)}` },
      ],
      services: [{ kind: 'servers', name: `s${String(index)}`, policy, servers }],
      middlewares: [],
      problems: [],
    },
  };
}

const policy = {
  scheme: 'http' as const,
  method: { kind: 'round-robin' as const },
  passHostHeader: true,
  outlier: { consecutiveFailures: 5, baseEjectionMs: 10_000, maxEjectedShare: 0.5 },
  ...{ slowStartMs: 0, connectTimeoutMs: 3_000, answerTimeoutMs: 0, maxConnectionsPerServer: 0 },
  insecureSkipVerify: false,
  proxyProtocol: 0 as const,
};

async function startServer(name: string): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer((_request, response) => response.end(name));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

function ask(port: number, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', headers: { host }, agent: false }, (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
      answer.on('end', () => resolve(text));
    }).once('error', reject);
  });
}

async function residentOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8').catch(() => '');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1000;
}
