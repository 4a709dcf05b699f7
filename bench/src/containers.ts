/** Linux containers: started beside a bare runc of the same bundle, many a second, and a thousand at a time. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLinuxContainerizer, type Containerizer } from '@stadion/agent/containerizers';
import { delay, randomUuid, silentLogger } from '@stadion/base';
import { SystemRandom, systemClock, systemTimers } from '@stadion/base/system';
import { quantile, report } from './figures.ts';

const PAIRS = 40;
const WARM_UP_PAIRS = 3;
const STARTS = 200;
const STARTS_AT_A_TIME = 16;
/** How many run at the same time; fewer on a small machine by the environment. */
const DENSITY = Number(process.env['BENCH_CONTAINERS'] ?? 1000);
const IDLE_MS = 10_000;
const TICKS_PER_SECOND = 100;

type Spec = Parameters<Containerizer['launch']>[0];

/** A folder with a containerizer in it. */
class Bench {
  readonly root = mkdtempSync(join(tmpdir(), 'stadion-bench-'));
  readonly containerizer: Containerizer;
  private readonly random = new SystemRandom();
  private readonly ends = new Map<string, () => void>();

  constructor() {
    const ports = { clock: systemClock, timers: systemTimers, log: silentLogger };
    const runtimeDirectory = join(this.root, 'linux');
    this.containerizer = createLinuxContainerizer({ ...ports, runtimeDirectory, hiddenDirectories: [] });
  }

  async open(): Promise<void> {
    const { problem } = await this.containerizer.fingerprint();
    if (problem !== undefined) throw new Error(`Linux containers do not work here: ${problem}`);
    await this.containerizer.recover((containerId) => this.ends.get(containerId)?.());
  }

  spec(): Spec {
    const containerId = randomUuid(this.random);
    const directory = join(this.root, 'sandbox', containerId);
    mkdirSync(directory, { recursive: true });
    const limits = { cpus: 0.01, memoryBytes: 32 * 1024 * 1024, diskBytes: 0, gpus: 0 };
    return {
      containerId,
      command: { kind: 'shell', text: 'exec sleep 100000' },
      environment: { PATH: '/usr/bin:/bin' },
      directory,
      limits,
    };
  }

  /** @returns the id, once it runs */
  async start(): Promise<string> {
    const spec = this.spec();
    const outcome = await this.containerizer.launch(spec);
    if (!outcome.ok) throw new Error(outcome.message);
    return spec.containerId;
  }

  async end(containerId: string): Promise<void> {
    const ended = new Promise<void>((resolve) => this.ends.set(containerId, resolve));
    this.containerizer.kill(containerId, 0);
    await ended;
    this.ends.delete(containerId);
    await this.containerizer.remove(containerId);
  }

