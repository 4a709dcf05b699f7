/** What was started, to be stopped in reverse. */
import { describeError, type Logger } from '@stadion/base';

/** Things to undo, last first. */
export class Undoing {
  private readonly steps: (() => Promise<unknown>)[] = [];

  add(step: () => Promise<unknown>): void {
    this.steps.push(step);
  }

  /** For what ends at once. */
  addNow(step: () => void): void {
    this.add(() => {
      step();
      return Promise.resolve();
    });
  }

  /** Undoes everything, whatever fails on the way. */
  async run(log: Logger): Promise<void> {
    for (const step of this.steps.splice(0).reverse()) {
      await step().catch((error: unknown) => {
        log.error({ error: describeError(error) }, 'a part did not stop cleanly');
      });
    }
  }
}
