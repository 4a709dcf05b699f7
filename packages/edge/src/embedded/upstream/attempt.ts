/** One try at one server, whatever protocol it speaks: what is sent, and what comes back as callbacks. */
import type { Server, ServicePolicy } from '../../core/model.ts';
import type { Exchange } from '../exchange.ts';
import type { RequestBody } from '../request-body.ts';

/** What is sent. Headers are a flat list with Host first. */
export interface Outgoing {
  readonly exchange: Exchange;
  readonly server: Server;
  readonly policy: ServicePolicy;
  readonly method: string;
  readonly target: string;
  readonly headers: readonly string[];
  readonly body: RequestBody;
}

/** Who hears of the answer. */
export interface AttemptListener {
  /** The request has begun to go out: from now on the server may have seen it. */
  onSent(): void;
  /** The head of the answer. @returns whether more may come at once */
  onHead(status: number, headers: string[]): boolean;
  /** A piece of the body. @returns whether more may come at once */
  onChunk(chunk: Buffer): boolean;
  /** All has come. */
  onEnd(trailers: readonly string[]): void;
  /** Nothing more will come. */
  onFailure(error: unknown): void;
}

/** A try that is under way. */
export interface Attempt {
  /** More may come. */
  resume(): void;
  /** The answer is no longer wanted. */
  abort(): void;
}

/** Stands between a try and who hears of it: what comes after the try was given up is heard by nobody. */
export class AttemptGate implements AttemptListener {
  private readonly listener: AttemptListener;
  private readonly onOver: () => void;
  private isOpen = true;
  private attempt: Attempt | undefined;

  /** @param onOver called once, when the try has ended in whichever way */
  constructor(listener: AttemptListener, onOver: () => void) {
    this.listener = listener;
    this.onOver = onOver;
  }

  /** The try, once it is under way. */
  hold(attempt: Attempt): void {
    this.attempt = attempt;
    if (!this.isOpen) attempt.abort();
  }

  resume(): void {
    this.attempt?.resume();
  }

  /** Gives the try up. */
  giveUp(): void {
    if (this.shut()) this.attempt?.abort();
  }

  onSent(): void {
    if (this.isOpen) this.listener.onSent();
  }

  onHead(status: number, headers: string[]): boolean {
    return this.isOpen ? this.listener.onHead(status, headers) : true;
  }

  onChunk(chunk: Buffer): boolean {
    return this.isOpen ? this.listener.onChunk(chunk) : true;
  }

  onEnd(trailers: readonly string[]): void {
    if (this.shut()) this.listener.onEnd(trailers);
  }

  onFailure(error: unknown): void {
    if (this.shut()) this.listener.onFailure(error);
  }

  private shut(): boolean {
    if (!this.isOpen) return false;
    this.isOpen = false;
    this.onOver();
    return true;
  }
}
