/** The embedded data plane: Node workers that share listeners. A worker that ends is replaced and told everything anew. */
import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';
import type { Logger, Timers } from '@stadion/base';
import type { FragmentChange } from '../core/model.ts';
import { limits } from '../limits.ts';
import type { Challenges, DataPlane, DataPlaneListener } from '../ports/data-plane.ts';
import type { CertificatePair } from './certificates.ts';
import type { EntryPointSettings } from './entry-point.ts';
import { withPort } from './free-port.ts';
import type { FromWorker, WorkerSettings } from './messages.ts';
import { WorkerProcess } from './worker-process.ts';

/** What the plane is made with. */
export interface EmbeddedPlaneParts {
  /** The program of a worker; absent: this room's own, as built. */
  readonly program?: string;
  readonly settings: WorkerSettings;
  readonly entryPoints: readonly EntryPointSettings[];
  readonly timers: Timers;
  readonly log: Logger;
  /** What is under way when a worker ends has so long to finish. */
  readonly drainMs: number;
}

const WORKER_PROGRAM = fileURLToPath(new URL('../worker/main.js', import.meta.url));
const RESTART_DELAY_MS = 200;
/**
 * V8 gives up on patterns that would take for ever and matches them in linear time instead, and keeps its space for new objects
 * small: what a request makes is garbage a moment later.
 */
const WORKER_FLAGS = ['--enable-experimental-regexp-engine-on-excessive-backtracks', '--max-semi-space-size=4'];

/** The plane. */
export class EmbeddedPlane implements DataPlane {
  private readonly parts: EmbeddedPlaneParts;
  private readonly fragments = new Map<string, FragmentChange>();
  private entryPoints: readonly EntryPointSettings[];
  private servicePorts = new Set<number>();
  private certificates: readonly CertificatePair[] = [];
  private challenges: Challenges = { tokens: {}, certificates: [] };
  private workers: WorkerProcess[] = [];
  private readonly finishing = new Set<WorkerProcess>();
  private listener: DataPlaneListener | undefined;
  private isStopping = false;
  private readonly starting = new Set<Promise<unknown>>();

  constructor(parts: EmbeddedPlaneParts) {
    this.parts = parts;
    this.entryPoints = parts.entryPoints;
    // Workers accept themselves: no connection passes through this process. The first fork of any part fixes this for all.
    cluster.schedulingPolicy = cluster.SCHED_NONE;
  }

  async start(listener: DataPlaneListener): Promise<Readonly<Record<string, number>>> {
    this.listener = listener;
    this.entryPoints = await Promise.all(this.entryPoints.map(withPort));
    // The first one alone says whether the ports are to be had.
    const first = await this.addWorker();
    const ports = Object.fromEntries(this.entryPoints.map(({ name, port }) => [name, port]));
    await Promise.all(Array.from({ length: this.parts.settings.workers - 1 }, () => this.addWorker()));
    return { ...ports, ...first };
  }

  async apply(changes: readonly FragmentChange[]): Promise<void> {
    let areOwnPorts = false;
    for (const change of changes) {
      areOwnPorts ||= hasOwnPort(change) || hasOwnPort(this.fragments.get(change.source));
      if (change.fragment === undefined) this.fragments.delete(change.source);
      else this.fragments.set(change.source, change);
    }
    await Promise.all(this.starting);
    await this.all((worker) => worker.ask({ kind: 'apply', changes }));
    if (areOwnPorts) await this.followServicePorts();
  }

  async setCertificates(pairs: readonly CertificatePair[]): Promise<void> {
    this.certificates = pairs;
    await this.all((worker) => worker.ask({ kind: 'certificates', pairs }));
  }

  async setChallenges(challenges: Challenges): Promise<void> {
    this.challenges = challenges;
    await this.all((worker) => worker.ask({ kind: 'challenges', challenges }));
  }

  slowReason(): undefined {
    return undefined;
  }

  pids(): readonly number[] {
    return this.workers.map(({ pid }) => pid);
  }

  describe(): string {
    const fragments = [...this.fragments.values()].map(({ fragment }) => fragment);
    return `${JSON.stringify({ entryPoints: this.entryPoints, fragments }, undefined, 2)}\n`;
  }

  async restart(): Promise<void> {
    for (const old of [...this.workers]) {
      await this.addWorker();
      this.workers = this.workers.filter((worker) => worker !== old);
      this.finish(old);
    }
  }

