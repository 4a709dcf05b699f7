/** Stands for election, leads, steps down, and stands again, until it is told to stop. */
import { delay, describeError, type Logger, type Timers } from '@stadion/base';
import type { CampaignOptions, Election } from './store.ts';

/** Options of {@link Reigns}. */
export interface ReignsOptions {
  readonly election: Election;
  /** What this candidate presents itself with. */
  readonly candidate: string;
  readonly campaign?: CampaignOptions;
  /**
   * Leads under an epoch until `over` resolves with the reason, and has ended everything of it when its promise resolves.
   * @param end to be called with the reason when it cannot go on
   */
  readonly lead: (epoch: number, over: Promise<unknown>, end: (reason: unknown) => void) => Promise<void>;
  readonly timers: Timers;
  readonly log: Logger;
}

/** Between the end of one reign and the next candidacy, milliseconds: others go first. */
const REELECTION_PAUSE_MS = 1_000;
/** How long stopping waits for the end of a reign, milliseconds. */
const STOP_MS_MAX = 10_000;

/** See the head of this file. */
export class Reigns {
  private readonly options: ReignsOptions;
  private isStopped = false;
  private endReign: (reason: unknown) => void = () => undefined;
  private running: Promise<void> | undefined;
  private isReigning = false;

  constructor(options: ReignsOptions) {
    this.options = options;
  }

  start(): void {
    this.running = this.run();
  }

  /** Ends the reign under way, and resolves when it has ended. */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.endReign('the server stops');
    // A campaign ends with the store, which is closed next: it is not waited for.
    if (!this.isReigning) return;
    await Promise.race([this.running, delay(this.options.timers, STOP_MS_MAX)]);
  }

  private async run(): Promise<void> {
    const { election, candidate, campaign, lead, timers, log } = this.options;
    while (!this.isStopped) {
      try {
        const leadership = await election.campaign(candidate, campaign);
        if (this.wasStopped()) {
          await leadership.resign();
          return;
        }
        let end: (reason: unknown) => void = () => undefined;
        const over = new Promise<unknown>((resolve) => {
          end = resolve;
        });
        this.endReign = end;
        this.isReigning = true;
        void leadership.lost.then(() => {
          end('the leadership was lost');
        });
        await lead(leadership.epoch, over, end);
        await leadership.resign();
      } catch (error) {
        if (this.wasStopped()) return;
        log.error({ error: describeError(error) }, 'Leading failed');
      } finally {
        this.isReigning = false;
      }
      if (this.wasStopped()) return;
      await delay(timers, REELECTION_PAUSE_MS);
    }
  }

  /** Asked after an `await`, when it may have changed. */
  private wasStopped(): boolean {
    return this.isStopped;
  }
}
