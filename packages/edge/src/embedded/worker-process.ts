/** A worker process as the edge sees it: messages go out in order, and each is answered. */
import { PlatformError, type TimerHandle, type Timers } from '@stadion/base';
import type { Worker } from 'node:cluster';
import { isFromWorker, type FromWorker, type ToWorker } from './messages.ts';

/** A message that is answered; the process numbers it. */
type Numbered = Extract<ToWorker, { readonly sequence: number }>;
type Unnumbered<Message> = Message extends Numbered ? Omit<Message, 'sequence'> : never;

interface Waiting {
  readonly resolve: (ports: Readonly<Record<string, number>>) => void;
  readonly reject: (error: unknown) => void;
}

/** The process. */
export class WorkerProcess {
  readonly pid: number;
  readonly online: Promise<void>;
  readonly exited: Promise<void>;
  private readonly worker: Worker;
  private readonly waiting = new Map<number, Waiting>();
  private sequence = 0;
  private isGone = false;
  private killing: TimerHandle | undefined;

  /** @param onMessage given what no request waits for */
  constructor(worker: Worker, onMessage: (message: FromWorker) => void) {
    this.worker = worker;
    this.pid = worker.process.pid ?? 0;
    let isOnline: () => void = () => undefined;
    this.online = new Promise((resolve) => {
      isOnline = resolve;
    });
    this.exited = new Promise((resolve) => {
      worker.once('exit', () => {
        this.isGone = true;
        const error = new PlatformError('edge-worker-gone', 'A worker of the edge has ended.', { retryable: true });
        for (const waiting of this.waiting.values()) waiting.reject(error);
        this.waiting.clear();
        resolve();
      });
    });
    // A channel that breaks is followed by the exit, which is what counts.
    worker.on('error', () => undefined);
    worker.on('message', (message: unknown) => {
      if (!isFromWorker(message)) return;
      if (message.kind === 'online') isOnline();
      else if (message.kind === 'done' || message.kind === 'failed') this.answered(message);
      else onMessage(message);
    });
  }

  /** Says something that is not answered. */
  tell(message: Exclude<ToWorker, Numbered>): void {
    if (!this.isGone) this.worker.send(message);
  }

  /** Says something and waits until it is done. @throws PlatformError when it cannot be done, or the process ends */
  ask(message: Unnumbered<ToWorker>): Promise<Readonly<Record<string, number>>> {
    this.sequence += 1;
    const { sequence } = this;
    return new Promise((resolve, reject) => {
      if (this.isGone) {
        reject(new PlatformError('edge-worker-gone', 'A worker of the edge has ended.', { retryable: true }));
        return;
      }
      this.waiting.set(sequence, { resolve, reject });
      this.worker.send({ ...message, sequence });
    });
  }

  /**
   * Ends it after what is under way, at most after a while. Asked again, the last word counts.
   * @param closesIdle not to wait for connections that are idle; a client that is about to send on one loses its request
   */
  async drain(limitMs: number, closesIdle: boolean, timers: Timers): Promise<void> {
    this.tell({ kind: 'drain', limitMs, closesIdle });
    this.killing?.cancel();
    this.killing = timers.after(limitMs + KILL_AFTER_MS, () => this.worker.process.kill('SIGKILL'));
    await this.exited;
    this.killing.cancel();
  }

  private answered(message: Extract<FromWorker, { readonly sequence: number }>): void {
    const waiting = this.waiting.get(message.sequence);
    this.waiting.delete(message.sequence);
    if (message.kind === 'done') waiting?.resolve(message.ports ?? {});
    else waiting?.reject(new PlatformError(`edge-listen-${message.code}`, message.message));
  }
}

const KILL_AFTER_MS = 2_000;
