/** The answering workers: starts them, keeps their zones like ours, and starts them anew when they end. */
import cluster, { type Worker } from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { PlatformError, delay, type Logger, type Timers } from '@stadion/base';
import type { NameChange } from '../core/record-book.ts';
import { limits } from '../limits.ts';
import { addCounters, type CounterValues } from '../server/counters.ts';
import type { QueryRecord } from '../server/query-log.ts';
import type { FromWorker, ServeSettings, ToWorker } from './messages.ts';

const PROGRAM = fileURLToPath(new URL('./main.js', import.meta.url));
/** Between the end of a worker and its successor, so that one that cannot start does not spin. */
const RESTART_MS = 500;
/** Names in one message: a large zone is sent in pieces, so that answers go on in between. */
const NAMES_PER_MESSAGE = 2000;
const REPORT_MS = 1000;

type Report = Extract<FromWorker, { kind: 'report' }>;

/** All workers of one name server. */
export class WorkerPool {
  private readonly workers = new Set<Worker>();
  private readonly settings: ServeSettings;
  private readonly snapshot: () => Iterable<{ domain: string; changes: Iterable<NameChange>; serial: number }>;
  private readonly timers: Timers;
  private readonly log: Logger;
  private isStopping = false;
  private reports = 0;
  private ended: CounterValues = {};
  private readonly lastReports = new Map<Worker, CounterValues>();

  /** @param snapshot everything that a new worker needs to know */
  constructor(
    settings: ServeSettings,
    snapshot: () => Iterable<{ domain: string; changes: Iterable<NameChange>; serial: number }>,
    timers: Timers,
    log: Logger,
  ) {
    this.settings = settings;
    this.snapshot = snapshot;
    this.timers = timers;
    this.log = log;
  }

  /** @throws PlatformError when a worker cannot listen */
  async start(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.startOne()));
  }

  apply(domain: string, changes: readonly NameChange[], serial: number): void {
    for (const worker of this.workers) send(worker, { kind: 'changes', domain, changes, serial });
  }

  /** What all workers count and have logged. */
  async report(): Promise<{ counters: CounterValues; queries: QueryRecord[]; residentBytes: readonly number[] }> {
    const reports = await Promise.all([...this.workers].map((worker) => this.askOne(worker)));
    const known = reports.filter((report) => report !== undefined);
    return {
      counters: addCounters([this.ended, ...this.lastReports.values()]),
      queries: known.flatMap(({ queries }) => queries).sort((one, other) => one.at - other.at),
      residentBytes: known.map(({ residentBytes }) => residentBytes),
    };
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    await Promise.all(
      [...this.workers].map(
        (worker) =>
          new Promise<void>((resolve) => {
            worker.once('exit', () => resolve());
            worker.process.kill('SIGKILL');
          }),
      ),
    );
  }

  private async startOne(): Promise<void> {
    // Set right before each fork: others in this process may have programs of their own.
    const execArgv = [...process.execArgv, `--max-semi-space-size=${String(limits.workerNewSpaceMb)}`];
    cluster.setupPrimary({ exec: PROGRAM, args: [], silent: false, execArgv });
    const worker = cluster.fork();
    cluster.setupPrimary({ execArgv: process.execArgv });
    worker.once('exit', () => {
      this.workers.delete(worker);
      this.ended = addCounters([this.ended, this.lastReports.get(worker) ?? {}]);
      this.lastReports.delete(worker);
      if (!this.isStopping) void this.replace(worker);
    });
    const { promise: ready, resolve, reject } = deferred();
    const { promise: started, resolve: begin } = deferred();
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'started') begin();
      if (message.kind === 'ready') resolve();
      if (message.kind === 'failed') reject(new PlatformError(message.code || 'dns-worker-failed', message.message));
    });
    worker.once('exit', () => reject(new PlatformError('dns-worker-failed', 'A DNS worker ended at its start.')));
    await Promise.race([started, ready]);
    this.workers.add(worker);
    send(worker, { kind: 'serve', settings: this.settings });
    for (const { domain, changes, serial } of this.snapshot()) {
      for (const piece of pieces(changes)) send(worker, { kind: 'changes', domain, changes: piece, serial });
    }
    send(worker, { kind: 'listen' });
    await ready;
  }

  private async replace(ended: Worker): Promise<void> {
    this.log.warn(
      { pid: ended.process.pid, code: ended.process.exitCode },
      'a DNS worker ended; another takes its place',
    );
    await delay(this.timers, RESTART_MS);
    if (this.isStopping) return;
    await this.startOne().catch((error: unknown) => {
      this.log.error({ error: String(error) }, 'a DNS worker could not be started');
    });
  }

  private askOne(worker: Worker): Promise<Report | undefined> {
    const id = (this.reports += 1);
    return new Promise((resolve) => {
      const finish = (report: Report | undefined): void => {
        timer.cancel();
        worker.off('message', hear);
        if (report !== undefined) this.lastReports.set(worker, report.counters);
        resolve(report);
      };
      const hear = (message: FromWorker): void => {
        if (message.kind === 'report' && message.id === id) finish(message);
      };
      const timer = this.timers.after(REPORT_MS, () => finish(undefined));
      worker.on('message', hear);
      send(worker, { kind: 'report', id });
    });
  }
}

function deferred() {
  let resolve: () => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<void>((onResolved, onRejected) => {
    resolve = onResolved;
    reject = onRejected;
  });
  return { promise, resolve, reject };
}

function send(worker: Worker, message: ToWorker): void {
  if (worker.isConnected()) worker.send(message);
}

function* pieces(changes: Iterable<NameChange>): Generator<NameChange[]> {
  let piece: NameChange[] = [];
  for (const change of changes) {
    piece.push(change);
    if (piece.length < NAMES_PER_MESSAGE) continue;
    yield piece;
    piece = [];
  }
  // Also an empty one: the zone is known now, even when there is nothing in it.
  yield piece;
}
