/** Counts why offers were refused for one request, and says it in sentences that name the nearest fit. */
import type { RejectReason } from '@stadion/contract/orchestrator';
import { fieldValue } from './constraint.ts';
import type { CountedConstraint } from './constraints.ts';
import type { Demand } from './demand.ts';
import { MAX_EXAMPLES, MAX_EXPLANATIONS, MAX_LISTED_OFFERS, MAX_NAMED_VALUES } from './limits.ts';
import { reasonOf, type ReadyRequest, type Refusal } from './match-request.ts';
import { NearestFitSearch } from './nearest-fit.ts';
import type { OfferLedger } from './offer-ledger.ts';
import { describeDemand, describeDisk } from './own-disks.ts';
import type { PreparedOffer, RefusedOffer, RejectExplanation, RejectTally } from './types.ts';

/** Refusals of one kind, as they gather. */
interface Group {
  readonly refusal: Refusal;
  agents: number;
  readonly examples: string[];
  /** What the agents have where something else is needed, a few of them. */
  readonly values: Set<string>;
  /** Agents that lack the attribute altogether. */
  without: number;
  /** The most that is left of the resource on one agent: thousandths, or ports. */
  most: number;
  /** Fixed ports that are not free on some agent. */
  readonly takenPorts: Set<number>;
}

/** Builds the tally of one request, offer by offer. */
export class RejectTallyBuilder {
  private readonly request: ReadyRequest;
  private readonly ledger: OfferLedger;
  private processed = 0;
  private readonly declined = new Map<RejectReason, number>();
  private readonly groups = new Map<string, Group>();
  private readonly refused: RefusedOffer[] = [];
  private readonly nearest: NearestFitSearch;

  constructor(request: ReadyRequest, ledger: OfferLedger) {
    this.request = request;
    this.ledger = ledger;
    this.nearest = new NearestFitSearch(request.demand, ledger);
  }

  /** Counts one offer; without a refusal it would take more, were it not at its limit for this pass. */
  examine(offer: PreparedOffer, index: number, refusal: Refusal | undefined): void {
    // The same agent is offered for the other purpose next: there is nothing to explain.
    if (refusal === 'other-offer') return;
    this.processed += 1;
    if (refusal === undefined) return;
    const reason = reasonOf(refusal);
    this.declined.set(reason, (this.declined.get(reason) ?? 0) + 1);
    if (this.refused.length < MAX_LISTED_OFFERS) this.refused.push({ offer, reason });
    this.nearest.examine(offer, index, refusal);
    const group = this.groupOf(refusal);
    if (group !== undefined) this.gather(group, offer, index);
  }

  /** The tally, its explanations with the most frequent first. */
  finish(): RejectTally {
    const explanations = new Map<string, RejectExplanation>();
    for (const [code, group] of [...this.groups].sort(([, one], [, other]) => other.agents - one.agents)) {
      const isAll = group.agents === this.processed;
      explanations.set(code, {
        reason: reasonOf(group.refusal),
        agents: group.agents,
        examples: group.examples,
        message: this.sentence(group, isAll) + (isAll ? '' : ` (${group.agents} of ${this.processed} agents)`),
      });
    }
    const nearest = this.nearest.found();
    return {
      processed: this.processed,
      declined: this.declined,
      explanations,
      refused: this.refused,
      ...(nearest === undefined ? {} : { nearest }),
    };
  }

  private groupOf(refusal: Refusal): Group | undefined {
    const code = codeOf(refusal, this.request.demand);
    const known = this.groups.get(code);
    if (known !== undefined || this.groups.size >= MAX_EXPLANATIONS) return known;
    const group: Group = {
      refusal,
      agents: 0,
      examples: [],
      values: new Set(),
      without: 0,
      most: 0,
      takenPorts: new Set(),
    };
    this.groups.set(code, group);
    return group;
  }

