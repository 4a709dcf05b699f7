/**
 * A turn: everything the engine does in answer to one thing that happened. Work changes memory and fills the journal;
 * at its end the consequences are drawn and the journal is flushed. Turns never overlap and never wait.
 */

/** Runs turns. */
export class Turns {
  private readonly conclude: () => void;
  private readonly failed: (error: unknown) => void;
  private isRunning = false;
  private isEnded = false;

  /**
   * @param conclude draws the consequences and flushes the journal, at the end of every turn
   * @param failed called with whatever a turn threw; no turn runs afterwards
   */
  constructor(conclude: () => void, failed: (error: unknown) => void) {
    this.conclude = conclude;
    this.failed = failed;
  }

  /** Runs `work` as a turn, or as a part of the turn under way. Does nothing after the end. */
  run(work: () => void): void {
    if (this.isEnded) return;
    if (this.isRunning) {
      work();
      return;
    }
    this.isRunning = true;
    try {
      work();
      this.conclude();
    } catch (error) {
      this.isEnded = true;
      this.failed(error);
    } finally {
      this.isRunning = false;
    }
  }

  /** No turn runs any more. */
  end(): void {
    this.isEnded = true;
  }
}
