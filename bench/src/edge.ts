/**
 * The edge: both data planes beside a hand-written HAProxy and nginx as proxies, all before one nginx that answers 13 bytes,
 * in turns. Then a table of 10,000 routes.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { STADION, waitFor } from '../../tests/support/running-platform.ts';
import { tableFigures } from './edge-table.ts';
import { quantile, report, type Figure } from './figures.ts';
import { offer } from './offered-load.ts';

const run = promisify(execFile);
const HOST = 'shop.test';
const ROUNDS = 3;
const SECONDS = Number(process.env['BENCH_EDGE_SECONDS'] ?? 4);
const CONNECTIONS = 64;
const OFFERED = 5_000;
/** Requests after which memory is looked at, and those it is to be flat over. */
const FLAT_SECONDS = Number(process.env['BENCH_EDGE_FLAT_SECONDS'] ?? 30);

interface Contestant {
  readonly name: string;
  readonly port: number;
  readonly child: ChildProcess;
}

interface Measured {
  readonly perSecond: number;
  /** Processor time of the proxy for one request. */
  readonly microseconds: number;
}

/** `npm run bench edge` */
export async function benchEdge(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'stadion-bench-edge-'));
  const children: ChildProcess[] = [];
  try {
    const backend = await freePort();
    children.push(
      await startNginx(
        folder,
        'backend',
        `server { listen 127.0.0.1:${backend}; location / { return 200 "Hello, world!"; } }`,
      ),
    );
    const raw = await startHaproxy(folder, backend, 'raw');
    const repeating = await startHaproxy(folder, backend, 'repeating');
    const nginx = await startProxyingNginx(folder, backend);
    const haproxy = await startEdge(folder, 'haproxy', backend);
    const embedded = await startEdge(folder, 'embedded', backend);
    const all = [raw, repeating, nginx, haproxy, embedded];
    children.push(...all.map(({ child }) => child));
    for (const { port } of all) await waitFor('it answers', () => answers(port), 30_000);
    // Node and the caches of all of them are cold at first.
    for (const one of all) await load(one, SECONDS);
    const measured = new Map<string, Measured[]>(all.map(({ name }) => [name, []]));
    const p99 = new Map<string, number[]>(all.map(({ name }) => [name, []]));
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const one of all) measured.get(one.name)?.push(await load(one, SECONDS));
      for (const { name, port } of all) {
        const latencies = await offer({
          port,
          host: HOST,
          perSecond: OFFERED,
          seconds: SECONDS,
          connections: CONNECTIONS,
        });
        p99.get(name)?.push(quantile(latencies, 0.99));
      }
    }
    const figures = [
      ...comparisons(measured, p99),
      ...(await flatness([haproxy, embedded])),
      ...(await tableFigures('embedded', join(folder, 'table-embedded'))),
      ...(await tableFigures('haproxy', join(folder, 'table-haproxy'))),
    ];
    return report('edge: proxies in turns before one nginx, 64 connections', figures);
  } finally {
    for (const child of children) child.kill('SIGTERM');
    await Promise.all(
      children.map((child) => waitFor('it ends', () => child.exitCode !== null || child.signalCode !== null, 20_000)),
    );
    await rm(folder, { recursive: true, force: true });
  }
}

function comparisons(
  measured: ReadonlyMap<string, readonly Measured[]>,
  p99: ReadonlyMap<string, readonly number[]>,
): Figure[] {
  const of = (name: string, pick: (one: Measured) => number): readonly number[] => (measured.get(name) ?? []).map(pick);
  /** Medians of ratios within one round. */
  const ratio = (one: readonly number[], other: readonly number[]): number =>
    quantile(
      one.map((value, index) => value / (other[index] ?? Number.NaN)),
      0.5,
    );
  const perSecond = ({ perSecond: value }: Measured): number => value;
  const micro = ({ microseconds }: Measured): number => microseconds;
  const raw = of('raw', perSecond);
  return [
    ...[...measured.keys()].flatMap((name): Figure[] => [
      { what: `${name}: requests`, value: quantile(of(name, perSecond), 0.5), unit: '/s' },
      { what: `${name}: processor time for a request`, value: quantile(of(name, micro), 0.5), unit: 'µs' },
      { what: `${name}: p99 at ${String(OFFERED)}/s offered`, value: quantile(p99.get(name) ?? [], 0.5), unit: 'ms' },
    ]),
    {
      what: 'haproxy plane, of hand-written HAProxy',
      value: ratio(of('haproxy', perSecond), raw),
      unit: '×',
      wanted: { relation: '≥', bound: 0.97 },
    },
    {
      what: 'haproxy plane, of hand-written HAProxy that repeats lost requests as it does',
      value: ratio(of('haproxy', perSecond), of('repeating', perSecond)),
      unit: '×',
    },
    {
      what: 'embedded plane, of hand-written HAProxy',
      value: ratio(of('embedded', perSecond), raw),
      unit: '×',
      wanted: { relation: '≥', bound: 0.46 },
    },
    { what: 'embedded plane, of nginx', value: ratio(of('embedded', perSecond), of('nginx', perSecond)), unit: '×' },
    {
      what: 'embedded plane: p99 offered, of HAProxy’s',
      value: ratio(p99.get('embedded') ?? [], p99.get('raw') ?? []),
      unit: '×',
      wanted: { relation: '≤', bound: 2 },
    },
    {
      what: 'haproxy plane: p99 offered, of HAProxy’s',
      value: ratio(p99.get('haproxy') ?? [], p99.get('raw') ?? []),
      unit: '×',
    },
  ];
}

