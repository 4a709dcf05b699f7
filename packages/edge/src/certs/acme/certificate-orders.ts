/** Sees to it that every name that asks for a certificate has one, and a new one in time. One order at a time. */
import { describeError, every, type Clock, type Logger, type TimerHandle, type Timers } from '@stadion/base';
import type { Fragment } from '../../core/model.ts';
import type { CertificateAuthority } from './acme-authority.ts';
import { Attempts, RENEW_BEFORE_MS, wantedNames } from './wanted-certificates.ts';

/** What orders are made with. */
export interface CertificateOrdersParts {
  readonly authority: CertificateAuthority;
  /** The routes as they are now. */
  readonly fragments: () => readonly Fragment[];
  readonly certificates: {
    covers(name: string, nowMs: number, beforeMs: number): boolean;
    addIssued(name: string, certificate: string, key: string): Promise<void>;
  };
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
}

const LOOK_MS = 5_000;

/** The orders. */
export class CertificateOrders {
  private readonly parts: CertificateOrdersParts;
  private readonly attempts = new Attempts();
  private timer: TimerHandle | undefined;
  private isOrdering = false;

  constructor(parts: CertificateOrdersParts) {
    this.parts = parts;
  }

  start(): void {
    this.timer = every(this.parts.timers, LOOK_MS, () => void this.look());
    void this.look();
  }

  stop(): void {
    this.timer?.cancel();
  }

  /** Orders what is missing or runs out. Resolves when nothing more can be done now. */
  async look(): Promise<void> {
    if (this.isOrdering) return;
    this.isOrdering = true;
    const { fragments, certificates, clock } = this.parts;
    try {
      for (const names of wantedNames(fragments())) {
        const now = clock.now();
        const [first = ''] = names;
        const isCovered = names.every((name) => certificates.covers(name, now, RENEW_BEFORE_MS));
        if (!isCovered && this.attempts.mayTry(first, now)) await this.order(names, first);
      }
    } finally {
      this.isOrdering = false;
    }
  }

  private async order(names: readonly string[], first: string): Promise<void> {
    const { authority, certificates, clock, log } = this.parts;
    try {
      const { certificate, key } = await authority.issue(names);
      await certificates.addIssued(first, certificate, key);
      this.attempts.succeeded(first);
      log.info({ names }, 'a certificate was issued');
    } catch (error) {
      this.attempts.failed(first, clock.now());
      log.error({ names, error: describeError(error) }, 'a certificate could not be had; the last one stands');
    }
  }
}
