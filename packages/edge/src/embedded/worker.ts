/** One worker process: a proxy and its listeners, told what to do over a channel. It keeps nothing that it could lose. */
import { errorCode, every, silentLogger, type Clock, type Random, type Timers } from '@stadion/base';
import { AddressSet, parseRanges } from '../core/policy/address-ranges.ts';
import { limits } from '../limits.ts';
import type { Challenges, ServerReport } from '../ports/data-plane.ts';
import type { EdgeSpan } from '../core/trace/otlp.ts';
import { beginSpan, readTraceparent } from '../core/trace/trace-context.ts';
import { accessLogLine } from './access-log.ts';
import { CertificateStore } from './certificates.ts';
import { EntryPoint, type EntryPointSettings } from './entry-point.ts';
import { isToWorker, type FromWorker, type ToWorker, type WorkerSettings } from './messages.ts';
import { Proxy } from './proxy.ts';

/** What a worker is made with. */
export interface EdgeWorkerParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly send: (message: FromWorker) => void;
  /** Ends the process. */
  readonly exit: () => void;
}

const REPORT_MS = 1_000;
const LOG_FLUSH_MS = 200;

/** The worker. */
export class EdgeWorker {
  private readonly parts: EdgeWorkerParts;
  private certificates = new CertificateStore();
  private readonly challengeCertificates = new CertificateStore();
  private challenges: Challenges = { tokens: {}, certificates: [] };
  private settings: WorkerSettings | undefined;
  private proxy: Proxy | undefined;
  private readonly entryPoints = new Map<string, EntryPoint>();
  private lines: string[] = [];
  private spans: EdgeSpan[] = [];
  private dropped = 0;
  private draining: { readonly endsAt: number; readonly closesIdle: boolean } | undefined;
  private queue: Promise<void> = Promise.resolve();

  constructor(parts: EdgeWorkerParts) {
    this.parts = parts;
  }

  /** Takes a message; messages are carried out one after another. */
  receive(message: unknown): void {
    if (!isToWorker(message)) return;
    this.queue = this.queue.then(() => this.carryOut(message));
  }

  private async carryOut(message: ToWorker): Promise<void> {
    const { send } = this.parts;
    switch (message.kind) {
      case 'settings':
        this.begin(message.settings);
        return;
      case 'apply':
        for (const change of message.changes) this.proxy?.apply(change);
        send({ kind: 'done', sequence: message.sequence });
        return;
      case 'certificates':
        for (const problem of this.certificates.set(message.pairs)) send({ kind: 'problem', message: problem });
        send({ kind: 'done', sequence: message.sequence });
        return;
      case 'challenges':
        this.challenges = message.challenges;
        this.challengeCertificates.set(message.challenges.certificates);
        send({ kind: 'done', sequence: message.sequence });
        return;
      case 'listen':
        await this.listen(message.sequence, message.entryPoints);
        return;
      case 'drain':
        this.drain(message.limitMs, message.closesIdle);
        return;
    }
  }

  private begin(settings: WorkerSettings): void {
    this.certificates = new CertificateStore(settings.clientAuthority);
    this.settings = settings;
    const { clock, timers, random, send } = this.parts;
    const { accessLog, tracesRatio } = settings;
    this.proxy = new Proxy({
      clock,
      timers,
      random,
      log: {
        ...silentLogger,
        error: (fields, text) => send({ kind: 'problem', message: `${text}: ${JSON.stringify(fields)}` }),
      },
      hostname: settings.hostname,
      portOf: (name) => this.entryPoints.get(name)?.port,
      workers: () => settings.workers,
      secret: settings.secret,
      ...(tracesRatio !== undefined && {
        onTaken: (exchange) => {
          const span = beginSpan(readTraceparent(exchange.header('traceparent')), tracesRatio, random);
          if (span !== undefined) exchange.setSpan(span);
        },
      }),
      onDone: (exchange, latencyMs) => {
        const { span } = exchange;
        if (accessLog === 'off' && span === undefined) return;
        const record = exchange.record(latencyMs, clock.now());
        if (span !== undefined && this.spans.length < limits.spansWaiting) this.spans.push({ context: span, record });
        if (accessLog === 'off') return;
        if (this.lines.length < limits.accessLogLines) this.lines.push(accessLogLine(record, accessLog));
        else this.dropped += 1;
      },
    });
    every(timers, REPORT_MS, () => this.report());
    if (accessLog !== 'off' || tracesRatio !== undefined) every(timers, LOG_FLUSH_MS, () => this.flush());
  }

