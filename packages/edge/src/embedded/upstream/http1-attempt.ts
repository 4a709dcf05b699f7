/** A try over HTTP/1.1 at one server. */
import type { Attempt, AttemptListener, Outgoing } from './attempt.ts';
import { Http1Failure } from './http1-errors.ts';
import type { ServerConnection } from './server-connection.ts';

/** Where a try waits for a connection. */
export interface ConnectionQueue {
  take(attempt: Http1Attempt): void;
  forget(attempt: Http1Attempt): void;
}

/** The try: it waits for a connection first. */
export class Http1Attempt implements Attempt, AttemptListener {
  readonly outgoing: Outgoing;
  private readonly listener: AttemptListener;
  private readonly queue: ConnectionQueue;
  private connection: ServerConnection | undefined = undefined;
  private isOver = false;

  constructor(outgoing: Outgoing, listener: AttemptListener, queue: ConnectionQueue) {
    this.outgoing = outgoing;
    this.listener = listener;
    this.queue = queue;
  }

  /** Goes out on a connection. */
  begin(connection: ServerConnection): void {
    this.connection = connection;
    connection.send(this.outgoing, this);
  }

  resume(): void {
    if (!this.isOver) this.connection?.resume();
  }

  abort(): void {
    if (this.isOver) return;
    this.isOver = true;
    if (this.connection === undefined) this.queue.forget(this);
    else this.connection.destroy(new Http1Failure('ABORTED', 'the answer is no longer wanted'));
  }

  onSent(): void {
    if (!this.isOver) this.listener.onSent();
  }

  onHead(status: number, headers: string[]): boolean {
    return this.isOver || this.listener.onHead(status, headers);
  }

  onChunk(chunk: Buffer): boolean {
    return this.isOver || this.listener.onChunk(chunk);
  }

  onEnd(trailers: readonly string[]): void {
    if (this.isOver) return;
    this.isOver = true;
    this.listener.onEnd(trailers);
  }

  onFailure(error: unknown): void {
    if (this.isOver) return;
    this.isOver = true;
    this.listener.onFailure(error);
  }
}

/** Sends a request over a connection of a pool. */
export function sendHttp1(queue: ConnectionQueue, outgoing: Outgoing, listener: AttemptListener): Attempt {
  const attempt = new Http1Attempt(outgoing, listener, queue);
  queue.take(attempt);
  return attempt;
}
