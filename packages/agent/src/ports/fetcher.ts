/** The port that brings artifacts into a sandbox. */
import type { CommandUri } from '@stadion/contract/mesos';

/** One task's artifacts. */
export interface FetchRequest {
  readonly uris: readonly CommandUri[];
  readonly directory: string;
  readonly signal: AbortSignal;
}

/** Whether everything is there. `message` says what failed and why. */
export type FetchOutcome = { readonly ok: true } | { readonly ok: false; readonly message: string };

/** Fetches, checks and unpacks. Never rejects: a failure is an outcome. */
export interface Fetcher {
  fetch(request: FetchRequest): Promise<FetchOutcome>;
}
