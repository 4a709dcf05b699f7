/**
 * Marathon's rolling restart, planned anew from what is observed at every change. Nothing is
 * remembered between two looks, so it goes on after a crash as if nothing had happened.
 */

/** An instance as the restart sees it. */
export interface RollingInstance {
  readonly id: string;
  /** Running, healthy and ready; never true for one that is being killed. */
  readonly up: boolean;
}

/** What is observed. Each instance is in exactly one list or count. */
export interface RollingState {
  /** Wanted instances, by the new definition. */
  readonly wanted: number;
  readonly minimumHealthCapacity: number;
  readonly maximumOverCapacity: number;
  /** An app with local state needs the place of an old instance for a new one. */
  readonly isResident: boolean;
  /** Of the old configuration, wanted and launched, in the order in which they are to be killed. */
  readonly old: readonly RollingInstance[];
  /** Of the new configuration, wanted, waiting for a place or launched. In the order in which surplus is to be killed. */
  readonly fresh: readonly RollingInstance[];
  /** Told to end, but not gone yet. */
  readonly leaving: number;
}

/** What to do now. */
export interface RollingPlan {
  readonly kill: readonly string[];
  /** How many new instances to begin with. */
  readonly start: number;
  readonly done: boolean;
}

/** The bounds of a rollout, in instances. */
export interface RollingBounds {
  readonly minHealthy: number;
  readonly maxCapacity: number;
}

/** Fractions of people are decimal; without this, 100 × 0.55 would round up to 56. */
const ROUNDING_SLACK = 1e-9;

/** `ceil(n × minimumHealthCapacity)` and `floor(n × (1 + maximumOverCapacity))`. */
export function rollingBounds(
  state: Pick<RollingState, 'wanted' | 'minimumHealthCapacity' | 'maximumOverCapacity'>,
): RollingBounds {
  return {
    minHealthy: Math.ceil(state.wanted * state.minimumHealthCapacity - ROUNDING_SLACK),
    maxCapacity: Math.floor(state.wanted * (1 + state.maximumOverCapacity) + ROUNDING_SLACK),
  };
}

/**
 * The next kills and starts. Healthy instances never fall below the minimum and the total never rises above the
 * maximum by what this plans, save the one that Marathon allows when both bounds meet. Ill old instances count for
 * nothing that has to be kept, so they neither hold the restart nor outlive it.
 */
export function planRolling(state: RollingState): RollingPlan {
  const { wanted, old, fresh, leaving } = state;
  const { minHealthy, maxCapacity } = rollingBounds(state);
  const total = old.length + fresh.length + leaving;
  const isTight = minHealthy === maxCapacity && maxCapacity <= total;

  const surplus = Math.max(0, fresh.length - wanted);
  const freshOnes = surplus === 0 ? fresh : unhealthyFirst(fresh);
  // Old ones stay until as many new ones are up as have to be: each that comes up lets one go, the ill ones first.
  let kept = Math.max(0, minHealthy - countUp(freshOnes.slice(surplus)));
  // Local state cannot be in two places: one has to go before its successor comes.
  if (isTight && state.isResident) kept -= 1;
  const victims = [
    ...idsOf(unhealthyFirst(old).slice(0, Math.max(0, old.length - Math.max(0, kept)))),
    ...idsOf(freshOnes.slice(0, surplus)),
  ];

  const capacity = isTight && !state.isResident ? maxCapacity + 1 : maxCapacity;
  const start = Math.max(0, Math.min(wanted - fresh.length, capacity - total));
  const done = old.length === 0 && leaving === 0 && fresh.length === wanted && countUp(fresh) === wanted;
  return { kill: victims, start, done };
}

function countUp(instances: readonly RollingInstance[]): number {
  let count = 0;
  for (const instance of instances) if (instance.up) count += 1;
  return count;
}

function unhealthyFirst(instances: readonly RollingInstance[]): readonly RollingInstance[] {
  return [...instances.filter((instance) => !instance.up), ...instances.filter((instance) => instance.up)];
}

function idsOf(instances: readonly RollingInstance[]): string[] {
  return instances.map((instance) => instance.id);
}
