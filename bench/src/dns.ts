/**
 * Names: the name server in a process of its own, with 100,000 records, and once more with two workers, beside dnsmasq
 * with as many names as are asked for, and a Node program that only sends packets back; by dnsperf, in turns. And how soon
 * a change is in the answers.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { Resolver } from 'node:dns/promises';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { delay } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';
import { STADION, waitFor } from '../../tests/support/running-platform.ts';
import { quantile, report } from './figures.ts';
import { addressOf, startMaster } from './names-master.ts';

const ASKED = 1000;
/** Many short rounds in turns: what else the machine does spoils some of them. */
const ROUNDS = 7;
const SECONDS = 2;
const LATENCY_ROUNDS = 5;
const LATENCY_SECONDS = 3;
const CHANGES = 100;
const WORKERS = 2;
/** Of the answers so many must be NOERROR, or a server is not measured but mistaken. */
const ANSWERED_MIN = 0.999;
/** For as long as that, memory may still shrink after the zone was read. */
const REST_MS = 26_000;
/** Mesos-DNS, measured on two cores with dnsperf in the same way. */
const MESOS_DNS_PER_SECOND = 41_800;
/** Before a command that is not to wait for others on the same machine, and after it for one that runs already. */
const AT_ONCE = ['chrt', '-f', '5'];
const AT_ONCE_FROM_NOW = ['-a', '-f', '-p', '5'];
const AS_OTHERS_FROM_NOW = ['-a', '-o', '-p', '0'];
const run = promisify(execFile);