/** Memory after a while of full load, of what it was before: after the first rounds, when all is warm. */
async function flatness(contestants: readonly Contestant[]): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const one of contestants) {
    const before = await residentOf(one.child.pid ?? 0);
    const { perSecond } = await load(one, FLAT_SECONDS);
    const growth = (await residentOf(one.child.pid ?? 0)) / before;
    const thousands = Math.round((perSecond * FLAT_SECONDS) / 1000);
    figures.push(
      { what: `${one.name} plane: memory, all processes`, value: before, unit: 'MB' },
      {
        what: `${one.name} plane: memory after ${String(thousands)}k requests more`,
        value: growth,
        unit: '×',
        wanted: { relation: '≤', bound: 1.15 },
      },
    );
  }
  return figures;
}

async function load({ port, child }: Contestant, seconds: number): Promise<Measured> {
  const before = await cpuOf(child.pid ?? 0);
  const words = [
    '-c',
    String(CONNECTIONS),
    '-t',
    '2',
    '-d',
    String(seconds),
    '-H',
    `Host: ${HOST}`,
    `http://127.0.0.1:${String(port)}/`,
  ];
  const { stdout } = await run('wrk', words);
  const wrong = /Non-2xx or 3xx responses: (\d+)|Socket errors:.*/.exec(stdout)?.[0];
  if (wrong !== undefined) throw new Error(`A load went wrong: ${wrong}`);
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1] ?? 0);
  return {
    perSecond: requests / seconds,
    microseconds: (((await cpuOf(child.pid ?? 0)) - before) * 1e6) / Math.max(1, requests),
  };
}

/**
 * A HAProxy as somebody writes it who knows it: routing by host, and what servers are told. The one that repeats sends a
 * request again whose server is lost before it answers: HAProxy keeps a copy of each request for that.
 */
async function startHaproxy(folder: string, backend: string, name: 'raw' | 'repeating'): Promise<Contestant> {
  const port = await freePort();
  const path = join(folder, `${name}.cfg`);
  await writeFile(
    path,
    `defaults
  mode http
  timeout connect 3s
  timeout client 60s
  timeout server 60s
  option forwardfor
  http-reuse safe
frontend http
  bind 127.0.0.1:${port}
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-request set-header X-Forwarded-Port ${port}
  http-request set-header X-Real-Ip %[src]
  use_backend shop if { req.hdr(host),host_only,lower -m str ${HOST} }
backend shop
  balance roundrobin
${name === 'raw' ? '' : '  retry-on conn-failure empty-response\n'}  server one 127.0.0.1:${backend}
`,
  );
  return { name, port: Number(port), child: spawn('haproxy', ['-db', '-f', path], { stdio: 'ignore' }) };
}

async function startProxyingNginx(folder: string, backend: string): Promise<Contestant> {
  const port = await freePort();
  const child = await startNginx(
    folder,
    'proxy',
    `upstream shop { server 127.0.0.1:${backend}; keepalive 64; }
     server { listen 127.0.0.1:${port}; server_name ${HOST}; keepalive_requests 1000000;
       location / { proxy_pass http://shop; proxy_http_version 1.1; proxy_set_header Connection "";
         proxy_set_header Host $host; proxy_set_header X-Real-Ip $remote_addr;
         proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme; } }`,
  );
  return { name: 'nginx', port: Number(port), child };
}

async function startNginx(folder: string, name: string, servers: string): Promise<ChildProcess> {
  const path = join(folder, `${name}.conf`);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${folder}/${name}-${kind};`)
    .join(' ');
  await writeFile(
    path,
    `daemon off; worker_processes ${name === 'backend' ? '1' : '2'}; pid ${folder}/${name}.pid; error_log stderr crit;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 1000000; ${temporary} ${servers} }`,
  );
  return spawn('nginx', ['-c', path, '-e', 'stderr'], { stdio: 'ignore' });
}

async function startEdge(folder: string, plane: 'embedded' | 'haproxy', backend: string): Promise<Contestant> {
  const routes = join(folder, 'routes.json');
  const servers = [{ url: `http://127.0.0.1:${backend}` }];
  const http = {
    routers: { shop: { rule: `Host(\`${HOST}\`)`, service: 'shop' } },
    services: { shop: { loadBalancer: { servers } } },
  };
  await writeFile(routes, JSON.stringify({ http }));
  const port = await freePort();
  const own = ['--edge', plane, '--edge-routes', routes, '--data-dir', join(folder, plane), '--edge-http-port', port];
  const child = spawn(process.execPath, [STADION, 'edge', ...own, '--edge-https-port', '0', '--edge-admin-port', '0'], {
    stdio: 'ignore',
  });
  return { name: plane, port: Number(port), child };
}

function answers(port: number): Promise<boolean> {
  return run('curl', ['-s', '-f', '-H', `Host: ${HOST}`, `http://127.0.0.1:${String(port)}/`]).then(
    ({ stdout }) => stdout === 'Hello, world!',
    () => false,
  );
}

async function freePort(): Promise<string> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(String(port)));
    });
  });
}

/** A process and all that it has started. */
async function treeOf(root: number): Promise<readonly number[]> {
  const parents = new Map<number, number>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const tree = [root];
  for (const pid of tree) for (const [child, parent] of parents) if (parent === pid) tree.push(child);
  return tree;
}

/** Seconds of processor time, of the whole tree. */
async function cpuOf(root: number): Promise<number> {
  let ticks = 0;
  for (const pid of await treeOf(root)) {
    const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8').catch(() => '');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  }
  return ticks / 100;
}

/** Megabytes, of the whole tree. */
async function residentOf(root: number): Promise<number> {
  let kilobytes = 0;
  for (const pid of await treeOf(root)) {
    const status = await readFile(`/proc/${String(pid)}/status`, 'utf8').catch(() => '');
    kilobytes += Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
  }
  return kilobytes / 1000;
}
