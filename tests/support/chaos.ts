/**
 * A cluster under constant deployments while faults strike it one after the other, and what is wrong at the end, with all
 * healed: every acknowledged write is there, all deployments are done, nothing is lost and nothing runs twice.
 */
import { readFile, readdir, readlink } from 'node:fs/promises';
import { delay, randomBelow, SeededRandom, type Random } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';
import { FAULTS, oneOf } from './chaos-faults.ts';
import type { Cluster } from './cluster.ts';
import { callJson, waitFor, type TaskView } from './running-platform.ts';

const APPS = 6;
const INSTANCES_MAX = 5;
const SETTLE_MS = 300_000;

/** How long, and from which seed. */
export interface ChaosOptions {
  readonly minutes: number;
  readonly seed: number;
  /** Hears of each fault. */
  readonly say: (line: string) => void;
  /** Ends it before its time, once the fault of the moment is healed. */
  readonly stop?: AbortSignal;
}

/** What there was. */
export interface ChaosOutcome {
  readonly acknowledged: number;
  readonly faults: ReadonlyMap<string, number>;
  /** What is wrong, one sentence each. */
  readonly wrongs: readonly string[];
}

/** What was acknowledged last, by app id; 0: removed. */
type Wanted = Map<string, number>;

/**
 * Runs it. The cluster has five agents and small disks, and is as it was at its start but for what was deployed.
 * @throws the reason of `stop`, when that came first: nothing was judged
 */
export async function runChaos(cluster: Cluster, { minutes, seed, say, stop }: ChaosOptions): Promise<ChaosOutcome> {
  const random = new SeededRandom(seed);
  const end = systemClock.monotonic() + minutes * 60_000;
  const isStopped = (): boolean => stop?.aborted === true;
  const isOver = (): boolean => isStopped() || systemClock.monotonic() >= end;
  const wanted: Wanted = new Map();
  const deploying = deploy(cluster, wanted, random.stream('deployments'), { isOver, isStopped });
  const chance = random.stream('faults');
  const faults = new Map<string, number>();
  // All kinds have their turn before any comes again.
  let waiting: (typeof FAULTS)[number][] = [];
  while (!isOver()) {
    await delay(systemTimers, 1_000 + randomBelow(chance, 4_000));
    if (waiting.length === 0) waiting = [...FAULTS];
    const fault = oneOf(waiting, chance);
    waiting = waiting.filter((other) => other !== fault);
    say(`${new Date(systemClock.now()).toISOString()} ${fault.name}`);
    faults.set(fault.name, (faults.get(fault.name) ?? 0) + 1);
    const heal = await fault.strike(cluster, chance);
    await delay(systemTimers, 2_000 + randomBelow(chance, 14_000));
    await heal();
  }
  const acknowledged = await deploying;
  stop?.throwIfAborted();
  say(`${new Date(systemClock.now()).toISOString()} healed`);
  return { acknowledged, faults, wrongs: await wrongsAtTheEnd(cluster, wanted) };
}

async function wrongsAtTheEnd(cluster: Cluster, wanted: Wanted): Promise<readonly string[]> {
  const { length } = cluster.agents;
  await cluster.registered(length, SETTLE_MS);
  await cluster.settled(SETTLE_MS);
  let wrongs: readonly string[] = [];
  await waitFor(
    'all is as it should be',
    async () => {
      wrongs = await findWrongs(cluster, wanted);
      return wrongs.length === 0;
    },
    SETTLE_MS,
  ).catch(() => undefined);
  return wrongs;
}

