/** Sends one request to a service: picks servers, tries again where that is safe, and passes the answer on. */
import { errorCode, type Timers } from '@stadion/base';
import type { ServerState } from '../core/balance/server-state.ts';
import type { Pool } from '../core/balance/pool.ts';
import { hashText } from '../core/balance/pick.ts';
import type { StickyCookie } from '../core/model.ts';
import { Compression } from './compression.ts';
import { plainAnswer, type Answer, type Exchange, type Route } from './exchange.ts';
import type { RequestBody } from './request-body.ts';
import { AttemptGate, type Attempt, type AttemptListener, type Outgoing } from './upstream/attempt.ts';
import { headerIn, requestHeaders, setHeader } from './upstream/headers.ts';

/** What sending needs of its surroundings. */
export interface SendingPorts {
  readonly timers: Timers;
  readonly nowMs: () => number;
  readonly hostname: string;
  readonly open: (outgoing: Outgoing, listener: AttemptListener) => Attempt;
  /** A page of a service, for answers that are replaced; undefined when it cannot be had. */
  readonly page: (exchange: Exchange, service: string, path: string) => Promise<Answer | undefined>;
  /** Writes an answer of the edge itself and ends the exchange. */
  readonly answer: (exchange: Exchange, answer: Answer) => void;
  /** The exchange is over. */
  readonly done: (exchange: Exchange) => void;
}

/** Methods that may be sent twice (RFC 9110 section 9.2.2). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);

/** One request on its way. */
export class Sending implements AttemptListener {
  private readonly exchange: Exchange;
  private readonly route: Route;
  private readonly pool: Pool;
  private readonly body: RequestBody;
  private readonly ports: SendingPorts;
  private readonly stickyId: string | undefined;
  private tried: readonly string[] = [];
  private state: ServerState | undefined;
  private gate: AttemptGate | undefined;
  private attemptedAt = 0;
  private wasSent = false;
  private compression: Compression | undefined;
  private trailers: readonly string[] = [];
  private received = 0;

  constructor(exchange: Exchange, route: Route, pool: Pool, body: RequestBody, ports: SendingPorts) {
    this.exchange = exchange;
    this.route = route;
    this.pool = pool;
    this.body = body;
    this.ports = ports;
    const { sticky } = pool.policy;
    this.stickyId = sticky === undefined ? undefined : serverOfCookie(exchange, pool, sticky);
    exchange.reply.onClose(() => this.clientGone());
  }

  /** Makes the first try, or the next one. */
  start(): void {
    const { exchange, pool } = this;
    if (exchange.reply.isClosed) {
      this.clientGone();
      return;
    }
    const state = pool.next(() => this.hashKey(), this.tried, this.stickyId);
    if (state === undefined) {
      const text =
        this.tried.length > 0
          ? 'No server of this service could be reached.'
          : 'No server takes requests for this service.';
      this.finishWith(this.tried.length > 0 ? 502 : 503, text);
      return;
    }
    this.state = state;
    state.active += 1;
    exchange.attempts += 1;
    exchange.serverId = state.server.id;
    this.wasSent = false;
    this.attemptedAt = this.ports.nowMs();
    const { policy } = pool;
    const hostHeader = exchange.upstreamHost ?? (policy.passHostHeader ? exchange.authority : state.server.id);
    const gate = new AttemptGate(this, () => {
      state.active -= 1;
    });
    this.gate = gate;
    gate.hold(
      this.ports.open(
        {
          exchange,
          server: state.server,
          policy,
          method: exchange.method,
          target: exchange.upstreamTarget,
          headers: requestHeaders(exchange, hostHeader, this.ports.hostname),
          body: this.body,
        },
        gate,
      ),
    );
  }

  onSent(): void {
    this.wasSent = true;
  }

  onHead(status: number, headers: string[]): boolean {
    const { exchange, route } = this;
    this.settle(status >= 500);
    const { sending } = route;
    if (sending.shouldRetry?.(exchange, status, false) === true && this.mayTryAgain()) {
      this.gate?.giveUp();
      this.tryAgain();
      return true;
    }
    const page = sending.errorPages.find(({ statuses }) =>
      statuses.some(([from, to]) => status >= from && status <= to),
    );
    if (page !== undefined) {
      this.gate?.giveUp();
      void this.replaceByPage(status, page.service, page.query);
      return true;
    }
    const length = Number(headerIn(headers, 'content-length') ?? 0);
    if (sending.maxResponseBytes > 0 && length > sending.maxResponseBytes) {
      this.gate?.giveUp();
      this.finishWith(502, 'The answer is larger than is allowed here.');
      return true;
    }
    this.decorate(status, headers);
    exchange.status = status;
    exchange.reply.start(status, headers);
    return true;
  }

  onChunk(chunk: Buffer): boolean {
    const { exchange } = this;
    exchange.bytesOut += chunk.length;
    this.received += chunk.length;
    const { maxResponseBytes } = this.route.sending;
    if (maxResponseBytes > 0 && this.received > maxResponseBytes) {
      this.gate?.giveUp();
      exchange.reply.abort();
      return true;
    }
    if (this.compression !== undefined) return this.compression.write(chunk);
    if (exchange.reply.write(chunk)) return true;
    exchange.reply.onDrain(() => this.gate?.resume());
    return false;
  }

  onEnd(trailers: readonly string[]): void {
    this.trailers = trailers;
    if (this.compression !== undefined) this.compression.end();
    else this.exchange.reply.end(undefined, trailers);
    this.ports.done(this.exchange);
  }

