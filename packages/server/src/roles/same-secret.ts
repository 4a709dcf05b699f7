/** Whether the server that leads takes the secret of this one: servers of a cluster that differ in it would shut out each other's agents. */
import { PlatformError, describeError, errorCode, type Logger, type Timers } from '@stadion/base';
import type { Fetch } from '@stadion/contract/client';
import type { LeaderRecord } from './leader-record.ts';

const ANSWER_MS_MAX = 3_000;
/** How Node and OpenSSL name a certificate of another authority: with TLS the authority follows from the secret. */
const OTHER_AUTHORITY = /CERT|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET_ISSUER)/;

/** How a leader is asked. */
export interface Asking {
  /** Shows the secret, and over TLS the certificate, of this server. */
  readonly fetch: Fetch;
  /** Whether certificates are believed that follow from the secret: TLS is on, without an authority that was given. */
  readonly believesBySecret: boolean;
  readonly timers: Timers;
}

/** Judges leaders one after the other: at the start a difference is a reason not to start, later it is an error in the log. */
export function judgeSecrets(
  asking: Asking,
  log: Logger,
): {
  /** @param leader undefined: nobody leads, or this very server */
  readonly judge: (leader: LeaderRecord | undefined) => void;
  /** Of the first; rejects with `secret-differs`. */
  readonly first: Promise<void>;
} {
  let settle: (outcome: Promise<void>) => void = () => undefined;
  const first = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const judge = (leader: LeaderRecord | undefined): void => {
    const outcome = leader === undefined ? Promise.resolve() : assertSameSecret(leader, asking);
    settle(outcome);
    outcome.catch((error: unknown) => {
      log.error({ error: describeError(error) }, 'The leader and this server have different secrets');
    });
  };
  return { judge, first };
}

/**
 * Asks the leader. Silence and errors of other kinds say nothing.
 * @throws PlatformError `secret-differs`
 */
export async function assertSameSecret(leader: Pick<LeaderRecord, 'orchestrator'>, asking: Asking): Promise<void> {
  const why = await refusal(leader.orchestrator, asking);
  if (why === undefined) return;
  throw new PlatformError(
    'secret-differs',
    `The server that leads, ${leader.orchestrator}, does not take the secret of this one (${why}). ` +
      'All servers of a cluster need the same: copy the file of --secret-file from there, or start this server with another --zk.',
  );
}

/** Why it was refused; undefined when it was not, as far as can be seen. */
async function refusal(url: string, { fetch, believesBySecret, timers }: Asking): Promise<string | undefined> {
  const deadline = new AbortController();
  const timer = timers.after(ANSWER_MS_MAX, () => {
    deadline.abort();
  });
  try {
    const response = await fetch(`${url}/v2/info`, { signal: deadline.signal });
    await response.body?.cancel();
    return response.status === 401 ? 'status 401' : undefined;
  } catch (error) {
    const code = errorCode(error instanceof Error ? error.cause : undefined) ?? '';
    return believesBySecret && OTHER_AUTHORITY.test(code) ? code : undefined;
  } finally {
    timer.cancel();
  }
}
