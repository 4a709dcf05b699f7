/**
 * The data plane by HAProxy. It listens on HTTP and HTTPS, carries the routes that it can carry exactly, and hands all other
 * requests to the workers behind it, which know the whole table: so a route is right from the moment it is known, and HAProxy
 * takes it over with its next reload. Servers, weights and the map of hosts change while it runs.
 */
import { join } from 'node:path';
import { describeError, every, type Clock, type Logger, type TimerHandle, type Timers } from '@stadion/base';
import { FastPath, FRONTS } from '../core/haproxy/fast-path.ts';
import type { FragmentChange } from '../core/model.ts';
import type { EdgeSpan } from '../core/trace/otlp.ts';
import { accessLogLine, type AccessLogFormat } from '../embedded/access-log.ts';
import type { CertificatePair } from '../embedded/certificates.ts';
import type { EntryPointSettings } from '../embedded/entry-point.ts';
import { withPort } from '../embedded/free-port.ts';
import { limits } from '../limits.ts';
import type { Challenges, DataPlane, DataPlaneListener } from '../ports/data-plane.ts';
import { PrivateFolder } from './private-folder.ts';
import { Processes } from './processes.ts';
import { RequestLines } from './request-lines.ts';
import { ask } from './runtime-socket.ts';
import { ServerAddresses, namesIn } from './server-addresses.ts';
import { Statistics, readCsv, serverReports, type RouteNames } from './statistics.ts';

/** What the plane is made with. */
export interface HaproxyPlaneParts {
  /** The program, e.g. `haproxy`. */
  readonly program: string;
  /** A file in which it is written down which processes serve, for the run after a crash. */
  readonly recordPath: string;
  /** Makes the workers that listen here. */
  readonly makeWorkers: (entryPoints: readonly EntryPointSettings[]) => DataPlane;
  readonly entryPoints: readonly EntryPointSettings[];
  readonly hostname: string;
  readonly trustedProxies: readonly string[];
  readonly proxyProtocolFrom: readonly string[];
  /** Whether clients have to show certificates; then all connections over TLS are the workers'. */
  readonly asksForCertificates: boolean;
  readonly accessLog: AccessLogFormat;
  /** As workers have it. */
  readonly tracesRatio: number | undefined;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  /** What is under way at the end has so long to finish. */
  readonly drainMs: number;
}

const POLL_MS = 1_000;
/** Asking takes at most one part in so many of the time. */
const POLL_SHARE = 20;
/** Servers are asked about less often than backends: there are many. */
const SERVERS_EVERY = 5;
/** HAProxy among the processes that tell of servers: the others are workers, by their pid. */
const HAPROXY = 0;
/** Names are looked up again about twice a minute. */
const ADDRESSES_EVERY = 30;

/** The plane. */
export class HaproxyPlane implements DataPlane {
  private readonly parts: HaproxyPlaneParts;
  private readonly fastPath = new FastPath();
  private readonly addresses = new ServerAddresses();
  private readonly changes = new Map<string, FragmentChange>();
  private readonly lines: RequestLines;
  private workers: DataPlane | undefined;
  private processes: Processes | undefined;
  private statistics = new Statistics();
  private countedPid = 0;
  private listener: DataPlaneListener | undefined;
  private certificates: readonly CertificatePair[] = [];
  private challenges: Challenges = { tokens: {}, certificates: [] };
  private names: ReadonlyMap<string, RouteNames> = new Map();
  private areNamesFresh = false;
  private passedOn = '';
  private logged: string[] = [];
  private spans: EdgeSpan[] = [];
  private folder: PrivateFolder | undefined;
  private timer: TimerHandle | undefined;
  private polls = 0;
  private isPolling = false;
  private nextPollAt = 0;

  constructor(parts: HaproxyPlaneParts) {
    this.parts = parts;
    this.lines = new RequestLines((backend) => this.names.get(backend));
  }

