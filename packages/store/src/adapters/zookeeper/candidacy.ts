/** One server's candidacy under one session: stands in line as Mesos masters do, and raises the epoch when its turn comes. */
import { describeError, type Logger, type Timers } from '@stadion/base';
import type { CampaignOptions } from '../../store.ts';
import { CANDIDATE_PREFIX, candidatesAmong, type Places } from './places.ts';
import { isConnectionLost, refusalIn, type EnsembleSession } from './session.ts';
import { Signal } from './signal.ts';

/** What a candidacy needs. */
interface CandidacyOptions {
  readonly session: EnsembleSession;
  readonly places: Places;
  readonly timers: Timers;
  readonly log: Logger;
}

/** Between two looks at the line while waiting; a change is heard of at once. Milliseconds. */
const LOOK_MS = 1_000;

/** For the next in line, who also looks whether the leader still lives. */
const NEXT_LOOK_MS = 250;

/** What a candidate does while it waits. */
interface Waiting extends CampaignOptions {
  /** Keeps up with the leader. */
  readonly standby: (session: EnsembleSession) => Promise<void>;
}

/** See the head of this file. */
export class Candidacy {
  private readonly options: CandidacyOptions;
  private name: string | undefined;
  private isWithdrawn = false;

  constructor(options: CandidacyOptions) {
    this.options = options;
  }

  /**
   * Waits until this candidate is first in line, then raises the epoch.
   * @param candidate what the others are shown of this one
   * @returns the epoch
   */
  async win(candidate: string, waiting: Waiting): Promise<number> {
    const { session } = this.options;
    this.name = await this.stand(candidate);
    const change = new Signal();
    void session.lost.then(change.raise);
    for (;;) {
      const line = candidatesAmong((await session.children(this.options.places.folder, change.raise)) ?? []);
      const place = line.indexOf(this.name);
      // Somebody took it out of the line: begin at its end.
      if (place === -1) this.name = await this.stand(candidate);
      else if (place === 0) {
        const epoch = await this.raiseEpoch();
        if (epoch !== undefined) return epoch;
      } else {
        await waiting.standby(session);
        const isNext = place === 1 && waiting.hasEnded !== undefined;
        if (isNext) await this.removeEnded(line[0], waiting.hasEnded);
        const timer = this.options.timers.after(isNext ? NEXT_LOOK_MS : LOOK_MS, change.raise);
        await change.wait();
        timer.cancel();
      }
    }
  }

  /** A leader whose process has ended keeps nobody waiting. */
  private async removeEnded(
    leader: string | undefined,
    hasEnded: NonNullable<CampaignOptions['hasEnded']>,
  ): Promise<void> {
    const { session, places, log } = this.options;
    const node = leader === undefined ? undefined : await session.read(`${places.folder}/${leader}`);
    if (node === undefined || !(await hasEnded(node.data.toString()))) return;
    log.warn({ leader }, 'The leading process has ended: its place in line is taken away');
    await session.remove(`${places.folder}/${leader ?? ''}`);
  }

  /** Calls back once when the candidate's node is gone: somebody else may lead. */
  onDeposed(callback: () => void): void {
    const { session, places } = this.options;
    const watch = (): void => {
      if (this.name === undefined || this.isWithdrawn) return;
      session.exists(`${places.folder}/${this.name}`, watch).then(
        (isThere) => {
          if (!isThere) callback();
        },
        () => {
          callback();
        },
      );
    };
    watch();
  }

  /** Leaves the line. */
  async withdraw(): Promise<void> {
    if (this.name === undefined || this.isWithdrawn) return;
    this.isWithdrawn = true;
    try {
      await this.options.session.remove(`${this.options.places.folder}/${this.name}`);
    } catch (error) {
      // It goes with the session.
      this.options.log.info({ error: describeError(error) }, 'The candidacy could not be withdrawn');
    }
  }

  private async stand(candidate: string): Promise<string> {
    const { session, places } = this.options;
    const data = Buffer.from(candidate);
    for (;;) {
      try {
        const path = await session.createCandidate(`${places.folder}/${CANDIDATE_PREFIX}`, data);
        return path.slice(places.folder.length + 1);
      } catch (error) {
        if (!isConnectionLost(error)) throw error;
        // It may stand there without knowing. Two candidacies of one session would wait for each other.
        await this.removeOwn(data);
      }
    }
  }

  private async removeOwn(data: Buffer): Promise<void> {
    const { session, places } = this.options;
    for (const name of candidatesAmong((await session.children(places.folder)) ?? [])) {
      const node = await session.read(`${places.folder}/${name}`);
      if (node?.data.equals(data) === true) await session.remove(`${places.folder}/${name}`);
    }
  }

  /** Undefined when this candidate is no longer first, or another has raised it at the same moment. */
  private async raiseEpoch(): Promise<number | undefined> {
    const { session, places } = this.options;
    const before = (await session.read(places.epoch))?.version ?? 0;
    try {
      await session.transact([
        { type: 'check', path: `${places.folder}/${this.name ?? ''}` },
        { type: 'set', path: places.epoch, data: Buffer.from(this.name ?? ''), version: before },
      ]);
      return before + 1;
    } catch (error) {
      if (isConnectionLost(error)) return undefined;
      const refusal = refusalIn(error);
      if (refusal === 'bad-version' || refusal === 'no-node') return undefined;
      throw error;
    }
  }
}
