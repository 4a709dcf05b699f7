/** One whole edge takes the place of another on the same sockets, under load: nobody notices. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MixedLoad } from './support/edge-mixed-load.ts';
import { isRunning } from './support/processes.ts';
import { FIRST_PORT, STADION, callJson, waitFor } from './support/running-platform.ts';

const HOST = 'shop.example.com';
const peer = (name: string): string => fileURLToPath(new URL(`./peers/${name}`, import.meta.url));
const missing = (process.env['STADION_MISSING_PARTS'] ?? '').split(',');
const SERVICE_PORT = FIRST_PORT;
const ADMIN_PORTS = [FIRST_PORT + 1, FIRST_PORT + 2] as const;

let folder: string;
let keeper: Keeper;
let service: ChildProcess;

/** Whoever keeps the sockets. */
class Keeper {
  private readonly child = spawn('perl', [peer('socket-keeper.pl')], { stdio: ['pipe', 'pipe', 'inherit'] });
  private readonly lines = createInterface(this.child.stdout)[Symbol.asyncIterator]();

  /** The next line that it says. */
  async line(): Promise<string> {
    const { value, done } = await this.lines.next();
    if (done === true) throw new Error('The keeper of the sockets has ended.');
    return value;
  }

  /** Starts an edge on the sockets. @returns its pid, once it is ready */
  async startEdge(plane: string, which: 0 | 1): Promise<number> {
    const own = join(folder, String(which));
    const routes = ['--edge-routes', join(folder, 'routes.json'), '--data-dir', own];
    const words = [STADION, 'edge', '--edge', plane, ...routes, '--edge-admin-port', String(ADMIN_PORTS[which])];
    const output = join(folder, `edge-${String(which)}.log`);
    const quoted = [process.execPath, ...words].map((word) => `'${word}'`).join(' ');
    this.child.stdin.write(`${quoted} > '${output}' 2>&1\n`);
    const pid = Number(await this.line());
    await waitFor(
      'the edge is ready',
      () =>
        callJson(`http://127.0.0.1:${String(ADMIN_PORTS[which])}/v1/routes`).then(
          ({ status }) => status === 200,
          () => false,
        ),
      60_000,
    );
    return pid;
  }

  end(): void {
    this.child.stdin.end();
  }
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stadion-exchange-'));
  keeper = new Keeper();
  service = spawn(process.execPath, [peer('loaded-service.mjs')], {
    env: { ...process.env, PORT0: String(SERVICE_PORT), MESOS_TASK_ID: 'shop' },
    stdio: 'ignore',
  });
  const servers = [{ url: `http://127.0.0.1:${String(SERVICE_PORT)}` }];
  const http = {
    routers: { shop: { rule: `Host(\`${HOST}\`)`, service: 'shop' } },
    services: { shop: { loadBalancer: { servers } } },
  };
  await writeFile(join(folder, 'routes.json'), JSON.stringify({ http }));
});
afterEach(async () => {
  keeper.end();
  service.kill();
  await rm(folder, { recursive: true, force: true });
});

describe.each(['embedded', 'haproxy'])('the %s data plane', (plane) => {
  it.skipIf(plane === 'haproxy' && missing.includes('haproxy'))(
    'loses nothing when a whole edge is exchanged',
    async () => {
      const [http = '', https = ''] = (await keeper.line()).split(' ');
      const pids: number[] = [];
      try {
        pids.push(await keeper.startEdge(plane, 0));
        const load = new MixedLoad({
          http: `http://127.0.0.1:${http}`,
          https: `https://127.0.0.1:${https}`,
          host: HOST,
          perSecond: 200,
        });
        await waitFor('requests have been answered', () => load.count > 200);
        pids.push(await keeper.startEdge(plane, 1));
        const [first = 0] = pids;
        process.kill(first, 'SIGTERM');
        await waitFor('the first edge has ended', () => !isRunning(first), 60_000);
        const before = load.count;
        await waitFor('the second answers alone', () => load.count > before + 200);
        const { counts, failures } = await load.end();
        expect(failures.slice(0, 10)).toEqual([]);
        expect(Math.min(...Object.values(counts))).toBeGreaterThan(0);
      } finally {
        for (const pid of pids.filter(isRunning)) process.kill(pid, 'SIGTERM');
        await waitFor('all edges have ended', () => !pids.some(isRunning), 60_000);
      }
    },
  );
});