  private async listen(sequence: number, wanted: readonly EntryPointSettings[]): Promise<void> {
    const { proxy, settings } = this;
    if (proxy === undefined || settings === undefined) return;
    const names = new Set(wanted.map(({ name }) => name));
    for (const [name, entryPoint] of this.entryPoints) {
      if (names.has(name)) continue;
      entryPoint.drain();
      this.entryPoints.delete(name);
    }
    const ports: Record<string, number> = {};
    for (const entry of wanted) {
      if (this.entryPoints.has(entry.name)) continue;
      const entryPoint = new EntryPoint(entry, {
        clock: this.parts.clock,
        proxy,
        certificates: this.certificates,
        challenges: this.challengeCertificates,
        timers: this.parts.timers,
        log: silentLogger,
        trusted: addressSet(settings.trustedProxies),
        proxyProtocolFrom: addressSet(settings.proxyProtocolFrom),
        clientAuthority: settings.clientAuthority,
        challengeAnswer: (token) => this.challenges.tokens[token],
      });
      try {
        ports[entry.name] = await entryPoint.listen();
        this.entryPoints.set(entry.name, entryPoint);
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        this.parts.send({ kind: 'failed', sequence, code: errorCode(error) ?? 'unknown', message: text });
        return;
      }
    }
    this.parts.send({ kind: 'done', sequence, ports });
  }

  /** Finishes what is under way, at most for a while, and ends. */
  private drain(limitMs: number, closesIdle: boolean): void {
    const { clock } = this.parts;
    const isFirst = this.draining === undefined;
    this.draining = { endsAt: clock.monotonic() + limitMs, closesIdle };
    for (const entryPoint of this.entryPoints.values()) entryPoint.drain();
    if (isFirst) this.endWhenDone();
  }

  private endWhenDone(): void {
    const { clock, timers, send, exit } = this.parts;
    const { endsAt = 0, closesIdle = true } = this.draining ?? {};
    const isOpen = [...this.entryPoints.values()].some(({ connections }) => connections > 0);
    const isDone = (this.proxy?.active ?? 0) === 0 && (closesIdle || !isOpen);
    if (!isDone && clock.monotonic() < endsAt) {
      timers.after(20, () => this.endWhenDone());
      return;
    }
    this.flush();
    this.report();
    send({ kind: 'drained' });
    for (const entryPoint of this.entryPoints.values()) entryPoint.close();
    exit();
  }

  private report(): void {
    const { proxy } = this;
    if (proxy === undefined) return;
    const traffic = proxy.takeTraffic();
    const servers = reportsOf(proxy, this.parts.clock.monotonic());
    if (traffic.length + servers.length > 0) this.parts.send({ kind: 'traffic', traffic, servers });
  }

  private flush(): void {
    if (this.spans.length > 0) {
      this.parts.send({ kind: 'spans', spans: this.spans });
      this.spans = [];
    }
    if (this.lines.length === 0) return;
    const { lines } = this;
    this.lines = [];
    if (this.dropped > 0) {
      this.parts.send({ kind: 'problem', message: `${this.dropped} lines of the access log were dropped` });
    }
    this.dropped = 0;
    this.parts.send({ kind: 'access-log', lines });
  }
}

function addressSet(texts: readonly string[]): AddressSet {
  const ranges = parseRanges(texts);
  return new AddressSet(ranges.ok ? ranges.value : []);
}

/** The servers that have been used or that something is wrong with; the others say nothing new. */
function reportsOf(proxy: Proxy, nowMs: number): readonly ServerReport[] {
  const reports: ServerReport[] = [];
  for (const pool of proxy.pools.all()) {
    for (const state of pool.servers()) {
      const isEjected = state.isEjectedUntil > nowMs;
      const isDraining = state.server.isDraining === true;
      if (state.requests === 0 && state.active === 0 && state.isProbedWell && !isEjected && !isDraining) continue;
      reports.push({
        service: pool.name,
        server: state.server.id,
        active: state.active,
        requests: state.requests,
        failures: state.failures,
        latencyMs: Math.round(state.latencyMs() * 10) / 10,
        state: isDraining ? 'draining' : !state.isProbedWell ? 'down' : isEjected ? 'ejected' : 'up',
      });
    }
  }
  return reports.slice(0, REPORTS_MAX);
}

/** Servers in one report. */
const REPORTS_MAX = 5_000;