  onFailure(error: unknown): void {
    const { exchange } = this;
    const code = errorCode(error) ?? '';
    // The client broke its body off: no server is to blame.
    if (code === 'ABORTED') {
      this.clientGone();
      return;
    }
    if (exchange.reply.isStarted) {
      // The client must see that the answer is not whole.
      this.settle(true);
      exchange.reply.abort();
      this.ports.done(exchange);
      return;
    }
    this.settle(true);
    if (this.mayTryAgain() && (!this.wasSent || this.isRepeatable(error))) {
      this.tryAgain();
      return;
    }
    const isTimeout = code === 'ANSWER_TIMEOUT' || code === 'CONNECT_TIMEOUT' || code === 'ETIMEDOUT';
    const page = this.route.sending.errorPages.find(({ statuses }) =>
      statuses.some(([from, to]) => from <= 502 && to >= 502),
    );
    if (page !== undefined) void this.replaceByPage(isTimeout ? 504 : 502, page.service, page.query);
    else {
      this.finishWith(
        isTimeout ? 504 : 502,
        isTimeout ? 'The service takes too long.' : 'The service cannot be reached.',
      );
    }
  }

  private isRepeatable(error: unknown): boolean {
    const isTimeout = errorCode(error) === 'ANSWER_TIMEOUT';
    return !isTimeout && IDEMPOTENT.has(this.exchange.method) && this.body.kind !== 'stream';
  }

  private mayTryAgain(): boolean {
    const { exchange, route } = this;
    if (exchange.attempts >= route.sending.attempts || exchange.reply.isClosed || exchange.reply.isStarted) {
      return false;
    }
    return this.body.kind !== 'stream' || !this.wasSent;
  }

  private tryAgain(): void {
    const { state } = this;
    if (state !== undefined) this.tried = [...this.tried, state.server.id];
    // With one server only, the same one may have closed an idle connection just now.
    if (this.pool.servers().length <= this.tried.length && !this.pool.isEmpty) this.tried = [];
    const { initialIntervalMs } = this.route.sending;
    if (initialIntervalMs === 0) {
      this.start();
      return;
    }
    const factor = Math.min(2, 1.5 ** (this.exchange.attempts - 1));
    this.ports.timers.after(factor * initialIntervalMs, () => this.start());
  }

  private decorate(status: number, headers: string[]): void {
    const { exchange, route, pool, state } = this;
    for (const [name, value] of exchange.responseChanges) setHeader(headers, name, value);
    for (let index = route.steps.length - 1; index >= 0; index -= 1) {
      route.steps[index]?.head?.(exchange, status, headers);
    }
    const { sticky } = pool.policy;
    if (sticky !== undefined && state !== undefined && state.server.id !== this.stickyId) {
      headers.push('Set-Cookie', cookieOf(sticky, state.server.id));
    }
    const { compressFrom } = route.sending;
    if (compressFrom === undefined) return;
    this.compression = Compression.begin(
      exchange,
      status,
      headers,
      compressFrom,
      () => this.gate?.resume(),
      () => this.trailers,
    );
  }

  private async replaceByPage(status: number, service: string, query: string): Promise<void> {
    const path = query
      .replaceAll('{status}', String(status))
      .replaceAll('{url}', encodeURIComponent(this.exchange.url));
    const page = await this.ports.page(this.exchange, service, path);
    this.ports.answer(
      this.exchange,
      page === undefined ? plainAnswer(status, 'The service has failed.') : { ...page, status },
    );
  }

  private finishWith(status: number, text: string): void {
    this.ports.answer(this.exchange, plainAnswer(status, text));
  }

  /** The server's part in this try is known. */
  private settle(isFailure: boolean): void {
    const { state } = this;
    if (state !== undefined) this.pool.report(state, isFailure, this.ports.nowMs() - this.attemptedAt);
  }

  private clientGone(): void {
    if (this.exchange.isDone) return;
    this.gate?.giveUp();
    this.compression?.destroy();
    if (this.exchange.status === 0) this.exchange.status = CLIENT_GONE;
    this.ports.done(this.exchange);
  }

  private hashKey(): string {
    const { exchange, pool } = this;
    const { method } = pool.policy;
    if (method.kind !== 'hash') return '';
    switch (method.on.kind) {
      case 'source':
        return exchange.clientIp;
      case 'path':
        return exchange.path;
      case 'header':
        return exchange.header(method.on.name.toLowerCase()) ?? '';
      case 'cookie':
        return cookieIn(exchange, method.on.name) ?? exchange.clientIp;
    }
  }
}

/** What nginx logs for a client that did not wait. */
const CLIENT_GONE = 499;

/** The value of a cookie of the client. */
function cookieIn(exchange: Exchange, name: string): string | undefined {
  const header = exchange.header('cookie');
  if (header === undefined) return undefined;
  for (const part of header.split(';')) {
    const equals = part.indexOf('=');
    if (equals > 0 && part.slice(0, equals).trim() === name) return part.slice(equals + 1).trim();
  }
  return undefined;
}

function cookieValue(serverId: string): string {
  return hashText(serverId).toString(16).padStart(8, '0');
}

function serverOfCookie(exchange: Exchange, pool: Pool, sticky: StickyCookie): string | undefined {
  const value = cookieIn(exchange, sticky.name);
  if (value === undefined) return undefined;
  return pool.servers().find(({ server }) => cookieValue(server.id) === value)?.server.id;
}

function cookieOf(sticky: StickyCookie, serverId: string): string {
  const sameSite = sticky.sameSite === undefined ? '' : `; SameSite=${sticky.sameSite}`;
  const flags = `${sticky.httpOnly ? '; HttpOnly' : ''}${sticky.secure ? '; Secure' : ''}${sameSite}`;
  return `${sticky.name}=${cookieValue(serverId)}; Path=/${flags}`;
}
