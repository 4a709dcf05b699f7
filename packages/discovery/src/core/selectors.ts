/** How one of several nodes is chosen. All are functions of the nodes, the time and a random number. */
import { randomBelow, randomFraction, type Random } from '@stadion/base';
import type { Candidate } from './candidate.ts';

/** Chooses among at least one. `now` is of a clock that never goes backwards, `wall` is the wall clock; ms. */
export type Selector = (candidates: readonly Candidate[], now: number, random: Random, wall: number) => Candidate;

/** Each with the same chance. */
export const randomSelector: Selector = (candidates, _now, random) =>
  at(candidates, randomBelow(random, candidates.length));

/** One after the other. */
export function roundRobinSelector(): Selector {
  let next = 0;
  return (candidates) => {
    next = next + 1 >= candidates.length ? 0 : next + 1;
    return at(candidates, next);
  };
}

/** How weights are used; Ranger's meaning and defaults. */
export interface WeightOptions {
  /** A node that has been healthy for longer than this counts `boost` times. */
  readonly minNodeAgeMs?: number;
  readonly boost?: number;
  /** With more nodes than this, the heavier of two is taken instead of a draw by weight. */
  readonly threshold?: number;
}

/** By `routingWeight` and age. Where all weights are zero, each has the same chance. */
export function weightedSelector({ minNodeAgeMs = 60_000, boost = 1, threshold = 10 }: WeightOptions = {}): Selector {
  const weight = ({ node }: Candidate, wall: number): number =>
    node.routingWeight * (wall - node.healthySinceTimeStamp > minNodeAgeMs ? boost : 1);
  return (candidates, _now, random, wall) => {
    if (candidates.length > threshold) {
      const [one, other] = twoOf(candidates, random);
      return weight(one, wall) > weight(other, wall) ? one : other;
    }
    let total = 0;
    for (const candidate of candidates) total += weight(candidate, wall);
    if (total === 0) return at(candidates, randomBelow(random, candidates.length));
    let left = randomFraction(random) * total;
    for (const candidate of candidates) {
      left -= weight(candidate, wall);
      if (left < 0) return candidate;
    }
    return at(candidates, candidates.length - 1);
  };
}

/** The one with the fewest calls under way; of several such a random one. */
export const leastLoadedSelector: Selector = (candidates, _now, random) => {
  let best = at(candidates, 0);
  let ties = 0;
  for (const candidate of candidates) {
    if (candidate.pending > best.pending) continue;
    ties = candidate.pending < best.pending ? 1 : ties + 1;
    if (ties === 1 || randomBelow(random, ties) === 0) best = candidate;
  }
  return best;
};

/** The cheaper of two random ones, by peak latency and calls under way. The default: it avoids slow nodes by itself. */
export const powerOfTwoSelector: Selector = (candidates, now, random) => {
  if (candidates.length === 1) return at(candidates, 0);
  const [one, other] = twoOf(candidates, random);
  return one.cost(now) <= other.cost(now) ? one : other;
};

/** Nodes of one's own region first, while there are any. */
export function zoneFirstSelector(region: string, within: Selector = powerOfTwoSelector): Selector {
  const near = new WeakMap<readonly Candidate[], readonly Candidate[]>();
  return (candidates, now, random, wall) => {
    let own = near.get(candidates);
    if (own === undefined) {
      own = candidates.filter(({ node }) => node.nodeData.region === region);
      near.set(candidates, own);
    }
    return within(own.length > 0 ? own : candidates, now, random, wall);
  };
}

function twoOf(candidates: readonly Candidate[], random: Random): [Candidate, Candidate] {
  const first = randomBelow(random, candidates.length);
  const second = randomBelow(random, candidates.length - 1);
  return [at(candidates, first), at(candidates, second >= first ? second + 1 : second)];
}

function at(candidates: readonly Candidate[], index: number): Candidate {
  const found = candidates[index];
  if (found === undefined) throw new RangeError('a selector needs at least one node');
  return found;
}
