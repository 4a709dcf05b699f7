/**
 * Sends spans to a collector (OTLP over HTTP, JSON): in batches, again after a while when the collector is away or asks for
 * it, and never more in memory than a bound; what comes beyond is counted and said.
 */
import { describeError, every, type Logger, type TimerHandle, type Timers } from '@stadion/base';
import type { Fetch } from '@stadion/contract/client';
import { otlpTraces, type EdgeSpan } from './core/trace/otlp.ts';
import { limits } from './limits.ts';

/** What an exporter is made with. */
export interface TraceExporterParts {
  /** E.g. `http://collector:4318/v1/traces`. */
  readonly url: string;
  /** Who tells: attributes such as `service.name`. */
  readonly resource: Readonly<Record<string, string>>;
  readonly timers: Timers;
  readonly log: Logger;
  readonly fetch?: Fetch;
}

/** These ask to try again later (OTLP specification, "Retryable response codes"). */
const AGAIN: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** The exporter. */
export class TraceExporter {
  private readonly parts: TraceExporterParts;
  private waiting: EdgeSpan[] = [];
  private sending: Promise<void> | undefined;
  private readonly timer: TimerHandle;
  /** Looks to be passed over after failures. */
  private pause = 0;
  private failures = 0;
  private dropped = 0;
  private readonly ending = new AbortController();
  private complaint = '';

  constructor(parts: TraceExporterParts) {
    this.parts = parts;
    this.timer = every(parts.timers, limits.spansSentEveryMs, () => this.look());
  }

  add(spans: readonly EdgeSpan[]): void {
    const room = limits.spansWaiting - this.waiting.length;
    this.waiting.push(...spans.slice(0, Math.max(0, room)));
    this.dropped += Math.max(0, spans.length - room);
  }

  /** Sends what is there, once, and ends: a collector that does not answer holds nobody's end up for long. */
  async close(): Promise<void> {
    this.timer.cancel();
    const limit = this.parts.timers.after(limits.spansLastMs, () => this.ending.abort(new Error('the edge has ended')));
    await this.sending;
    await this.send();
    limit.cancel();
  }

  private look(): void {
    if (this.dropped > 0) {
      this.parts.log.warn({ spans: this.dropped }, 'spans were dropped: the collector of traces is away or too slow');
      this.dropped = 0;
    }
    if (this.sending !== undefined) return;
    if (this.pause > 0) {
      this.pause -= 1;
      return;
    }
    this.sending = this.send().finally(() => {
      this.sending = undefined;
    });
  }

  private async send(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting.slice(0, limits.spansPerRequest);
      const problem = await this.post(batch);
      if (problem === undefined) {
        this.failures = 0;
        this.complaint = '';
      } else {
        this.complain(problem.text);
        if (problem.isAgain) {
          this.failures += 1;
          this.pause = Math.min(2 ** this.failures, limits.spansPauseLooks);
          return;
        }
      }
      this.waiting.splice(0, batch.length);
    }
  }

  private async post(batch: readonly EdgeSpan[]): Promise<{ text: string; isAgain: boolean } | undefined> {
    const { url, resource, timers, fetch: ask = fetch } = this.parts;
    const deadline = new AbortController();
    const timer = timers.after(limits.spansAnswerMs, () => deadline.abort(new Error('no answer in time')));
    try {
      const body = JSON.stringify(otlpTraces(batch, resource));
      const headers = { 'content-type': 'application/json' };
      const answer = await ask(url, {
        method: 'POST',
        headers,
        body,
        signal: AbortSignal.any([deadline.signal, this.ending.signal]),
      });
      await answer.body?.cancel();
      if (answer.ok) return undefined;
      return { text: `it answered with status ${String(answer.status)}`, isAgain: AGAIN.has(answer.status) };
    } catch (error) {
      return { text: describeError(error), isAgain: true };
    } finally {
      timer.cancel();
    }
  }

  /** Once for each thing to complain about, until something goes well again. */
  private complain(problem: string): void {
    if (this.complaint === problem) return;
    this.complaint = problem;
    this.parts.log.warn({ url: this.parts.url, problem }, 'the collector of traces does not take spans');
  }
}
