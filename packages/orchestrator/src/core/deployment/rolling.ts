/**
 * Marathon's rolling restart, planned anew from what is observed at every change. Nothing is
 * remembered between two looks, so it goes on after a crash as if nothing had happened.
 */

/** Instances of one side, counted. */
export interface RollingCount {
  readonly count: number;
  /** Of these: running, healthy and ready; none that is being killed. */
  readonly up: number;
}

/** What is observed. Each instance is in exactly one count. */
export interface RollingState {
  /** Wanted instances, by the new definition. */
  readonly wanted: number;
  readonly minimumHealthCapacity: number;
  readonly maximumOverCapacity: number;
  /** The same bounds in instances: where given, they count. */
  readonly minimumHealthy?: number | undefined;
  readonly maximumOver?: number | undefined;
  /** Of the new configuration there may be only so many yet: a canary that nobody has promoted. */
  readonly freshMax?: number;
  /** The new instances are to have the volumes of old ones, each where its predecessor was. */
  readonly takesVolumesOver: boolean;
  /** Of the old configuration, wanted and launched. */
  readonly old: RollingCount;
  /** Of the new configuration, wanted, waiting for a place or launched. */
  readonly fresh: RollingCount;
  /** Told to end, but not gone yet. */
  readonly leaving: number;
}

/** What to do now. Those that are not up go first. */
export interface RollingPlan {
  readonly killOld: number;
  readonly killFresh: number;
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

/** `ceil(n × minimumHealthCapacity)` and `floor(n × (1 + maximumOverCapacity))`, or the counts that stand for them. */
export function rollingBounds(
  state: Pick<
    RollingState,
    'wanted' | 'minimumHealthCapacity' | 'maximumOverCapacity' | 'minimumHealthy' | 'maximumOver'
  >,
): RollingBounds {
  const { wanted, minimumHealthCapacity, maximumOverCapacity, minimumHealthy, maximumOver } = state;
  return {
    minHealthy:
      minimumHealthy === undefined
        ? Math.ceil(wanted * minimumHealthCapacity - ROUNDING_SLACK)
        : Math.min(wanted, minimumHealthy),
    maxCapacity:
      maximumOver === undefined
        ? Math.floor(wanted * (1 + maximumOverCapacity) + ROUNDING_SLACK)
        : wanted + maximumOver,
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
  const total = old.count + fresh.count + leaving;
  const isTight = minHealthy === maxCapacity && maxCapacity <= total;

  const killFresh = Math.max(0, fresh.count - wanted);
  const freshUpLeft = Math.min(fresh.up, fresh.count - killFresh);
  // Old ones stay until as many new ones are up as have to be: each that comes up lets one go, the ill ones first.
  let kept = Math.max(0, minHealthy - freshUpLeft);
  // Local state cannot be in two places: one has to go before its successor comes.
  if (isTight && state.takesVolumesOver) kept -= 1;
  // While only a canary may come, no more old ones go than it replaces.
  const freshMax = Math.min(wanted, state.freshMax ?? wanted);
  const killOld = Math.max(0, old.count - Math.max(0, kept, wanted - freshMax));

  const capacity = isTight && !state.takesVolumesOver ? maxCapacity + 1 : maxCapacity;
  const start = Math.max(0, Math.min(freshMax - fresh.count, capacity - total));
  const done = old.count === 0 && leaving === 0 && fresh.count === wanted && fresh.up === wanted;
  return { killOld, killFresh, start, done };
}
