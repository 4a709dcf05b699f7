/** One connection between a client and an ensemble: in order, with delays; it breaks with a word, or stalls without one. */
import type { Clock, Timers } from '@stadion/base';

/** The way between a client and the ensemble, as it is now. */
export interface EnsembleLink {
  /** Whether what is sent that way vanishes. */
  isCut(way: 'there' | 'back'): boolean;
  /** How long the next message takes, milliseconds. */
  delayMs(): number;
  /** Whether the connection breaks under this answer: what was asked for is done, and nobody hears so. */
  isBreaking(): boolean;
}

/** A process that talks with the ensemble. */
export interface EnsembleClient {
  readonly name: string;
  /** Its own time, which may be wrong, stand still, and end. */
  readonly clock: Clock;
  readonly timers: Timers;
  readonly link: EnsembleLink;
  /** Has the process do something that has come in from outside: when it can, if it still can. */
  receive(work: () => void): void;
}

/** What a client hears on its connection. */
export interface ConnectionListener {
  onWatch(watch: string): void;
  onBroken(): void;
}

type Way = 'there' | 'back';

/** A break that cannot be told yet is told so much later. */
const STALL_TOLD_AGAIN_MS = 1_000;

/** See the head of this file. */
export class Connection {
  readonly client: EnsembleClient;
  private readonly time: Clock & Timers;
  private listener: ConnectionListener | undefined;
  /** Nothing more is sent. What is under way may arrive. */
  private isOver = false;
  /** Something was lost: nothing of what was sent after it arrives. */
  private hasStalled = false;
  private readonly lastArrival = { there: 0, back: 0 };

  constructor(time: Clock & Timers, client: EnsembleClient) {
    this.time = time;
    this.client = client;
  }

  /** Who hears of watches, and of the break. */
  listen(listener: ConnectionListener): void {
    this.listener = listener;
  }

  /** The client asks, the ensemble does it at once when it arrives, the client hears what came of it. */
  ask<Answer>(work: () => Answer, answered: (answer: Answer) => void): void {
    this.carry('there', () => {
      const answer = work();
      if (this.client.link.isBreaking()) this.breakOff();
      this.carry('back', () => {
        if (this.listener !== undefined) answered(answer);
      });
    });
  }

  /** The client says something that needs no answer. */
  say(work: () => void): void {
    this.carry('there', work);
  }

  /** The ensemble tells of a change. */
  tell(watch: string): void {
    this.carry('back', () => this.listener?.onWatch(watch));
  }

  /** The ensemble hangs up; the client hears of that, unless it is cut off. */
  breakOff(): void {
    if (this.isOver) return;
    this.carry('back', () => {
      this.tellBroken();
    });
    this.isOver = true;
  }

  /** The client hangs up. It hears nothing more. */
  leave(): void {
    this.listener = undefined;
    this.isOver = true;
  }

  /** A message that is lost takes the connection with it: nothing after it may arrive. */
  private carry(way: Way, arrive: () => void): void {
    const { link } = this.client;
    if (this.isOver) return;
    if (link.isCut(way)) {
      this.stall();
      return;
    }
    const now = this.time.monotonic();
    const at = Math.max(this.lastArrival[way], now + link.delayMs());
    this.lastArrival[way] = at;
    this.time.after(at - now, () => {
      if (this.hasStalled) return;
      if (link.isCut(way)) this.stall();
      else if (way === 'there') arrive();
      else this.client.receive(arrive);
    });
  }

  private stall(): void {
    this.isOver = true;
    if (this.hasStalled) return;
    this.hasStalled = true;
    this.tellStalled();
  }

  /** Once the way is free again, the client learns that nothing more will come. */
  private tellStalled(): void {
    this.time.after(STALL_TOLD_AGAIN_MS, () => {
      if (this.listener === undefined) return;
      const { link } = this.client;
      if (link.isCut('there') || link.isCut('back')) this.tellStalled();
      else {
        this.client.receive(() => {
          this.tellBroken();
        });
      }
    });
  }

  private tellBroken(): void {
    const { listener } = this;
    this.listener = undefined;
    listener?.onBroken();
  }
}