  private gather(group: Group, offer: PreparedOffer, index: number): void {
    group.agents += 1;
    const { refusal } = group;
    const { hostname } = offer.place;
    if (group.examples.length < MAX_EXAMPLES && !group.examples.includes(hostname)) group.examples.push(hostname);
    if (typeof refusal === 'object') {
      const value = fieldValue(offer.place, refusal.state.field);
      if (value === undefined) group.without += 1;
      else addNamed(group.values, value);
    } else if (refusal === 'role-mismatch') addNamed(group.values, offer.role);
    else if (refusal === 'disk-type') for (const disk of offer.disks) addNamed(group.values, describeDisk(disk));
    else if (refusal === 'region') addNamed(group.values, offer.place.region ?? '');
    else {
      const left = this.ledger.remaining(index, reasonOf(refusal), this.request.demand);
      group.most = Math.max(group.most, left);
      if (refusal !== 'InsufficientPorts') return;
      for (const port of this.ledger.takenPorts(index, this.request.demand.fixedPorts)) group.takenPorts.add(port);
    }
  }

  private sentence(group: Group, isAll: boolean): string {
    const { refusal } = group;
    const { demand } = this.request;
    if (typeof refusal === 'object') return constraintSentence(refusal, group);
    const values = listed(group.values);
    switch (refusal) {
      case 'role-mismatch':
        return `needs an offer for role ${demand.role}, agents offer to ${values}`;
      case 'reserved-only':
        return `accepts resources reserved for role ${demand.role} only, agents have none`;
      case 'disk-type':
        return `needs ${demand.ownDisks.map(describeDemand).join(', ')}, agents offer ${values === '' ? 'their root disk only' : values}`;
      case 'runner':
        return isAll ? `no agent has ${demand.runner.name}` : `no ${demand.runner.name}`;
      case 'region':
        return `stays in region ${this.request.region ?? ''} for want of a @region constraint, agents are in ${values}`;
      case 'moves-elsewhere':
        return 'is to take the place of one that moves, on another agent';
      case 'AgentMaintenance':
        return isAll ? 'every agent is planned to be out of service now' : 'planned to be out of service now';
      case 'InsufficientCpus':
        return `needs ${demand.cpusMilli / 1000} ${demand.isRevocable ? 'revocable cpus' : 'cpus'}, ${mostFree(group.most / 1000)}`;
      case 'InsufficientMemory':
        return `needs ${demand.memMilli / 1000} MiB of memory, ${mostFree(group.most / 1000)}`;
      case 'InsufficientDisk':
        return `needs ${demand.diskMilli / 1000} MiB of disk, ${mostFree(group.most / 1000)}`;
      case 'InsufficientGpus':
        return `needs ${demand.gpusMilli / 1000} gpus, ${mostFree(group.most / 1000)}`;
      case 'InsufficientPorts':
        return portsSentence(demand, group);
      default:
        return `refused by ${refusal}`;
    }
  }
}

/** The stable code of a kind of refusal. */
function codeOf(refusal: Refusal, demand: Demand): string {
  if (typeof refusal === 'object') return refusal.code;
  switch (refusal) {
    case 'runner':
      return demand.runner.code;
    case 'AgentMaintenance':
      return 'maintenance';
    case 'InsufficientCpus':
      return 'cpus';
    case 'InsufficientMemory':
      return 'mem';
    case 'InsufficientDisk':
      return 'disk';
    case 'InsufficientGpus':
      return 'gpus';
    case 'InsufficientPorts':
      return 'ports';
    default:
      return refusal;
  }
}

function constraintSentence({ state }: CountedConstraint, group: Group): string {
  const lacks = `no attribute ${state.field}`;
  if (group.values.size === 0) return `${state.name}: agents have ${lacks}`;
  const sentence = `${state.name} ${state.explain(listed(group.values))}`;
  return group.without === 0 ? sentence : `${sentence} or ${lacks}`;
}

function portsSentence(demand: Demand, group: Group): string {
  if (group.takenPorts.size > 0) {
    const ports = listed(new Set([...group.takenPorts].sort((one, other) => one - other).map(String)));
    return `${group.takenPorts.size === 1 ? 'port' : 'ports'} ${ports} not free`;
  }
  return `needs ${demand.portCount} ${demand.portCount === 1 ? 'port' : 'ports'}, ${mostFree(group.most)}`;
}

function mostFree(amount: number): string {
  return `the most free on one agent is ${amount}`;
}

/** Remembers one value more than is ever named, so that {@link listed} knows of the rest. */
function addNamed(values: Set<string>, value: string): void {
  if (values.size <= MAX_NAMED_VALUES) values.add(value);
}

function listed(values: ReadonlySet<string>): string {
  const named = [...values].slice(0, MAX_NAMED_VALUES).join(', ');
  return values.size > MAX_NAMED_VALUES ? `${named}, …` : named;
}
