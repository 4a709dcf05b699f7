/** Picks one of the servers that may be picked. All methods look at weights. */
import { assertNever } from '@stadion/base';
import type { BalanceMethod } from '../model.ts';
import type { ServerState } from './server-state.ts';

/** What a pick depends on besides the servers. */
export interface PickContext {
  readonly nowMs: number;
  readonly slowStartMs: number;
  /** Uniform in [0, 1), new for each call. */
  readonly random: () => number;
  /** What a consistent hash is taken of. */
  readonly hashText: () => string;
}

/**
 * One of the candidates.
 * @param candidates not empty
 */
export function pick(
  method: BalanceMethod,
  candidates: readonly ServerState[],
  context: PickContext,
): ServerState | undefined {
  if (candidates.length === 1) return candidates[0];
  switch (method.kind) {
    case 'round-robin':
      return roundRobin(candidates, context);
    case 'least-connections':
      return least(candidates, context, (state, weight) => (state.active + 1) / weight);
    case 'two-choices':
      return twoChoices(candidates, context);
    case 'random':
      return byWeight(candidates, context);
    case 'first':
      return candidates[0];
    case 'hash':
      return rendezvous(candidates, hashText(context.hashText()));
    default:
      return assertNever(method, 'a way to balance');
  }
}

/** Smooth weighted round robin (as nginx does it): over any short stretch each gets its share. */
function roundRobin(candidates: readonly ServerState[], { nowMs, slowStartMs }: PickContext): ServerState | undefined {
  let total = 0;
  let best: ServerState | undefined;
  for (const state of candidates) {
    const weight = state.weightAt(nowMs, slowStartMs);
    state.turn += weight;
    total += weight;
    if (best === undefined || state.turn > best.turn) best = state;
  }
  if (best !== undefined) best.turn -= total;
  return best;
}

function least(
  candidates: readonly ServerState[],
  { nowMs, slowStartMs, random }: PickContext,
  costOf: (state: ServerState, weight: number) => number,
): ServerState | undefined {
  // Beginning anywhere spreads the ties.
  const start = Math.floor(random() * candidates.length);
  let best: ServerState | undefined;
  let bestCost = Infinity;
  for (let offset = 0; offset < candidates.length; offset += 1) {
    const state = candidates[(start + offset) % candidates.length];
    if (state === undefined) continue;
    const cost = costOf(state, Math.max(0.01, state.weightAt(nowMs, slowStartMs)));
    if (cost < bestCost) {
      best = state;
      bestCost = cost;
    }
  }
  return best;
}

/** The cheaper of two taken at random, by latency times load (peak EWMA). */
function twoChoices(candidates: readonly ServerState[], { random }: PickContext): ServerState | undefined {
  const first = Math.floor(random() * candidates.length);
  const step = 1 + Math.floor(random() * (candidates.length - 1));
  const one = candidates[first];
  const other = candidates[(first + step) % candidates.length];
  if (one === undefined || other === undefined) return one ?? other;
  return one.cost() <= other.cost() ? one : other;
}

function byWeight(
  candidates: readonly ServerState[],
  { nowMs, slowStartMs, random }: PickContext,
): ServerState | undefined {
  let total = 0;
  for (const state of candidates) total += state.weightAt(nowMs, slowStartMs);
  let point = random() * total;
  for (const state of candidates) {
    point -= state.weightAt(nowMs, slowStartMs);
    if (point < 0) return state;
  }
  return candidates.at(-1);
}

/** Weighted rendezvous hashing: when a server leaves, only its own keys move. */
function rendezvous(candidates: readonly ServerState[], key: number): ServerState | undefined {
  let best: ServerState | undefined;
  let bestScore = -Infinity;
  for (const state of candidates) {
    const uniform = (mix(key ^ state.hash) + 1) / 4_294_967_297;
    const score = -state.server.weight / Math.log(uniform);
    if (score > bestScore) {
      best = state;
      bestScore = score;
    }
  }
  return best;
}

/** A hash of a text, 32 bits (FNV-1a, then mixed). */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash ^= text.charCodeAt(index);
    hash = Math.imul(hash, 0x01000193);
  }
  return mix(hash);
}

function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
