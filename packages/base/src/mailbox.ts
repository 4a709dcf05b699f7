/** Hands messages to a receiver in order, never inside the sender's own call, in turns short enough to share the event loop. */
import type { Clock, TimerHandle, Timers } from './time.ts';

/** How long one turn may deliver before others get the event loop. */
const TURN_MS_MAX = 5;

/** An unbounded in-process queue between two parts; its bound is kept by the protocols that use it. */
export class Mailbox<Message> {
  private queue: Message[] = [];
  private head = 0;
  private scheduled: TimerHandle | undefined;
  private closed = false;
  private readonly time: Clock & Timers;
  private readonly deliver: (message: Message) => void;

  constructor(time: Clock & Timers, deliver: (message: Message) => void) {
    this.time = time;
    this.deliver = deliver;
  }

  /** How many messages wait. */
  get size(): number {
    return this.queue.length - this.head;
  }

  /** Queues a message; it is delivered in a later turn. Dropped when closed. */
  post(message: Message): void {
    if (this.closed) return;
    this.queue.push(message);
    this.scheduled ??= this.time.after(0, () => {
      this.drain();
    });
  }

  /** Drops what waits and delivers nothing more. */
  close(): void {
    this.closed = true;
    this.queue = [];
    this.head = 0;
    this.scheduled?.cancel();
  }

  private drain(): void {
    this.scheduled = undefined;
    const end = this.time.monotonic() + TURN_MS_MAX;
    while (!this.closed && this.head < this.queue.length) {
      const message = this.queue[this.head] as Message;
      this.head += 1;
      this.deliver(message);
      // Reading the clock costs more than most deliveries: look at it now and then.
      if ((this.head & 31) === 0 && this.time.monotonic() >= end) break;
    }
    if (this.head >= this.queue.length) {
      this.queue = [];
      this.head = 0;
      return;
    }
    if (this.head > 4096) {
      this.queue = this.queue.slice(this.head);
      this.head = 0;
    }
    this.scheduled ??= this.time.after(0, () => {
      this.drain();
    });
  }
}