  async start(listener: DataPlaneListener): Promise<Readonly<Record<string, number>>> {
    this.listener = listener;
    const { parts } = this;
    const folder = await PrivateFolder.make(parts.recordPath, parts.timers);
    this.folder = folder;
    const entryPoints = await Promise.all(parts.entryPoints.map(withPort));
    this.workers = parts.makeWorkers(entryPoints.flatMap((entry) => behind(entry, folder.path)));
    await this.workers.apply([...this.changes.values()]);
    await this.workers.setCertificates(this.certificates);
    await this.workers.setChallenges(this.challenges);
    const own = await this.workers.start(listener);
    this.passedOn = this.passedOnFronts();
    this.processes = new Processes({
      ...parts,
      folder,
      fastPath: this.fastPath,
      entryPoints,
      isPassedOn: (front) => this.passedOnFronts().split(' ').includes(front),
      certificates: () => this.certificates,
      onLine: (line) => this.heard(line),
      onProblem: (message) => listener.onProblem(message),
      onSwitch: () => this.poll(),
    });
    await this.processes.start();
    this.refreshNames();
    this.timer = every(parts.timers, POLL_MS, () => void this.poll());
    return Object.fromEntries(
      entryPoints.map((entry) => [entry.name, isFront(entry) ? entry.port : (own[entry.name] ?? 0)]),
    );
  }

  async apply(changes: readonly FragmentChange[]): Promise<void> {
    for (const change of changes) {
      if (change.fragment === undefined) this.changes.delete(change.source);
      else this.changes.set(change.source, change);
    }
    await Promise.all([this.workers?.apply(changes), this.carry(changes)]);
    await this.followPassedOn();
  }

  /** Takes changes into HAProxy's share, with addresses for names. */
  private async carry(changes: readonly FragmentChange[]): Promise<void> {
    if (changes.some((change) => this.addresses.isNew(change))) await this.addresses.learn(changes);
    const hosts = new Set<string>();
    const routers = new Set<string>();
    for (const change of changes) {
      const touched = this.fastPath.apply(this.addresses.applyTo(change));
      for (const host of touched.hosts) hosts.add(host);
      for (const router of touched.routers) routers.add(router);
    }
    this.areNamesFresh = false;
    await this.processes?.follow({ hosts, routers });
  }

  /** Follows servers whose names have other addresses now. */
  private async refreshAddresses(): Promise<void> {
    const moved = await this.addresses.refresh();
    if (moved.size === 0) return;
    const changes = [...this.changes.values()].filter((change) => namesIn(change).some((name) => moved.has(name)));
    await this.carry(changes);
  }

  async setCertificates(pairs: readonly CertificatePair[]): Promise<void> {
    this.certificates = pairs;
    await this.workers?.setCertificates(pairs);
    await this.processes?.reload();
  }

  async setChallenges(challenges: Challenges): Promise<void> {
    this.challenges = challenges;
    await this.workers?.setChallenges(challenges);
    await this.followPassedOn();
  }

  slowReason(key: string): string | undefined {
    const carrying = this.fastPath.carrying(key);
    return carrying?.kind === 'workers' ? carrying.reason : undefined;
  }

  pids(): readonly number[] {
    return [...(this.processes?.pids() ?? []), ...(this.workers?.pids() ?? [])];
  }

  describe(): string {
    return this.processes?.configuration ?? '';
  }

  async restart(): Promise<void> {
    await this.workers?.restart();
    await this.processes?.reload();
  }

  /** Resolves when HAProxy carries all that it can. */
  async caughtUp(): Promise<void> {
    await this.processes?.caughtUp();
  }

  async stop(): Promise<void> {
    this.timer?.cancel();
    await this.processes?.stop();
    await this.workers?.stop();
    await this.folder?.remove();
  }

  private passedOnFronts(): string {
    const { asksForCertificates } = this.parts;
    const isHttps = asksForCertificates || this.challenges.certificates.length > 0 || this.fastPath.hasTcp('https');
    return [...(this.fastPath.hasTcp('http') ? ['http'] : []), ...(isHttps ? ['https'] : [])].join(' ');
  }