  async close(): Promise<void> {
    await this.containerizer.close();
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** `npm run bench containers` */
export async function benchContainers(): Promise<boolean> {
  const bench = new Bench();
  await bench.open();
  try {
    const starts = await comparedStarts(bench);
    const rate = await startsASecond(bench);
    const density = await manyAtATime(bench);
    return [starts, rate, density].every(Boolean);
  } finally {
    await bench.close();
  }
}

async function comparedStarts(bench: Bench): Promise<boolean> {
  const ours: number[] = [];
  const bare: number[] = [];
  for (let pair = 0; pair < WARM_UP_PAIRS + PAIRS; pair += 1) {
    const before = systemClock.monotonic();
    const id = await bench.start();
    const oursMs = systemClock.monotonic() - before;
    const bareMs = await bareStart(bench, id, pair);
    await bench.end(id);
    if (pair < WARM_UP_PAIRS) continue;
    ours.push(oursMs);
    bare.push(bareMs);
  }
  const [oursP50, bareP50] = [quantile(ours, 0.5), quantile(bare, 0.5)];
  return report(`containers: started beside a bare runc of the same bundle, ${PAIRS} pairs`, [
    { what: 'bare runc run --detach, p50', value: bareP50, unit: 'ms' },
    { what: 'linux, launch to running, p50', value: oursP50, unit: 'ms' },
    { what: 'linux, launch to running, p99', value: quantile(ours, 0.99), unit: 'ms' },
    { what: 'linux ÷ bare, p50', value: oursP50 / bareP50, unit: '', wanted: { relation: '≤', bound: 1.5 } },
  ]);
}

/** Milliseconds of `runc run` until the same command runs. */
async function bareStart(bench: Bench, containerId: string, pair: number): Promise<number> {
  const directory = join(bench.root, `bare-${pair}`);
  mkdirSync(directory);
  const bundle = JSON.parse(
    readFileSync(join(bench.root, 'linux', 'containers', containerId, 'config.json'), 'utf8'),
  ) as {
    linux: { cgroupsPath: string };
  };
  bundle.linux.cgroupsPath = `${bundle.linux.cgroupsPath}-bare`;
  writeFileSync(join(directory, 'config.json'), JSON.stringify(bundle));
  const id = `bare-${pair}`;
  const words = ['--root', join(bench.root, 'bare')];
  const before = systemClock.monotonic();
  const child = spawn('runc', [...words, 'run', '--detach', '--bundle', directory, id], { stdio: 'ignore' });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  const elapsedMs = systemClock.monotonic() - before;
  if (code !== 0) throw new Error('The bare runc did not start');
  execFileSync('runc', [...words, 'delete', '--force', id]);
  rmSync(directory, { recursive: true, force: true });
  return elapsedMs;
}

async function startsASecond(bench: Bench): Promise<boolean> {
  const before = systemClock.monotonic();
  const ids = await startMany(bench, STARTS);
  const seconds = (systemClock.monotonic() - before) / 1000;
  await Promise.all(ids.map((id) => bench.end(id)));
  return report(`containers: ${STARTS} started, ${STARTS_AT_A_TIME} at a time`, [
    { what: 'starts a second', value: STARTS / seconds, unit: '1/s', wanted: { relation: '≥', bound: 40 } },
  ]);
}

async function manyAtATime(bench: Bench): Promise<boolean> {
  const heapBefore = process.memoryUsage().rss;
  const ids = await startMany(bench, DENSITY);
  const watchers = watchersOf(bench.root);
  const proportional = watchers.reduce((sum, pid) => sum + proportionalBytes(pid), 0);
  const ownBytes = Math.max(0, process.memoryUsage().rss - heapBefore);
  const cpuBefore = process.cpuUsage();
  const ticksBefore = watchers.reduce((sum, pid) => sum + ticksOf(pid), 0);
  await delay(systemTimers, IDLE_MS);
  const cpu = process.cpuUsage(cpuBefore);
  const ticks = watchers.reduce((sum, pid) => sum + ticksOf(pid), 0) - ticksBefore;
  const seconds = (cpu.user + cpu.system) / 1e6 + ticks / TICKS_PER_SECOND;
  const usageBefore = process.cpuUsage();
  await bench.containerizer.usage();
  const usage = process.cpuUsage(usageBefore);
  const before = systemClock.monotonic();
  await Promise.all(ids.map((id) => bench.end(id)));
  const endSeconds = (systemClock.monotonic() - before) / 1000;
  return report(`containers: ${DENSITY} at a time, left alone for ${IDLE_MS / 1000} s`, [
    {
      what: 'memory beside the task, proportional',
      value: (proportional + ownBytes) / DENSITY / 2 ** 20,
      unit: 'MiB each',
      wanted: { relation: '≤', bound: 8 },
    },
    {
      what: 'processor, agent and supervisors',
      value: (100 * seconds * 1000) / IDLE_MS,
      unit: '% of a core',
      wanted: { relation: '≤', bound: 2 },
    },
    { what: 'processor for one look at what all of them use', value: (usage.user + usage.system) / 1000, unit: 'ms' },
    { what: 'all ended', value: endSeconds, unit: 's', wanted: { relation: '≤', bound: 20 } },
  ]);
}

async function startMany(bench: Bench, count: number): Promise<string[]> {
  const ids: string[] = [];
  const worker = async (): Promise<void> => {
    while (ids.length < count) {
      const place = ids.push('') - 1;
      ids[place] = await bench.start();
    }
  };
  await Promise.all(Array.from({ length: STARTS_AT_A_TIME }, worker));
  return ids;
}

/** Supervisors, runtimes and inits: what is there for a container beside its task. */
function watchersOf(root: string): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    const command = read(`/proc/${name}/cmdline`);
    const isOurs =
      command.includes(root) ||
      (command.startsWith('/dev/.init') && read(`/proc/${name}/cgroup`).includes('/stadion/'));
    return isOurs && Number(name) !== process.pid ? [Number(name)] : [];
  });
}

function proportionalBytes(pid: number): number {
  return Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) * 1024;
}

function ticksOf(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
