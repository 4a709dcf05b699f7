/** Per app: what became of the offers that were examined while its instances waited, as `/v2/queue` shows it. */
import type { Offer, Resource } from '@stadion/contract/mesos';
import { RejectReason, type QueueItem, type UnusedOffer } from '@stadion/contract/orchestrator';
import { formatTimestamp } from '../app/timestamp.ts';
import { explainWaiting } from './explain-waiting.ts';
import type { PreparedOffer, RejectTally } from './types.ts';

/** Marathon's funnel: the rows of a reject summary, in order. */
const FUNNEL = RejectReason.anyOf.map((row) => row.const);

/** The part of a queue item that this module answers. */
export type QueueFields = Pick<QueueItem, 'processedOffersSummary' | 'lastUnusedOffers' | 'why'>;

/** The account of one app. Offers are counted in the rounds that left some of its instances waiting. */
export class RejectSummary {
  private processed = 0;
  /** By row of the funnel, since the launch attempt began. */
  private readonly declined = new Float64Array(FUNNEL.length);
  private lastTally: RejectTally | undefined;
  private lastUnused: readonly PreparedOffer[] = [];
  private unusedAt: number | undefined;
  private usedAt: number | undefined;

  /**
   * Adds a round that left instances waiting.
   * @param unused offers of the round that nobody took; kept, not copied
   * @param at when, in milliseconds since the Unix epoch
   */
  record(tally: RejectTally, unused: readonly PreparedOffer[], at: number): void {
    this.processed += tally.processed;
    for (const [row, reason] of FUNNEL.entries()) {
      this.declined[row] = (this.declined[row] ?? 0) + (tally.declined.get(reason) ?? 0);
    }
    // An agent is offered to one role after the other: what the right one was told stays the answer.
    if (this.lastTally === undefined || isForOthers(this.lastTally) || !isForOthers(tally)) {
      this.lastTally = tally;
      this.lastUnused = unused;
    }
    if (declinedOf(tally).some((count) => count > 0)) this.unusedAt = at;
  }

  /** Notes that an instance took an offer. */
  recordUsed(at: number): void {
    this.usedAt = at;
  }

  /** Forgets everything: the next offers are for a new launch attempt. */
  startLaunchAttempt(): void {
    this.processed = 0;
    this.declined.fill(0);
    this.lastTally = undefined;
    this.lastUnused = [];
    this.unusedAt = undefined;
    this.usedAt = undefined;
  }

  /**
   * The account as the queue shows it.
   * @param options.waiting how many instances wait
   * @param options.delaySeconds what is left of the launch delay, 0 for none
   * @param options.lastUnusedOffers whether to list offers, at most `MAX_LISTED_OFFERS`
   */
  toQueueFields(options: {
    readonly waiting: number;
    readonly delaySeconds: number;
    readonly lastUnusedOffers: boolean;
  }): QueueFields {
    const tally = this.lastTally;
    const summary = explainWaiting({ waiting: options.waiting, tally, delaySeconds: options.delaySeconds });
    const reasons = [...(tally?.explanations ?? [])].map(([reason, { agents, examples, message }]) => {
      return { reason, agents, examples: [...examples], message };
    });
    return {
      processedOffersSummary: {
        processedOffersCount: this.processed,
        unusedOffersCount: this.declined.reduce((sum, count) => sum + count, 0),
        ...(this.unusedAt === undefined ? {} : { lastUnusedOfferAt: formatTimestamp(this.unusedAt) }),
        ...(this.usedAt === undefined ? {} : { lastUsedOfferAt: formatTimestamp(this.usedAt) }),
        rejectSummaryLastOffers: funnel(tally?.processed ?? 0, tally === undefined ? [] : declinedOf(tally)),
        rejectSummaryLaunchAttempt: funnel(this.processed, this.declined),
      },
      ...(options.lastUnusedOffers ? { lastUnusedOffers: this.listUnused() } : {}),
      why: {
        summary,
        agents: tally?.processed ?? 0,
        reasons,
        ...(tally?.nearest === undefined ? {} : { nearest: tally.nearest }),
      },
    };
  }

  private listUnused(): UnusedOffer[] {
    const reasons = new Map(this.lastTally?.refused.map(({ offer, reason }) => [offer, reason]));
    const listed: UnusedOffer[] = [];
    for (const offer of this.lastUnused) {
      const reason = reasons.get(offer);
      if (reason === undefined) continue;
      listed.push({ offer: shown(offer.offer), reason: [reason], timestamp: formatTimestamp(this.unusedAt ?? 0) });
    }
    return listed;
  }
}

/** True when all that was offered was for other roles. */
function isForOthers({ explanations }: RejectTally): boolean {
  return explanations.size === 1 && explanations.has('role-mismatch');
}

function declinedOf(tally: RejectTally): readonly number[] {
  return FUNNEL.map((reason) => tally.declined.get(reason) ?? 0);
}

/** All ten rows; what a row declines the next one does not see. */
function funnel(processed: number, declinedByRow: Readonly<Record<number, number>>) {
  let left = processed;
  return FUNNEL.map((reason, row) => {
    const declined = declinedByRow[row] ?? 0;
    const entry = { reason, declined, processed: left };
    left -= declined;
    return entry;
  });
}

function shown(offer: Offer): UnusedOffer['offer'] {
  return {
    id: offer.id.value,
    hostname: offer.hostname,
    agentId: offer.agent_id.value,
    resources: offer.resources.map((resource) => ({
      name: resource.name,
      role: resource.role ?? '*',
      ...plainValue(resource),
    })),
    attributes: offer.attributes.map((attribute) => ({
      name: attribute.name,
      ...(attribute.text === undefined ? {} : { text: attribute.text.value }),
      ...plainValue(attribute),
    })),
  };
}

/** Marathon's flat form of a value: `{"scalar": 1}`, `{"ranges": [{begin, end}]}`, `{"set": ["a"]}`. */
function plainValue({ scalar, ranges, set }: Pick<Resource, 'scalar' | 'ranges' | 'set'>) {
  return {
    ...(scalar === undefined ? {} : { scalar: scalar.value }),
    ...(ranges === undefined ? {} : { ranges: ranges.range }),
    ...(set === undefined ? {} : { set: set.item }),
  };
}