/** Changes one app after the other until told to stop; a change counts once it is acknowledged, and is repeated until then. */
async function deploy(
  cluster: Cluster,
  wanted: Wanted,
  random: Random,
  { isOver, isStopped }: { readonly isOver: () => boolean; readonly isStopped: () => boolean },
): Promise<number> {
  let acknowledged = 0;
  while (!isOver()) {
    const id = `/chaos-${String(randomBelow(random, APPS))}`;
    const instances = randomBelow(random, INSTANCES_MAX + 1);
    const definition = {
      cmd: 'exec sleep 1000000',
      cpus: 0.1,
      mem: 16,
      instances,
      backoffSeconds: 1,
      backoffFactor: 1,
      labels: { change: String(acknowledged) },
      unreachableStrategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
    };
    const answer =
      instances === 0
        ? await cluster.callAny('DELETE', `/v2/apps${id}?force=true`)
        : await cluster.callAny('PUT', `/v2/apps${id}?force=true`, definition);
    // 404: there was nothing to remove. Anything else that is no answer may or may not have been done: again, until told.
    const isDone = answer !== undefined && (answer.status < 300 || (instances === 0 && answer.status === 404));
    if (!isDone) {
      wanted.delete(id);
      await retry(cluster, id, wanted, isStopped);
      continue;
    }
    wanted.set(id, instances);
    acknowledged += 1;
    await delay(systemTimers, 200 + randomBelow(random, 800));
  }
  return acknowledged;
}

/** After an unknown outcome the app is brought to a known state before anything else happens to it. */
async function retry(cluster: Cluster, id: string, wanted: Wanted, isStopped: () => boolean): Promise<void> {
  while (!isStopped()) {
    const answer = await cluster.callAny('DELETE', `/v2/apps${id}?force=true`);
    if (answer !== undefined && (answer.status < 300 || answer.status === 404)) break;
    await delay(systemTimers, 500);
  }
  wanted.set(id, 0);
}

async function findWrongs(cluster: Cluster, wanted: Wanted): Promise<readonly string[]> {
  const wrongs: string[] = [];
  const known: string[] = [];
  for (const [id, instances] of wanted) {
    const answer = await cluster.callAny('GET', `/v2/apps${id}`);
    if (instances === 0) {
      if (answer?.status !== 404) wrongs.push(`${id} was removed and is there`);
      continue;
    }
    const told =
      answer?.status === 200 ? (answer.body as { app: { instances: number } }).app.instances : answer?.status;
    if (told !== instances) {
      wrongs.push(`${id} should have ${String(instances)} instances: ${String(told)}`);
      continue;
    }
    const tasks = await cluster.tasks(id);
    const running = tasks.filter(({ state }: TaskView) => state === 'TASK_RUNNING');
    if (running.length !== instances || tasks.length !== instances) {
      wrongs.push(`${id} runs ${String(running.length)} of ${String(instances)}, and knows ${String(tasks.length)}`);
    }
    known.push(...running.map((task) => task.id));
  }
  const run: string[] = [];
  for (const { url } of cluster.agents) {
    const answer = await callJson(`${url}:5051/state`, 'GET', undefined, cluster.headers).catch(() => undefined);
    const { frameworks = [] } = (answer?.body ?? {}) as { frameworks?: { executors: { id: string }[] }[] };
    for (const { executors } of frameworks) for (const { id } of executors) run.push(id);
  }
  const told = textOf(known);
  if (textOf(run) !== told) wrongs.push(`the orchestrator knows ${told}, the agents ${textOf(run)}`);
  const alive = await tasksAlive(cluster.folder);
  if (textOf(alive) !== told) wrongs.push(`the orchestrator knows ${told}, processes are there of ${textOf(alive)}`);
  return wrongs;
}

function textOf(ids: readonly string[]): string {
  return JSON.stringify([...ids].sort());
}

/** The tasks that processes of this machine belong to, whoever knows of them: those whose sandboxes are in a folder. */
async function tasksAlive(folder: string): Promise<readonly string[]> {
  const ids = new Set<string>();
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const sandbox = await readlink(`/proc/${pid}/cwd`).catch(() => '');
    if (!sandbox.startsWith(`${folder}/`)) continue;
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    const [, id] = /(?:^|\0)MESOS_TASK_ID=([^\0]+)/.exec(environment) ?? [];
    if (id !== undefined) ids.add(id);
  }
  return [...ids];
}
