/**
 * The nodes of one service as one caller sees them: who there is, who is out for failing, and who is chosen. Everything is
 * in memory and synchronous; sources bring nodes, callers take them.
 */
import { assert, type Clock, type Random } from '@stadion/base';
import { Candidate } from './candidate.ts';
import { powerOfTwoSelector, type Selector } from './selectors.ts';
import { nodeKey, type ServiceNode } from './service-node.ts';
import type { Criteria, ShardSelector } from './shards.ts';

/** How a pool behaves. */
export interface PoolSettings {
  readonly selector: Selector;
  readonly shards: ShardSelector | undefined;
  /** Failures in a row after which a node is left alone for a while. */
  readonly failuresMax: number;
  /** For how long, the first time; twice as long the next. */
  readonly ejectionMs: number;
  /** When more than this part of the nodes is out, nobody is: then it is not the nodes. */
  readonly panicPart: number;
}

/** What is used when nothing is said. */
export const POOL_DEFAULTS: PoolSettings = {
  selector: powerOfTwoSelector,
  shards: undefined,
  failuresMax: 5,
  ejectionMs: 10_000,
  panicPart: 0.5,
};

const EJECTION_MS_MAX = 300_000;
/** Wishes whose nodes are remembered. */
const VIEWS_MAX = 100;

/** One service's nodes. */
export class ServicePool {
  private readonly candidates = new Map<string, Candidate>();
  private readonly settings: PoolSettings;
  private readonly clock: Clock;
  private readonly random: Random;
  private usable: readonly Candidate[] = [];
  /** When `usable` may change by itself: somebody's time out is over. */
  private usableUntil = Infinity;
  private readonly views = new Map<Criteria, readonly Candidate[]>();

  constructor(parts: { readonly clock: Clock; readonly random: Random }, settings: Partial<PoolSettings> = {}) {
    this.settings = { ...POOL_DEFAULTS, ...settings };
    this.clock = parts.clock;
    this.random = parts.random;
  }

  /** Everybody there is, also who is out. */
  nodes(): ServiceNode[] {
    return [...this.candidates.values()].map(({ node }) => node);
  }

  get size(): number {
    return this.candidates.size;
  }

  /** Replaces the nodes; what is known of those that stay is kept. */
  update(nodes: readonly ServiceNode[]): void {
    const wanted = this.settings.shards === undefined ? nodes : this.settings.shards(nodes);
    const keys = new Set<string>();
    for (const node of wanted) {
      const key = nodeKey(node);
      keys.add(key);
      const known = this.candidates.get(key);
      if (known === undefined) this.candidates.set(key, new Candidate(key, node));
      else known.node = node;
    }
    for (const key of this.candidates.keys()) if (!keys.has(key)) this.candidates.delete(key);
    this.refresh();
  }

  /**
   * Chooses a node; undefined when there is none.
   * @param tried nodes that were tried already: others are taken while there are any
   */
  pick(criteria?: Criteria, tried?: ReadonlySet<Candidate>): Candidate | undefined {
    const now = this.clock.monotonic();
    if (now >= this.usableUntil) this.refresh();
    let from = criteria === undefined ? this.usable : this.view(criteria);
    if (tried !== undefined && tried.size > 0) {
      const fresh = from.filter((candidate) => !tried.has(candidate));
      if (fresh.length > 0) from = fresh;
      else {
        // Rather somebody who is out than the same one again.
        const rest = [...this.candidates.values()].filter(
          (candidate) => !tried.has(candidate) && (criteria === undefined || criteria(candidate.node)),
        );
        if (rest.length > 0) from = rest;
      }
    }
    return from.length === 0 ? undefined : this.settings.selector(from, now, this.random, this.clock.now());
  }

  /** A call to a chosen node begins. */
  began(candidate: Candidate): void {
    candidate.pending += 1;
  }

  /** It is over. A call that was cut short by the caller says nothing about the node. */
  ended(candidate: Candidate, outcome: 'ok' | 'failed' | 'cut short', latencyMs: number): void {
    assert(candidate.pending > 0, 'a call that ends has begun');
    candidate.pending -= 1;
    if (outcome === 'cut short') return;
    const now = this.clock.monotonic();
    candidate.observe(now, latencyMs);
    if (outcome === 'ok') {
      candidate.failuresInARow = 0;
      return;
    }
    candidate.failuresInARow += 1;
    if (candidate.failuresInARow < this.settings.failuresMax) return;
    candidate.failuresInARow = 0;
    const ejectionMs = Math.min(EJECTION_MS_MAX, this.settings.ejectionMs * 2 ** Math.min(candidate.ejections, 10));
    candidate.ejections += 1;
    candidate.ejectedUntil = now + ejectionMs;
    this.refresh();
  }

  private refresh(): void {
    const now = this.clock.monotonic();
    const all = [...this.candidates.values()];
    const out = all.filter(({ ejectedUntil }) => ejectedUntil > now);
    const isPanic = out.length > all.length * this.settings.panicPart;
    this.usable = isPanic || out.length === 0 ? all : all.filter(({ ejectedUntil }) => ejectedUntil <= now);
    this.usableUntil = Math.min(Infinity, ...out.map(({ ejectedUntil }) => ejectedUntil));
    this.views.clear();
  }

  private view(criteria: Criteria): readonly Candidate[] {
    const known = this.views.get(criteria);
    if (known !== undefined) return known;
    const view = this.usable.filter(({ node }) => criteria(node));
    if (this.views.size < VIEWS_MAX) this.views.set(criteria, view);
    return view;
  }
}
