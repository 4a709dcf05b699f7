/** The agents of the small master, and what of them is offered: all that an agent has left, in one offer at a time. */
import type { Clock, TimerHandle, Timers } from '@stadion/base';
import type { Offer, Resource, SchedulerEvent } from '@stadion/contract/mesos';

export interface FakeAgent {
  readonly id: string;
  readonly cpus: number;
  readonly attributes: Offer['attributes'];
  isReachable: boolean;
  refusedUntil: number;
}

interface FakeOffersParts {
  readonly time: Clock & Timers;
  /** Whom everything is offered to; undefined: nobody is there. */
  readonly frameworkId: () => string | undefined;
  readonly usedCpus: (agent: FakeAgent) => number;
  readonly deliver: (event: SchedulerEvent) => void;
}

/** Offers are made a moment after there is a reason to. */
export class FakeOffers {
  /** The role that everything is offered in. */
  role = '*';
  readonly agents: readonly FakeAgent[];
  /** In each offer, whatever is done about it. */
  readonly alsoOffered: Resource[] = [];
  private readonly parts: FakeOffersParts;
  private readonly offers = new Map<string, FakeAgent>();
  private readonly withheld = new Set<string>();
  private isSuppressed = false;
  private timer: TimerHandle | undefined;
  private sequence = 0;

  constructor(options: { readonly agents: number; readonly cpus: number }, parts: FakeOffersParts) {
    this.parts = parts;
    this.agents = Array.from({ length: options.agents }, (_, index) => ({
      id: `agent-${String(index)}`,
      cpus: options.cpus,
      attributes: [{ name: 'rack', type: 'TEXT', text: { value: `rack-${String(index % 2)}` } }],
      isReachable: true,
      refusedUntil: 0,
    }));
  }

  agent(id: string): FakeAgent | undefined {
    return this.agents.find((agent) => agent.id === id);
  }

  /** Whose offer it is; it is over with that. Undefined: it was over before. */
  take(offerId: string): FakeAgent | undefined {
    const agent = this.offers.get(offerId);
    this.offers.delete(offerId);
    return agent;
  }

  decline(offerId: string, refuseSeconds: number): void {
    const { time } = this.parts;
    const agent = this.take(offerId);
    if (agent !== undefined) agent.refusedUntil = time.now() + refuseSeconds * 1000;
    time.after(refuseSeconds * 1000, () => {
      this.makeSoon();
    });
  }

  /** Nothing is out any more, and nobody hears of it. */
  clear(): void {
    this.offers.clear();
  }

  /** Nothing is refused any more. */
  revive(): void {
    this.isSuppressed = false;
    for (const agent of this.agents) agent.refusedUntil = 0;
  }

  suppress(roles: readonly string[] | undefined): void {
    if (roles?.includes(this.role) !== false) this.isSuppressed = true;
  }

  /** Offers nothing of an agent any more. */
  withhold(agentId: string): void {
    this.withheld.add(agentId);
    this.rescind(agentId);
  }

  /** Takes back what is out of an agent. */
  rescind(agentId: string): void {
    for (const [id, agent] of [...this.offers]) {
      if (agent.id !== agentId) continue;
      this.offers.delete(id);
      this.parts.deliver({ type: 'RESCIND', rescind: { offer_id: { value: id } } });
    }
  }

  makeSoon(): void {
    this.timer ??= this.parts.time.after(1, () => {
      this.timer = undefined;
      this.make();
    });
  }

  private make(): void {
    const { time, frameworkId, usedCpus, deliver } = this.parts;
    const framework = frameworkId();
    if (framework === undefined || this.isSuppressed) return;
    const held = new Set(this.offers.values());
    const made: Offer[] = [];
    for (const agent of this.agents) {
      if (held.has(agent) || !agent.isReachable || this.withheld.has(agent.id)) continue;
      const free = agent.cpus - usedCpus(agent);
      if (free < 0.001 || agent.refusedUntil > time.now()) continue;
      this.sequence += 1;
      const id = `offer-${String(this.sequence)}`;
      this.offers.set(id, agent);
      made.push({
        id: { value: id },
        framework_id: { value: framework },
        agent_id: { value: agent.id },
        hostname: `host-${agent.id}`,
        resources: [
          { name: 'cpus', type: 'SCALAR', scalar: { value: free } },
          { name: 'mem', type: 'SCALAR', scalar: { value: 100_000 } },
          { name: 'disk', type: 'SCALAR', scalar: { value: 100_000 } },
          { name: 'ports', type: 'RANGES', ranges: { range: [{ begin: 31_000, end: 32_000 }] } },
          ...this.alsoOffered,
        ],
        attributes: agent.attributes,
        allocation_info: { role: this.role },
      });
    }
    if (made.length > 0) deliver({ type: 'OFFERS', offers: { offers: made } });
  }
}
