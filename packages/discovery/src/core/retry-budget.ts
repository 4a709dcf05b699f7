/** Retries in proportion to calls: when much fails, repeating everything would finish off what still works. */

/** Every call earns a part of a retry; a few are always there. */
export class RetryBudget {
  private tokens: number;
  private readonly perCall: number;
  private readonly most: number;

  /**
   * @param perCall retries per call, e.g. 0.2
   * @param reserve retries that a quiet caller has at hand
   */
  constructor(perCall = 0.2, reserve = 20) {
    this.perCall = perCall;
    this.most = reserve * 5;
    this.tokens = reserve;
  }

  called(): void {
    this.tokens = Math.min(this.most, this.tokens + this.perCall);
  }

  /** Takes one retry; false when there is none left. */
  take(): boolean {
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }
}
