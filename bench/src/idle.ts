/** What the whole platform costs while nothing happens: memory and processor time of its process tree. */
import { readFile, readdir } from 'node:fs/promises';
import { delay } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';
import { RunningPlatform } from '../../tests/support/running-platform.ts';
import { report } from './figures.ts';

const SETTLE_MS = 15_000;
const WATCH_MS = 60_000;
const TICKS_PER_SECOND = 100;

/** The process and everything below it. */
async function processTree(root: number): Promise<readonly number[]> {
  const parents = new Map<number, number>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => undefined);
    if (stat === undefined) continue;
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const tree = [root];
  for (const pid of tree) for (const [child, parent] of parents) if (parent === pid) tree.push(child);
  return tree;
}

async function cpuTicks(pids: readonly number[]): Promise<number> {
  let ticks = 0;
  for (const pid of pids) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  }
  return ticks;
}

async function residentMebibytes(pids: readonly number[]): Promise<number> {
  let kibibytes = 0;
  for (const pid of pids) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    kibibytes += Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
  }
  return kibibytes / 1024;
}

/** `npm run bench idle` */
export async function benchIdle(): Promise<boolean> {
  const platform = await RunningPlatform.start();
  console.log(
    `idle: letting the platform settle for ${SETTLE_MS / 1000} s, then watching it for ${WATCH_MS / 1000} s …`,
  );
  await delay(systemTimers, SETTLE_MS);
  const pids = await processTree(platform.pid);
  const ticksBefore = await cpuTicks(pids);
  const startedAt = systemClock.monotonic();
  await delay(systemTimers, WATCH_MS);
  const elapsedSeconds = (systemClock.monotonic() - startedAt) / 1000;
  const ticks = (await cpuTicks(pids)) - ticksBefore;
  const resident = await residentMebibytes(pids);
  await platform.dispose();
  return report('idle: the whole platform with nothing to do', [
    {
      what: 'resident memory of the process tree',
      value: resident,
      unit: 'MiB',
      wanted: { relation: '≤', bound: 200 },
    },
    {
      what: 'processor time',
      value: (ticks / TICKS_PER_SECOND / elapsedSeconds) * 100,
      unit: '% of a core',
      wanted: { relation: '≤', bound: 2 },
    },
    { what: 'processes', value: pids.length, unit: '' },
  ]);
}
