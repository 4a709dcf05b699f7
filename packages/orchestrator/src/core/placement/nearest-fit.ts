/** Finds, among agents that have too little for one instance, the one where least is wanting. */
import type { NearestFit } from '@stadion/contract/orchestrator-extensions';
import type { Demand } from './demand.ts';
import type { Refusal } from './match-request.ts';
import type { OfferLedger } from './offer-ledger.ts';
import type { PreparedOffer } from './types.ts';

/** Refusals for want of scalar resources: they come last, so that all else about such an agent suits. */
const SCARCE: ReadonlySet<Refusal> = new Set<Refusal>([
  'InsufficientCpus',
  'InsufficientMemory',
  'InsufficientDisk',
  'InsufficientGpus',
]);
const NAMES = ['cpus', 'mem', 'disk', 'gpus'] as const;

/** Looks at one offer after the other. */
export class NearestFitSearch {
  private readonly demand: Demand;
  private readonly ledger: OfferLedger;
  private best: NearestFit | undefined;
  /** The sum of the parts of the demand that the best one lacks. */
  private distance = Infinity;

  constructor(demand: Demand, ledger: OfferLedger) {
    this.demand = demand;
    this.ledger = ledger;
  }

  /** Takes one refused offer into account. */
  examine({ offer }: PreparedOffer, index: number, refusal: Refusal): void {
    if (!SCARCE.has(refusal)) return;
    const { demand, ledger } = this;
    const distance = ledger.distance(index, demand);
    // Ports are asked for last: it takes more, and seldom an agent comes nearer than all before it.
    if (distance >= this.distance || (demand.portCount > 0 && !ledger.hasPorts(index, demand))) return;
    this.distance = distance;
    const lacking = ledger.lacking(index, demand);
    const lacks = NAMES.flatMap((name, at) => {
      const milli = lacking[at] ?? 0;
      return milli > 0 ? [[name, milli / 1000] as const] : [];
    });
    this.best = { agentId: offer.agent_id.value, hostname: offer.hostname, lacks: Object.fromEntries(lacks) };
  }

  /** The nearest of all that were looked at, if any lacked nothing but resources. */
  found(): NearestFit | undefined {
    return this.best;
  }
}
