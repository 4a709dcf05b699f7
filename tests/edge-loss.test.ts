/**
 * No request is lost, by either data plane: a mixed load at a fixed rate while everything behind the edge and the edge itself
 * changes. STADION_EDGE_SOAK=full asks for what was promised: 2,000 requests a second through 100 rolling deployments
 * (STADION_EDGE_RATE and STADION_EDGE_DEPLOYMENTS ask for others).
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { makeCertificate } from './support/certificates.ts';
import { MixedLoad, type MixedResult } from './support/edge-mixed-load.ts';
import { RunningPlatform, callJson, waitFor } from './support/running-platform.ts';
import { HALF_OF_THE_PORTS, SecondAgent } from './support/second-agent.ts';

const run = promisify(execFile);
const isFull = process.env['STADION_EDGE_SOAK'] === 'full';
const deployments = Number(process.env['STADION_EDGE_DEPLOYMENTS'] ?? (isFull ? 100 : 1));
const perSecond = Number(process.env['STADION_EDGE_RATE'] ?? (isFull ? 2_000 : 200));
const LIMIT_MS = isFull ? 3_600_000 : 180_000;
const HOST = 'shop.example.com';
const SERVICE = fileURLToPath(new URL('./peers/loaded-service.mjs', import.meta.url));
const missing = (process.env['STADION_MISSING_PARTS'] ?? '').split(',');
const planes = (process.env['STADION_EDGE_PLANES'] ?? 'embedded,haproxy').split(',');

function shop(version: number, instances: number): Record<string, unknown> {
  return {
    id: '/shop',
    cmd: `exec node '${SERVICE}'`,
    cpus: 0.05,
    mem: 64,
    instances,
    env: { VERSION: String(version) },
    portDefinitions: [{ port: 0, protocol: 'tcp', name: 'http' }],
    labels: { 'traefik.enable': 'true', 'traefik.http.routers.shop.rule': `Host(\`${HOST}\`)` },
    healthChecks: [
      { protocol: 'HTTP', path: '/', portIndex: 0, intervalSeconds: 1, gracePeriodSeconds: 60, timeoutSeconds: 10 },
    ].map((check) => ({ ...check, maxConsecutiveFailures: 20 })),
    // As long as the slowest stream, on the slowest machine.
    taskKillGracePeriodSeconds: 30,
    upgradeStrategy: { minimumHealthCapacity: 1, maximumOverCapacity: 1 },
  };
}

describe.each(planes)('the %s data plane', (plane) => {
  it.skipIf(plane === 'haproxy' && missing.includes('haproxy'))(
    'loses nothing through deployments, scaling, drains of servers and nodes, crashes, its own restart and new certificates',
    async () => {
      const scene = await Scene.start(plane);
      try {
        const { counts, failures, perSecond: reached } = await scene.mixed();
        const crash = await scene.crash();
        const total = Object.values(counts).reduce((sum, count) => sum + count, 0) + crash.counts.get;
        const failed = [...failures, ...crash.failures];
        const kinds = Object.entries(counts).map(([kind, count]) => `${String(count)} ${kind}`);
        process.stdout.write(
          `edge (${plane}): ${String(total)} requests (${kinds.join(', ')}, ${String(crash.counts.get)} get in crashes) at ` +
            `${String(reached)}/s through ${String(deployments)} rolling deployments, ${String(failed.length)} failed\n`,
        );
        expect(failed.slice(0, 20)).toEqual([]);
        expect(Math.min(...Object.values(counts))).toBeGreaterThan(0);
      } finally {
        await scene.stop();
        await scene.platform.dispose();
      }
    },
    LIMIT_MS,
  );
});

class Scene {
  readonly platform: RunningPlatform;
  private readonly addresses: Readonly<Record<'edgeHttp' | 'edgeHttps' | 'edgeAdmin', string>>;
  private readonly certificates: string;
  private current: MixedLoad | undefined;
  private agent: SecondAgent | undefined;

  private constructor(platform: RunningPlatform, certificates: string, addresses: Scene['addresses']) {
    this.platform = platform;
    this.certificates = certificates;
    this.addresses = addresses;
  }

  static async start(plane: string): Promise<Scene> {
    const certificates = join(process.cwd(), 'node_modules/.cache', `edge-loss-${plane}-${String(process.pid)}`);
    await mkdir(certificates, { recursive: true });
    const flags = ['--edge', plane, '--edge-http-port', '0', '--edge-https-port', '0', '--edge-admin-port', '0'];
    // A tenth of what is usual would do, were the machine not busy: whoever routes must have heard of it by then.
    const own = ['--drain-seconds', '3', '--edge-certificates', certificates];
    const platform = await RunningPlatform.start([...flags, ...own, ...HALF_OF_THE_PORTS]);
    const addresses = JSON.parse(await readFile(join(platform.folder, 'addresses.json'), 'utf8')) as Scene['addresses'];
    const scene = new Scene(platform, certificates, addresses);
    await platform.change('POST', '/v2/apps', shop(0, 2), 60_000);
    await scene.up(2);
    return scene;
  }

  /** Everything that should cost no request at all. */
  async mixed(): Promise<MixedResult> {
    const { platform, addresses } = this;
    const load = this.load(false);
    for (let version = 1; version <= deployments; version += 1) {
      await platform.change('PUT', '/v2/apps/shop', shop(version, 2), 120_000);
      if (version % 25 === 1) await this.exchangeCertificates(version);
    }
    await platform.change('PUT', '/v2/apps/shop', { instances: 4 }, 120_000);
    await this.up(4);
    const [task] = await platform.tasks('/shop');
    const server = `127.0.0.1:${String(task?.ports[0])}`;
    expect((await platform.cli('route', 'drain', server, '--edge', addresses.edgeAdmin)).code).toBe(0);
    await this.goesOn(load);
    expect((await platform.cli('route', 'drain', server, '--undo', '--edge', addresses.edgeAdmin)).code).toBe(0);
    expect((await fetch(`${addresses.edgeAdmin}/_mlb_signal/hup`)).status).toBe(200);
    await this.goesOn(load);
    await this.drainNodes(load);
    await platform.change('PUT', '/v2/apps/shop', { instances: 2 }, 120_000);
    await this.goesOn(load);
    return await load.end();
  }

  /** Moves everything from the node that it is on to another one, and back. */
  private async drainNodes(load: MixedLoad): Promise<void> {
    const { platform } = this;
    this.agent = await SecondAgent.start(platform);
    for (let turn = 0; turn < (isFull ? 10 : 2); turn += 1) {
      const [task] = await platform.tasks('/shop');
      const node = task?.slaveId ?? '';
      const drained = await platform.cli('node', 'drain', node, '--timeout', '120s');
      expect(drained).toMatchObject({ code: 0 });
      await this.up(4);
      expect((await platform.tasks('/shop')).map(({ slaveId }) => slaveId)).not.toContain(node);
      await this.goesOn(load);
      expect(await platform.cli('node', 'uncordon', node)).toMatchObject({ code: 0 });
    }
  }

  /** What may be sent again survives that an instance is killed. */
  async crash(): Promise<MixedResult> {
    const load = this.load(true);
    await this.goesOn(load);
    for (let count = 0; count < (isFull ? 10 : 1); count += 1) {
      const before = new Set((await this.platform.tasks('/shop')).map(({ id }) => id));
      const [task] = await this.platform.tasks('/shop');
      const { stdout } = await run('pgrep', ['-f', SERVICE]);
      const pids = stdout.trim().split('\n').map(Number);
      const pid = await findTask(pids, task?.id ?? '');
      process.kill(pid, 'SIGKILL');
      await waitFor('it is replaced', async () => {
        const now = await this.platform.tasks('/shop');
        return now.length === 2 && now.some(({ id }) => !before.has(id));
      });
      await this.up(2);
    }
    await this.goesOn(load);
    return await load.end();
  }

  /** Ends what was left by a failure, and the second agent. */
  async stop(): Promise<void> {
    this.current?.stop();
    await this.agent?.stop();
  }

  private load(isIdempotent: boolean): MixedLoad {
    const { edgeHttp: http, edgeHttps: https } = this.addresses;
    this.current = new MixedLoad({ http, https, host: HOST, perSecond, isIdempotent });
    return this.current;
  }

  private async goesOn(load: MixedLoad): Promise<void> {
    const before = load.count;
    await waitFor('requests go on', () => load.count > before + perSecond);
  }

  private async up(count: number): Promise<void> {
    await waitFor(`${String(count)} instances are in the route`, async () => {
      const { body } = await callJson(`${this.addresses.edgeAdmin}/v1/routes`);
      const route = body.routes.find(({ source }: { source: string }) => source === '/shop');
      return route?.servers.filter(({ state }: { state: string }) => state === 'up').length === count;
    });
  }

  private async exchangeCertificates(version: number): Promise<void> {
    const name = `v${String(version)}.test`;
    const { certificate, key } = await makeCertificate(name);
    await writeFile(join(this.certificates, 'edge.key'), key);
    await writeFile(join(this.certificates, 'edge.crt'), certificate);
    await waitFor('the new certificate is there', async () => {
      const { body } = await callJson(`${this.addresses.edgeAdmin}/v1/certificates`);
      return body.certificates.some(({ names }: { names: string[] }) => names.includes(name));
    });
  }
}

/** The process of a task, by its environment. */
async function findTask(pids: readonly number[], id: string): Promise<number> {
  for (const pid of pids) {
    const environment = await readFile(`/proc/${String(pid)}/environ`, 'utf8').catch(() => '');
    if (environment.includes(`MESOS_TASK_ID=${id}`)) return pid;
  }
  throw new Error(`The process of ${id} was not found.`);
}
