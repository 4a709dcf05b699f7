/** Keeps a session with ZooKeeper alive through its losses: whoever needs one gets the present one, or a new one. */
import { PlatformError, delay, describeError, type Logger, type Timers } from '@stadion/base';
import { storeClosed } from '../../errors.ts';
import type { EnsembleSession } from './session.ts';

/** What a keeper needs. */
export interface SessionKeeperOptions {
  /** Begins a session; it may not be connected yet. */
  readonly open: () => EnsembleSession;
  readonly timers: Timers;
  readonly log: Logger;
}

/** One place, one session at a time. */
export class SessionKeeper {
  private readonly options: SessionKeeperOptions;
  private session: EnsembleSession | undefined;
  private isClosed = false;

  constructor(options: SessionKeeperOptions) {
    this.options = options;
  }

  /**
   * A session that is not known to be lost; it may not be connected yet.
   * @throws PlatformError `store-closed`
   */
  current(): EnsembleSession {
    if (this.isClosed) throw storeClosed();
    if (this.session !== undefined) return this.session;
    const session = this.options.open();
    this.session = session;
    void session.lost.then((reason) => {
      if (!this.isClosed) this.options.log.warn({ reason: reason.message }, 'The ZooKeeper session is over');
      if (this.session === session) this.session = undefined;
    });
    return session;
  }

  /**
   * Works with sessions until one of them sees it through. For what may be begun again.
   * @param onFailure told of each failure; may throw to give up
   * @throws PlatformError `store-closed`, and what is no loss of a session
   */
  async persist<Result>(
    work: (session: EnsembleSession) => Promise<Result>,
    onFailure: (error: PlatformError) => void = () => undefined,
  ): Promise<Result> {
    for (;;) {
      try {
        return await work(this.current());
      } catch (error) {
        if (!(error instanceof PlatformError) || error.code !== 'store-unreachable') throw error;
        if (this.isClosed) throw storeClosed();
        onFailure(error);
        this.options.log.info({ error: describeError(error) }, 'Trying ZooKeeper again');
      }
      await delay(this.options.timers, RETRY_PAUSE_MS);
    }
  }

  /** Ends the session and gives no more. */
  close(): void {
    this.isClosed = true;
    this.session?.close();
    this.session = undefined;
  }
}

const RETRY_PAUSE_MS = 250;
