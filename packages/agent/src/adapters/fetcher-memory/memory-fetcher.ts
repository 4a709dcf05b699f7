/** A fetcher that fetches nothing. */
import type { FetchOutcome, Fetcher, FetchRequest } from '../../ports/fetcher.ts';

/** Says yes at once, or what a script says. */
export class MemoryFetcher implements Fetcher {
  private readonly answer: ((request: FetchRequest) => FetchOutcome | Promise<FetchOutcome>) | undefined;

  constructor(answer?: (request: FetchRequest) => FetchOutcome | Promise<FetchOutcome>) {
    this.answer = answer;
  }

  async fetch(request: FetchRequest): Promise<FetchOutcome> {
    return this.answer === undefined ? { ok: true } : this.answer(request);
  }
}
