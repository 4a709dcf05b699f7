/** Linux containers: started beside a bare runc of the same bundle, many a second, and a thousand at a time. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLinuxContainerizer } from '@stadion/agent/containerizers';
import { delay, silentLogger } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';
import { compareStarts, ContainerBench } from './container-bench.ts';
import { quantile, report } from './figures.ts';

const PAIRS = 40;
const WARM_UP_PAIRS = 3;
const STARTS = 200;
const STARTS_AT_A_TIME = 16;
const STARTS_ROUNDS = 4;
/** How many run at the same time; fewer on a small machine by the environment. */
const DENSITY = Number(process.env['BENCH_CONTAINERS'] ?? 1000);
const IDLE_MS = 10_000;
/** After the last start runtimes are still at it, and the agent puts its heap in order. */
const SETTLE_MS = 10_000;
const TICKS_PER_SECOND = 100;

/** `npm run bench containers` */
export async function benchContainers(): Promise<boolean> {
  const ports = { clock: systemClock, timers: systemTimers, log: silentLogger };
  const bench = new ContainerBench((root) =>
    createLinuxContainerizer({ ...ports, runtimeDirectory: join(root, 'linux'), hiddenDirectories: [] }),
  );
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

async function comparedStarts(bench: ContainerBench): Promise<boolean> {
  const id = await bench.start();
  const bundle = readFileSync(join(bench.root, 'linux', 'containers', id, 'config.json'), 'utf8');
  const { ours, raw } = await compareStarts(bench, PAIRS, WARM_UP_PAIRS, (pair) => bareStart(bench, bundle, pair));
  await bench.end(id);
  const [oursP50, bareP50] = [quantile(ours, 0.5), quantile(raw, 0.5)];
  return report(`containers: started beside a bare runc of the same bundle, ${PAIRS} pairs`, [
    { what: 'bare runc run --detach, p50', value: bareP50, unit: 'ms' },
    { what: 'linux, launch to running, p50', value: oursP50, unit: 'ms' },
    { what: 'linux, launch to running, p99', value: quantile(ours, 0.99), unit: 'ms' },
    { what: 'linux ÷ bare, p50', value: oursP50 / bareP50, unit: '', wanted: { relation: '≤', bound: 1.5 } },
  ]);
}

/** Milliseconds of `runc run` until the same command runs. @param text the bundle */
async function bareStart(bench: ContainerBench, text: string, pair: number): Promise<number> {
  const { elapsedMs, remove } = await startBare(bench, text, String(pair));
  remove();
  return elapsedMs;
}

interface BareContainer {
  readonly elapsedMs: number;
  readonly remove: () => void;
}

async function startBare(bench: ContainerBench, text: string, name: string): Promise<BareContainer> {
  const directory = join(bench.root, `bare-${name}`);
  mkdirSync(directory);
  const bundle = JSON.parse(text) as { linux: { cgroupsPath: string } };
  bundle.linux.cgroupsPath = `${bundle.linux.cgroupsPath}-bare-${name}`;
  writeFileSync(join(directory, 'config.json'), JSON.stringify(bundle));
  const id = `bare-${name}`;
  const words = ['--root', join(bench.root, 'bare')];
  const before = systemClock.monotonic();
  const child = spawn('runc', [...words, 'run', '--detach', '--bundle', directory, id], { stdio: 'ignore' });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  const elapsedMs = systemClock.monotonic() - before;
  if (code !== 0) throw new Error('The bare runc did not start');
  const remove = (): void => {
    execFileSync('runc', [...words, 'delete', '--force', id]);
    rmSync(directory, { recursive: true, force: true });
  };
  return { elapsedMs, remove };
}

/** In turns with a bare runc, as what else the machine does takes from both. */
async function startsASecond(bench: ContainerBench): Promise<boolean> {
  const id = await bench.start();
  const bundle = readFileSync(join(bench.root, 'linux', 'containers', id, 'config.json'), 'utf8');
  const each = STARTS / STARTS_ROUNDS;
  let [oursMs, bareMs] = [0, 0];
  for (let round = 0; round < STARTS_ROUNDS; round += 1) {
    let before = systemClock.monotonic();
    const ids = await startMany(each, () => bench.start());
    oursMs += systemClock.monotonic() - before;
    await Promise.all(ids.map((started) => bench.end(started)));
    let bare = 0;
    before = systemClock.monotonic();
    const containers = await startMany(each, () => {
      bare += 1;
      return startBare(bench, bundle, `many-${round}-${bare}`);
    });
    bareMs += systemClock.monotonic() - before;
    for (const container of containers) container.remove();
  }
  await bench.end(id);
  return report(`containers: ${STARTS} started, ${STARTS_AT_A_TIME} at a time, in turns with a bare runc`, [
    { what: 'bare runc run --detach, starts a second', value: (1000 * STARTS) / bareMs, unit: '1/s' },
    {
      what: 'linux, starts a second',
      value: (1000 * STARTS) / oursMs,
      unit: '1/s',
      wanted: { relation: '≥', bound: 40 },
    },
    { what: 'linux ÷ bare', value: bareMs / oursMs, unit: '' },
  ]);
}

async function manyAtATime(bench: ContainerBench): Promise<boolean> {
  const heapBefore = process.memoryUsage().rss;
  const ids = await startMany(DENSITY, () => bench.start());
  await delay(systemTimers, SETTLE_MS);
  const watchers = watchersOf(bench.root);
  const proportional = watchers.reduce((sum, pid) => sum + proportionalBytes(pid), 0);
  const ownBytes = Math.max(0, process.memoryUsage().rss - heapBefore);
  const cpuBefore = process.cpuUsage();
  const ticksBefore = watchers.reduce((sum, pid) => sum + ticksOf(pid), 0);
  await delay(systemTimers, IDLE_MS);
  const cpu = process.cpuUsage(cpuBefore);
  const ticks = watchers.reduce((sum, pid) => sum + ticksOf(pid), 0) - ticksBefore;
  const own = (cpu.user + cpu.system) / 1e6;
  const seconds = own + ticks / TICKS_PER_SECOND;
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
    { what: 'of which the agent', value: (100 * own * 1000) / IDLE_MS, unit: '% of a core' },
    { what: 'processor for one look at what all of them use', value: (usage.user + usage.system) / 1000, unit: 'ms' },
    { what: 'all ended', value: endSeconds, unit: 's', wanted: { relation: '≤', bound: 20 } },
  ]);
}

/** @param start is called so often, several at a time */
async function startMany<Started>(count: number, start: () => Promise<Started>): Promise<Started[]> {
  const all: Started[] = [];
  let begun = 0;
  const worker = async (): Promise<void> => {
    while (begun < count) {
      begun += 1;
      all.push(await start());
    }
  };
  await Promise.all(Array.from({ length: STARTS_AT_A_TIME }, worker));
  return all;
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
