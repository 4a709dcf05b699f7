/** One call to one of several nodes: tried again elsewhere within the budget, within the deadline, and hedged on request. */
import { PlatformError, type Clock, type TimerHandle, type Timers } from '@stadion/base';
import type { Candidate } from './core/candidate.ts';
import type { Criteria } from './core/shards.ts';
import type { ServiceNode } from './core/service-node.ts';
import { noNode, type FollowedService } from './hub.ts';

/** How a call is made. */
export interface CallSettings {
  readonly criteria?: Criteria;
  /** Attempts in all. */
  readonly attempts?: number;
  /** For all attempts together. */
  readonly deadlineMs?: number;
  /** When no answer has come by then, another node is asked as well, and the first answer counts. Only for what may be repeated. */
  readonly hedgeAfterMs?: number;
  readonly signal?: AbortSignal;
}

/** What one attempt came to. */
export type Attempt<Value> = { readonly kind: 'done'; readonly value: Value } | FailedAttempt<Value>;

/** The node failed. */
export interface FailedAttempt<Value> {
  readonly kind: 'failed';
  /**
   * Whether another may be asked. `freely`: nothing was sent, so nobody has had work with it; such a repetition needs no
   * budget and is no attempt.
   */
  readonly mayRepeat: boolean | 'freely';
  readonly error: unknown;
  /** What to give when nobody else is asked. */
  readonly value?: Value;
}

const ATTEMPTS = 3;
/** Nodes that may turn out not to be there in one call. */
const FREE_MAX = 10;
const DEADLINE_MS = 30_000;

/**
 * Calls.
 * @param attempt asks one node; its signal is aborted when the answer is no longer wanted
 * @throws PlatformError `service-without-nodes`, `call-timed-out`; or what the last attempt failed with
 */
export async function callService<Value>(
  service: FollowedService,
  time: Clock & Timers,
  attempt: (node: ServiceNode, signal: AbortSignal) => Promise<Attempt<Value>>,
  settings: CallSettings = {},
): Promise<Value> {
  if (service.pool.size === 0) await service.ready;
  service.budget.called();
  return await new Call(service, time, attempt, settings).run();
}

class Call<Value> {
  private readonly service: FollowedService;
  private readonly time: Clock & Timers;
  private readonly attempt: (node: ServiceNode, signal: AbortSignal) => Promise<Attempt<Value>>;
  private readonly settings: CallSettings;
  private readonly tried = new Set<Candidate>();
  private readonly ending = new AbortController();
  private underWay = 0;
  private begun = 0;
  private free = 0;
  private isOver = false;
  private readonly timers: TimerHandle[] = [];
  private resolve: (value: Value) => void = () => undefined;
  private reject: (error: unknown) => void = () => undefined;

  constructor(
    service: FollowedService,
    time: Clock & Timers,
    attempt: (node: ServiceNode, signal: AbortSignal) => Promise<Attempt<Value>>,
    settings: CallSettings,
  ) {
    this.service = service;
    this.time = time;
    this.attempt = attempt;
    this.settings = settings;
  }

  run(): Promise<Value> {
    return new Promise<Value>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
      const { signal, deadlineMs = DEADLINE_MS, hedgeAfterMs } = this.settings;
      if (signal?.aborted === true) {
        this.fail(signal.reason);
        return;
      }
      signal?.addEventListener('abort', this.onAbort, { once: true });
      this.timers.push(
        this.time.after(deadlineMs, () => {
          this.fail(
            new PlatformError('call-timed-out', `No answer of ${this.service.name} within ${String(deadlineMs)} ms.`),
          );
        }),
      );
      if (hedgeAfterMs !== undefined) {
        this.timers.push(
          this.time.after(hedgeAfterMs, () => {
            if (!this.isOver && this.service.pool.size > 1 && this.service.budget.take()) this.begin();
          }),
        );
      }
      if (!this.begin()) this.fail(noNode(this.service));
    });
  }

  private readonly onAbort = (): void => this.fail(this.settings.signal?.reason);

  /** Begins an attempt; false when there is nobody to ask. */
  private begin(): boolean {
    const { pool } = this.service;
    const candidate = pool.pick(this.settings.criteria, this.tried);
    if (candidate === undefined) return false;
    this.tried.add(candidate);
    this.begun += 1;
    this.underWay += 1;
    pool.began(candidate);
    const beganAt = this.time.monotonic();
    void this.ask(candidate).then((outcome) => {
      this.underWay -= 1;
      const said = outcome.kind === 'done' ? 'ok' : 'failed';
      pool.ended(candidate, this.isOver ? 'cut short' : said, this.time.monotonic() - beganAt);
      if (!this.isOver) this.judge(outcome);
    });
    return true;
  }

  private async ask(candidate: Candidate): Promise<Attempt<Value>> {
    try {
      return await this.attempt(candidate.node, this.ending.signal);
    } catch (error) {
      return { kind: 'failed', mayRepeat: false, error };
    }
  }

  private judge(outcome: Attempt<Value>): void {
    if (outcome.kind === 'done') {
      this.finish(() => this.resolve(outcome.value));
      return;
    }
    if (this.mayRepeat(outcome.mayRepeat) && this.begin()) return;
    // Another attempt may still succeed.
    if (this.underWay > 0) return;
    if ('value' in outcome) this.finish(() => this.resolve(outcome.value as Value));
    else this.fail(outcome.error);
  }

  private mayRepeat(how: boolean | 'freely'): boolean {
    if (how === 'freely' && this.free < FREE_MAX) {
      this.free += 1;
      return true;
    }
    return how !== false && this.begun - this.free < (this.settings.attempts ?? ATTEMPTS) && this.service.budget.take();
  }

  private fail(error: unknown): void {
    this.finish(() => this.reject(error));
  }

  private finish(settle: () => void): void {
    if (this.isOver) return;
    this.isOver = true;
    for (const timer of this.timers) timer.cancel();
    this.settings.signal?.removeEventListener('abort', this.onAbort);
    settle();
    // What is still under way is for nobody. The winner is done, its body is read by the caller.
    this.ending.abort();
  }
}
