/** What is measured of the requests of one server, under Marathon's names without the prefix. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '@stadion/base';
import { DurationTimer, Meter } from './measures.ts';

const CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const;
const METHODS = ['get', 'post', 'put', 'delete'] as const;
const ALL = 'http.requests.duration.timer.seconds';

/** Follows requests from their arrival to the end of their answer. */
export class HttpMetrics {
  readonly startedAt: number;
  readonly meters: ReadonlyMap<string, Meter>;
  readonly timers: ReadonlyMap<string, DurationTimer>;
  private readonly clock: Clock;
  private active = 0;
  private requestBytes = 0;
  private responseBytes = 0;
  private gzippedBytes = 0;
  private streamBytes = 0;

  constructor(clock: Clock) {
    this.clock = clock;
    this.startedAt = clock.monotonic();
    this.meters = new Map(CLASSES.map((name) => [`http.responses.${name}.rate.meter`, new Meter(clock)]));
    const names = [ALL, ...METHODS.map(timerName)];
    this.timers = new Map(names.map((name) => [name, new DurationTimer(clock)]));
  }

  get gauges(): ReadonlyMap<string, number> {
    return new Map([['http.requests.active.gauge', this.active]]);
  }

  get counters(): ReadonlyMap<string, number> {
    return new Map([
      ['http.requests.size.counter.bytes', this.requestBytes],
      ['http.responses.size.counter.bytes', this.responseBytes],
      ['http.responses.size.gzipped.counter.bytes', this.gzippedBytes],
      ['http.responses.event-stream.size.counter.bytes', this.streamBytes],
    ]);
  }

  /** A request has come. */
  begin(request: IncomingMessage, response: ServerResponse): void {
    const begunAt = this.clock.monotonic();
    const { socket } = request;
    // Connections are used again and again; the requests that tests inject have none that counts.
    const readBefore = socket.bytesRead;
    const writtenBefore = socket.bytesWritten;
    this.active += 1;
    response.once('close', () => {
      this.active -= 1;
      // Much of a request has been read from the socket before it is known.
      this.requestBytes += Math.max(difference(readBefore, socket.bytesRead), lengthOf(request));
      const sent = difference(writtenBefore, socket.bytesWritten);
      if (String(response.getHeader('content-type')).startsWith('text/event-stream')) this.streamBytes += sent;
      else this.responseBytes += sent;
      if (response.getHeader('content-encoding') === 'gzip') this.gzippedBytes += sent;
      this.meters.get(`http.responses.${String(Math.floor(response.statusCode / 100))}xx.rate.meter`)?.mark();
      const took = this.clock.monotonic() - begunAt;
      this.timers.get(ALL)?.add(took);
      this.timers.get(timerName(request.method ?? ''))?.add(took);
    });
  }
}

function timerName(method: string): string {
  return `http.requests.${method.toLowerCase()}.duration.timer.seconds`;
}

function difference(before: number | undefined, after: number | undefined): number {
  return Math.max(0, (after ?? 0) - (before ?? 0));
}

function lengthOf({ headers }: IncomingMessage): number {
  const length = Number(headers['content-length'] ?? 0);
  return Number.isFinite(length) ? length : 0;
}
