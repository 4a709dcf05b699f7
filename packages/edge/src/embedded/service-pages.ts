/** Fetches pages of services: what is shown in place of errors. */
import type { TimerHandle, Timers } from '@stadion/base';
import { limits } from '../limits.ts';
import type { Answer, Exchange } from './exchange.ts';
import type { Services } from './services.ts';
import type { Attempt, AttemptListener, Outgoing } from './upstream/attempt.ts';
import { headerIn } from './upstream/headers.ts';
import { sendHttp1 } from './upstream/http1-attempt.ts';
import type { Http1Pools } from './upstream/http1-pools.ts';

/** The fetcher. The client's headers stay here: its credentials are no business of an error page. */
export class ServicePages {
  private readonly services: Services;
  private readonly pools: Http1Pools;
  private readonly timers: Timers;

  constructor(services: Services, pools: Http1Pools, timers: Timers) {
    this.services = services;
    this.pools = pools;
    this.timers = timers;
  }

  /** A page; undefined when there is none to be had. Its status is that of the page, which the caller replaces. */
  async fetch(exchange: Exchange, service: string, path: string): Promise<Answer | undefined> {
    const pool = this.services.destination(service)?.pool;
    const state = pool?.next(() => exchange.clientIp, [], undefined);
    if (pool === undefined || state === undefined) return undefined;
    const outgoing: Outgoing = {
      exchange,
      server: state.server,
      policy: pool.policy,
      method: 'GET',
      target: path.startsWith('/') ? path : `/${path}`,
      headers: ['host', exchange.authority, 'accept', exchange.header('accept') ?? '*/*'],
      body: { kind: 'none' },
    };
    return await new Promise((resolve) => {
      const page = new PageCollector(resolve);
      const attempt = sendHttp1(this.pools.of(state.server, pool.policy), outgoing, page);
      page.limit(attempt, this.timers);
    });
  }
}

/** Reads a page whole, within limits. */
class PageCollector implements AttemptListener {
  private readonly resolve: (answer: Answer | undefined) => void;
  private readonly pieces: Buffer[] = [];
  private size = 0;
  private status = 0;
  private type = 'text/html';
  private attempt: Attempt | undefined = undefined;
  private timer: TimerHandle | undefined = undefined;
  private isOver = false;

  constructor(resolve: (answer: Answer | undefined) => void) {
    this.resolve = resolve;
  }

  /** From now on it may take so long. */
  limit(attempt: Attempt, timers: Timers): void {
    if (this.isOver) return;
    this.attempt = attempt;
    this.timer = timers.after(limits.sideTimeoutMs, () => this.giveUp());
  }

  onSent(): void {
    // What a page costs its server is of no interest.
  }

  onHead(status: number, headers: string[]): boolean {
    this.status = status;
    this.type = headerIn(headers, 'content-type') ?? this.type;
    return true;
  }

  onChunk(chunk: Buffer): boolean {
    this.size += chunk.length;
    if (this.size > limits.sideAnswerBytes) this.giveUp();
    else this.pieces.push(chunk);
    return true;
  }

  onEnd(): void {
    const body = Buffer.concat(this.pieces).toString();
    this.finish({ status: this.status, headers: ['content-type', this.type], body });
  }

  onFailure(): void {
    this.finish(undefined);
  }

  private giveUp(): void {
    this.attempt?.abort();
    this.finish(undefined);
  }

  private finish(answer: Answer | undefined): void {
    if (this.isOver) return;
    this.isOver = true;
    this.timer?.cancel();
    this.resolve(answer);
  }
}
