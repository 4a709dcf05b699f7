/** A try over HTTP/1.1, through undici's callbacks: no promise and no stream object per request. */
import type { Dispatcher } from 'undici';
import type { Incoming } from '../exchange.ts';
import type { RequestBody } from '../request-body.ts';
import type { Attempt, AttemptListener, Outgoing } from './attempt.ts';
import { answerHeaders } from './headers.ts';

/** Sends a request. */
export function sendHttp1(dispatcher: Dispatcher, outgoing: Outgoing, listener: AttemptListener): Attempt {
  const handler = new Http1Handler(listener);
  const { headers, method, target } = outgoing;
  dispatcher.dispatch(
    {
      path: target,
      method,
      headers: headers as string[],
      body: bodyOf(outgoing.body),
      // undici's own idea of what may be sent twice on one connection; pipelining is off.
      idempotent: true,
      blocking: false,
    },
    handler,
  );
  return handler;
}

function bodyOf(body: RequestBody): Buffer | Incoming | null {
  if (body.kind === 'held') return body.bytes;
  return body.kind === 'stream' ? body.stream : null;
}

class Http1Handler implements Attempt, Dispatcher.DispatchHandler {
  private readonly listener: AttemptListener;
  private abortRequest: ((error?: Error) => void) | undefined;
  private resumeBody: (() => void) | undefined;
  private isAborted = false;
  private isOver = false;

  constructor(listener: AttemptListener) {
    this.listener = listener;
  }

  resume(): void {
    this.resumeBody?.();
  }

  abort(): void {
    this.isAborted = true;
    this.abortRequest?.();
  }

  onConnect(abort: (error?: Error) => void): void {
    this.abortRequest = abort;
    if (this.isAborted) abort();
    else this.listener.onSent();
  }

  onHeaders(status: number, rawHeaders: Buffer[], resume: () => void): boolean {
    // Interim answers (100, 103) say nothing that a client behind the edge needs.
    if (status < 200) return true;
    this.resumeBody = resume;
    return this.listener.onHead(status, answerHeaders(rawHeaders));
  }

  onData(chunk: Buffer): boolean {
    return this.listener.onChunk(chunk);
  }

  onComplete(trailers: string[] | null): void {
    if (this.isOver) return;
    this.isOver = true;
    this.listener.onEnd(trailersOf(trailers));
  }

  onError(error: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    this.listener.onFailure(error);
  }
}

function trailersOf(raw: readonly unknown[] | null): readonly string[] {
  return (raw ?? []).map((item) => (Buffer.isBuffer(item) ? item.toString('latin1') : String(item)));
}
