/** Lets at most so many pieces of work run at a time; the rest wait in order. */

/** A gate for asynchronous work. */
export class ConcurrencyLimit {
  private readonly max: number;
  private running = 0;
  private readonly waiting: (() => void)[] = [];
  private head = 0;

  constructor(max: number) {
    this.max = max;
  }

  /** Runs the work when there is room, and passes on how it ended. */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.running >= this.max) {
      await new Promise<void>((resolve) => {
        this.waiting.push(resolve);
      });
    } else {
      this.running += 1;
    }
    try {
      return await work();
    } finally {
      this.next();
    }
  }

  /** The place of the one that ended goes straight to the next one waiting. */
  private next(): void {
    const resume = this.waiting[this.head];
    if (resume === undefined) {
      this.waiting.length = 0;
      this.head = 0;
      this.running -= 1;
      return;
    }
    this.head += 1;
    if (this.head > 1024) {
      this.waiting.splice(0, this.head);
      this.head = 0;
    }
    resume();
  }
}
