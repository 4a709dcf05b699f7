/** Books on one durable value: what was written, and which of that somebody was told is kept. */

interface Written {
  readonly value: string;
  isAcknowledged: boolean;
}

/** One value, as text. */
export class ValueBook {
  /** What was written since the last acknowledged value, with it. Which of the later ones survive a crash is open. */
  private written: Written[];

  constructor(value: string) {
    this.written = [{ value, isAcknowledged: true }];
  }

  /** Takes down a write that is about to be made. @returns is called when it was acknowledged */
  write(value: string): () => void {
    const entry = { value, isAcknowledged: false };
    this.written.push(entry);
    return () => {
      entry.isAcknowledged = true;
    };
  }

  /**
   * Compares with what a newcomer has read, which is the promise from here on.
   * @returns the value that was promised, when what was found is older; undefined when all is well
   */
  reload(found: string): string | undefined {
    const promised = this.written.findLastIndex(({ isAcknowledged }) => isAcknowledged);
    const isKept = this.written.slice(promised).some(({ value }) => value === found);
    const wanted = this.written[promised]?.value;
    this.written = [{ value: found, isAcknowledged: true }];
    return isKept ? undefined : wanted;
  }
}