/** `npm run bench dns` */
export async function benchDns(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'stadion-bench-dns-'));
  const master = await startMaster();
  const port = await freePort();
  const dnsmasqPort = await freePort();
  const names = Array.from({ length: ASKED }, (_, index) => `app${String(index)}.marathon.mesos`);
  const questions = join(folder, 'questions');
  const hosts = join(folder, 'hosts');
  await writeFile(questions, names.map((name) => `${name} A\n`).join(''));
  await writeFile(hosts, names.map((name, index) => `${addressOf(index)} ${name}\n`).join(''));
  const sharedPort = await freePort();
  const echoPort = await freePort();
  const [ours, oursShared] = [
    startOurs(folder, master.url, port, '0'),
    startOurs(folder, master.url, sharedPort, String(WORKERS)),
  ];
  const echoing = begin(process.execPath, [join(import.meta.dirname, 'echo-server.js'), echoPort]);
  const own = [
    '--listen-address=127.0.0.1',
    '--bind-interfaces',
    '--no-resolv',
    '--no-hosts',
    // It becomes nobody else, who could not read its hosts.
    '--user=root',
    '-C',
    '/dev/null',
    '--pid-file',
  ];
  const dnsmasq = begin('dnsmasq', ['-k', '-p', dnsmasqPort, ...own, '--addn-hosts', hosts]);
  try {
    const has = asker(port);
    const sharedHas = asker(sharedPort);
    await waitFor('the zone is there', () => has(names[0] ?? ''), 60_000);
    await waitFor('the workers have the zone', () => sharedHas(names[0] ?? ''), 60_000);
    const theirsHas = asker(dnsmasqPort);
    await waitFor('dnsmasq has its hosts', () => theirsHas(names[0] ?? ''), 60_000);
    await delay(systemTimers, REST_MS);
    const residentMb = await residentOf(ours);
    const alone: Load[] = [];
    const shared: Load[] = [];
    const peer: Load[] = [];
    const echo: Load[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      alone.push(await load(ours, port, questions));
      shared.push(await load(oursShared, sharedPort, questions));
      peer.push(await load(dnsmasq, dnsmasqPort, questions));
      echo.push(await load(echoing, echoPort, questions));
    }
    // As whoever runs it would have it: workers only where they are faster.
    const best = alone.map((one, round) => Math.max(one.perSecond, shared[round]?.perSecond ?? 0));
    const ratios = best.map((rate, round) => rate / (peer[round]?.perSecond ?? NaN));
    const loadedMb = await residentOf(ours);
    const peers = [
      { child: ours, port },
      { child: oursShared, port: sharedPort },
      { child: dnsmasq, port: dnsmasqPort },
    ] as const;
    const beside = await latencies(peers, questions, []);
    const atOnce = process.getuid?.() === 0 ? await latencies(peers, questions, AT_ONCE) : beside;
    const visible: number[] = [];
    for (let index = 0; index < CHANGES; index += 1) {
      const changedAt = systemClock.monotonic();
      master.start(`new${String(index)}`);
      while (!(await has(`new${String(index)}.marathon.mesos`))) await delay(systemTimers, 1);
      visible.push(systemClock.monotonic() - changedAt);
    }
    return report('dns: 100,000 records', [
      {
        what: 'answers, by one process or two workers',
        value: quantile(best, 0.5),
        unit: '/s',
        wanted: { relation: '≥', bound: 1.2 * MESOS_DNS_PER_SECOND },
      },
      {
        what: 'the same, of dnsmasq’s in the same run',
        value: quantile(ratios, 0.5),
        unit: '×',
        wanted: { relation: '≥', bound: 0.7 },
      },
      ...[
        ['one process', alone] as const,
        ['two workers', shared] as const,
        ['dnsmasq', peer] as const,
        ['Node that only sends packets back', echo] as const,
      ].flatMap(([who, loads]) => [
        { what: `answers of ${who}`, value: median(loads, 'perSecond'), unit: '/s' },
        { what: `processor time of ${who} for an answer`, value: median(loads, 'cpuMicroseconds'), unit: 'µs' },
      ]),
      {
        what: 'latency at 5,000/s, p99, of one process or two workers',
        value: Math.min(beside[0].p99, beside[1].p99),
        unit: 'ms',
        wanted: { relation: '≤', bound: 1.5 },
      },
      ...(['one process', 'two workers', 'dnsmasq'] as const).flatMap((who, index) => [
        { what: `latency of ${who}, median`, value: beside[index]?.p50 ?? Number.NaN, unit: 'ms' },
        { what: `latency of ${who}, p99`, value: beside[index]?.p99 ?? Number.NaN, unit: 'ms' },
        { what: 'the same where nobody else is waited for', value: atOnce[index]?.p99 ?? Number.NaN, unit: 'ms' },
      ]),
      { what: 'resident memory, at rest', value: residentMb, unit: 'MB', wanted: { relation: '≤', bound: 150 } },
      { what: 'resident memory, after load', value: loadedMb, unit: 'MB', wanted: { relation: '≤', bound: 150 } },
      {
        what: 'a change is visible, p99',
        value: quantile(visible, 0.99),
        unit: 'ms',
        wanted: { relation: '≤', bound: 50 },
      },
    ]);
  } finally {
    ours.kill('SIGKILL');
    // Its workers end with it, because nobody speaks to them any more.
    oursShared.kill('SIGKILL');
    dnsmasq.kill('SIGKILL');
    echoing.kill('SIGKILL');
    master.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** What came of one burst. */
interface Load {
  readonly perSecond: number;
  readonly cpuMicroseconds: number;
}

function median(loads: readonly Load[], what: keyof Load): number {
  return quantile(
    loads.map((one) => one[what]),
    0.5,
  );
}

/**
 * A burst as fast as it goes, with 100 questions under way.
 * @throws Error when what is asked does not answer properly: its figures would say nothing
 */
async function load(child: ChildProcess, port: string, questions: string): Promise<Load> {
  const before = await cpuOf(child);
  const words = ['-s', '127.0.0.1', '-p', port, '-d', questions, '-l', String(SECONDS), '-c', '8', '-q', '100'];
  const { stdout } = await dnsperf(words);
  const completed = Number(/Queries completed:\s+(\d+)/.exec(stdout)?.[1] ?? 0);
  const perSecond = Number(/Queries per second:\s+([\d.]+)/.exec(stdout)?.[1] ?? 0);
  const wellAnswered = Number(/Response codes:.*?NOERROR (\d+)/.exec(stdout)?.[1] ?? 0);
  if (wellAnswered === 0 || wellAnswered < completed * ANSWERED_MIN) throw new Error(`Not answered well:\n${stdout}`);
  return { perSecond, cpuMicroseconds: (((await cpuOf(child)) - before) * 1e6) / completed };
}

/** A server that is asked. */
interface Peer {
  readonly child: ChildProcess;
  readonly port: string;
}

interface Latency {
  readonly p50: number;
  readonly p99: number;
}

/**
 * Latencies of several in turns, the median round of each: one round is spoilt by whatever else the machine does in it.
 * @param before `AT_ONCE` for whoever asks and who answers: the machine is theirs then, of which they need a tenth
 */
async function latencies<Peers extends readonly Peer[]>(
  peers: Peers,
  questions: string,
  before: readonly string[],
): Promise<{ readonly [Index in keyof Peers]: Latency }> {
  const isAtOnce = before.length > 0;
  const rounds: Latency[][] = peers.map(() => []);
  for (const { child } of peers) if (isAtOnce) await prioritise(child, AT_ONCE_FROM_NOW);
  for (let round = 0; round < LATENCY_ROUNDS; round += 1) {
    for (const [index, { port }] of peers.entries()) rounds[index]?.push(await latency(port, questions, before));
  }
  for (const { child } of peers) if (isAtOnce) await prioritise(child, AS_OTHERS_FROM_NOW);
  const middle = (all: readonly Latency[], which: keyof Latency): number =>
    quantile(
      all.map((round) => round[which]),
      0.5,
    );
  const found = rounds.map((all): Latency => ({ p50: middle(all, 'p50'), p99: middle(all, 'p99') }));
  return found as { readonly [Index in keyof Peers]: Latency };
}

/** Gives a process and its workers another priority. */
async function prioritise(child: ChildProcess, priority: readonly string[]): Promise<void> {
  for (const pid of await processesOf(child)) await run('chrt', [...priority, pid]);
}

/**
 * Milliseconds of answers at 5,000 questions a second, sent whether answers come or not; infinite where none came, or
 * another than should.
 */
async function latency(port: string, questions: string, before: readonly string[]): Promise<Latency> {
  const rate = ['-l', String(LATENCY_SECONDS), '-c', '8', '-Q', '5000', '-v'];
  const words = ['-s', '127.0.0.1', '-p', port, '-d', questions, ...rate];
  const { stdout } = await dnsperf(words, before);
  const sent = Number(/Queries sent:\s+(\d+)/.exec(stdout)?.[1] ?? 0);
  const answered = [...stdout.matchAll(/^> NOERROR \S+ A ([\d.]+)$/gm)].map(([, seconds]) => Number(seconds) * 1000);
  const samples = [...answered, ...Array.from({ length: sent - answered.length }, () => Infinity)];
  return { p50: quantile(samples, 0.5), p99: quantile(samples, 0.99) };
}

function startOurs(folder: string, master: string, port: string, workers: string): ChildProcess {
  const where = ['--dns-port', port, '--dns-http-port', '0', '--dns-workers', workers];
  const flags = [...where, '--data-dir', join(folder, `data-${workers}`)];
  return begin(process.execPath, [STADION, 'dns', '--master', master, ...flags]);
}

/** Starts what is measured. */
function begin(program: string, words: readonly string[]): ChildProcess {
  return spawn(program, words, { stdio: 'ignore' });
}

function dnsperf(words: readonly string[], before: readonly string[] = []) {
  const [first = 'dnsperf', ...rest] = [...before, 'dnsperf', ...words];
  return run(first, rest, { maxBuffer: 64 * 1024 * 1024 });
}

/** Asks a name server whether it has a name. */
function asker(port: string): (name: string) => Promise<boolean> {
  const resolver = new Resolver({ timeout: 1000, tries: 3 });
  resolver.setServers([`127.0.0.1:${port}`]);
  return (name) =>
    resolver.resolve4(name).then(
      () => true,
      () => false,
    );
}

/** A process and its workers. */
async function processesOf({ pid }: ChildProcess): Promise<readonly string[]> {
  const children = await readFile(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8');
  return [String(pid), ...children.split(' ').filter((word) => word !== '')];
}

/** Seconds of processor time of a process and its workers. */
async function cpuOf(child: ChildProcess): Promise<number> {
  const seconds = await Promise.all((await processesOf(child)).map((one) => cpuOfProcess(one)));
  return seconds.reduce((sum, one) => sum + one, 0);
}

async function cpuOfProcess(pid: string): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function residentOf({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1000;
}

async function freePort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}