  /** A front that begins or ends to be passed on needs a reload before the change is in effect. */
  private async followPassedOn(): Promise<void> {
    const now = this.passedOnFronts();
    if (now === this.passedOn || this.processes === undefined) return;
    this.passedOn = now;
    await this.processes.reload();
  }

  private heard(line: string): void {
    const { accessLog, clock, timers } = this.parts;
    const told = this.lines.take(line, clock.now());
    if (told === undefined || this.logged.length + this.spans.length >= limits.accessLogLines) return;
    if (this.logged.length + this.spans.length === 0) timers.after(0, () => this.flushLog());
    if (accessLog !== 'off') this.logged.push(accessLogLine(told.record, accessLog));
    if (told.span !== undefined) this.spans.push({ context: told.span, record: told.record });
  }

  private flushLog(): void {
    const { logged, spans } = this;
    this.logged = [];
    this.spans = [];
    if (logged.length > 0) this.listener?.onAccessLog(logged);
    if (spans.length > 0) this.listener?.onSpans(spans);
  }

  private refreshNames(): void {
    if (this.areNamesFresh) return;
    this.areNamesFresh = true;
    const names = new Map<string, RouteNames>();
    for (const { backend, router } of this.fastPath.backends().values()) {
      names.set(backend.name, { router: router.name, source: router.source, service: router.service });
    }
    this.names = names;
  }

  /** Takes over what HAProxy has counted. */
  private async poll(): Promise<void> {
    const current = this.processes?.current;
    const { clock } = this.parts;
    if (this.isPolling || current === undefined || clock.monotonic() < this.nextPollAt) return;
    this.isPolling = true;
    const startedAt = clock.monotonic();
    try {
      this.refreshNames();
      if (current.pid !== this.countedPid) this.statistics = new Statistics();
      this.countedPid = current.pid;
      const rows = readCsv(await ask(current.socket, 'show stat -1 2 -1'));
      const traffic = this.statistics.differences(
        rows,
        (backend) => this.names.get(backend),
        (backend) => this.lines.latencies(backend),
      );
      if (traffic.length > 0) this.listener?.onTraffic(traffic);
      this.polls += 1;
      if (this.polls % ADDRESSES_EVERY === 0) await this.refreshAddresses();
      if (this.polls % SERVERS_EVERY === 0) {
        const servers = readCsv(await ask(current.socket, 'show stat -1 4 -1'));
        const reports = serverReports(servers, (backend, server) => {
          const service = this.names.get(backend)?.service;
          const id = current.running.servers(backend).get(server)?.id;
          return service === undefined || id === undefined ? undefined : { service, server: id };
        });
        this.listener?.onServers(HAPROXY, reports);
      }
      await current.removeLeft();
    } catch (error) {
      this.parts.log.debug({ error: describeError(error) }, 'HAProxy did not tell what it has counted');
    } finally {
      const now = clock.monotonic();
      // A big table takes a while to tell about; it is asked less often.
      this.nextPollAt = now + (now - startedAt) * POLL_SHARE;
      this.isPolling = false;
    }
  }
}

function isFront({ name }: EntryPointSettings): boolean {
  return FRONTS.some((front) => front === name);
}

/** Where the workers listen for a front: for requests, and for connections as they come. Other entry points are theirs. */
function behind(entry: EntryPointSettings, folder: string): readonly EntryPointSettings[] {
  if (!isFront(entry)) return [entry];
  const { name, host, port } = entry;
  const common = { host, port: 0, publicPort: port };
  const plain = { ...common, name, isTls: false, path: join(folder, `${name}.sock`) };
  if (!entry.isTls) return [plain];
  const raw = { ...common, name: `${name}-raw`, as: name, isTls: true, path: join(folder, `${name}-raw.sock`) };
  return [{ ...plain, isTlsEnded: true }, raw];
}