  /** Lets a worker finish what it has, while its place is taken. Too many at that are not waited for. */
  private finish(worker: WorkerProcess): void {
    const { timers, drainMs } = this.parts;
    this.finishing.add(worker);
    void worker.drain(limits.finishingMs, false, timers).finally(() => this.finishing.delete(worker));
    const [oldest] = this.finishing;
    if (oldest !== undefined && this.finishing.size > limits.finishingProcesses) {
      this.finishing.delete(oldest);
      void oldest.drain(drainMs, true, timers);
    }
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    await Promise.all(this.starting);
    const workers = [...this.workers, ...this.finishing];
    this.workers = [];
    // Where somebody else keeps the sockets, another edge is at them: clients find it with their next connection, and
    // are told to make one by the answers to come. Else nobody would answer them, whether they are told or not.
    const closesIdle = !this.entryPoints.some(({ descriptor }) => descriptor !== undefined);
    await Promise.all(workers.map((worker) => worker.drain(this.parts.drainMs, closesIdle, this.parts.timers)));
  }

  private addWorker(): Promise<Readonly<Record<string, number>>> {
    const start = this.startWorker();
    this.starting.add(start);
    void start.catch(() => undefined).finally(() => this.starting.delete(start));
    return start;
  }

  private async startWorker(): Promise<Readonly<Record<string, number>>> {
    const { program, settings } = this.parts;
    cluster.setupPrimary({
      exec: program ?? WORKER_PROGRAM,
      args: [],
      execArgv: WORKER_FLAGS,
      serialization: 'advanced',
    });
    const worker = new WorkerProcess(cluster.fork(), (message) => this.heard(worker.pid, message));
    let isUsed = false;
    void worker.exited.then(() => {
      if (isUsed) this.replace(worker);
    });
    await worker.online;
    worker.tell({ kind: 'settings', settings });
    await worker.ask({ kind: 'certificates', pairs: this.certificates });
    await worker.ask({ kind: 'challenges', challenges: this.challenges });
    await worker.ask({ kind: 'apply', changes: [...this.fragments.values()] });
    const ports = await worker.ask({ kind: 'listen', entryPoints: this.allEntryPoints() });
    isUsed = true;
    this.workers.push(worker);
    return ports;
  }

  private replace(gone: WorkerProcess): void {
    if (this.isStopping || !this.workers.includes(gone)) return;
    this.workers = this.workers.filter((worker) => worker !== gone);
    this.parts.log.error({ pid: gone.pid }, 'a worker of the edge has ended by itself and is replaced');
    const again = (): void => {
      if (this.isStopping) return;
      this.addWorker().catch((error: unknown) => {
        this.listener?.onProblem(
          `A worker of the edge does not start: ${error instanceof Error ? error.message : String(error)}`,
        );
        this.parts.timers.after(RESTART_DELAY_MS * 10, again);
      });
    };
    // The first replacement comes at once: its listeners are missed.
    again();
  }

  /** Opens and closes listeners of services as routers ask for ports of their own. */
  private async followServicePorts(): Promise<void> {
    const wanted = new Set<number>();
    for (const { fragment } of this.fragments.values()) {
      for (const { entryPoints } of fragment?.routers ?? []) {
        for (const name of entryPoints) if (name.startsWith('port:')) wanted.add(Number(name.slice('port:'.length)));
      }
    }
    const isSame = wanted.size === this.servicePorts.size && [...wanted].every((port) => this.servicePorts.has(port));
    if (isSame) return;
    this.servicePorts = wanted;
    const entryPoints = this.allEntryPoints();
    await this.all((worker) => worker.ask({ kind: 'listen', entryPoints })).catch((error: unknown) => {
      this.listener?.onProblem(
        `A service port cannot be listened on: ${error instanceof Error ? error.message : String(error)}`,
      );
    });
  }

  private allEntryPoints(): readonly EntryPointSettings[] {
    const host = this.entryPoints[0]?.host ?? '127.0.0.1';
    const own = [...this.servicePorts].map((port) => ({ name: `port:${String(port)}`, host, port, isTls: false }));
    return [...this.entryPoints, ...own];
  }

  /** Says something to all workers; one that ends meanwhile is told everything when it is replaced. */
  private async all(say: (worker: WorkerProcess) => Promise<unknown>): Promise<void> {
    await Promise.all(
      this.workers.map((worker) =>
        say(worker).catch((error: unknown) => {
          if (error instanceof Error && 'code' in error && error.code === 'edge-worker-gone') return;
          throw error;
        }),
      ),
    );
  }

  private heard(pid: number, message: FromWorker): void {
    const { listener } = this;
    if (message.kind === 'traffic') {
      listener?.onTraffic(message.traffic);
      listener?.onServers(pid, message.servers);
    } else if (message.kind === 'access-log') listener?.onAccessLog(message.lines);
    else if (message.kind === 'spans') listener?.onSpans(message.spans);
    else if (message.kind === 'problem') listener?.onProblem(message.message);
  }
}

/** Whether a source has a router with a listener of its own. */
function hasOwnPort(change: FragmentChange | undefined): boolean {
  const routers = change?.fragment?.routers ?? [];
  return routers.some(({ entryPoints }) => entryPoints.some((name) => name.startsWith('port:')));
}
