/** When the sandbox of an ended task goes (Mesos's garbage collection of the agent). */

/** `gc_delay` and `gc_disk_headroom` of Mesos. */
export interface RetentionPolicy {
  readonly delayMs: number;
  /** The part of the disk that should stay free, 0 to 1. */
  readonly diskHeadroom: number;
}

/**
 * How long an ended sandbox may stay: the delay, shrunk as the disk fills, and nothing once the headroom is touched.
 * @param diskUsedFraction 0 to 1
 */
export function sandboxAgeMsMax(policy: RetentionPolicy, diskUsedFraction: number): number {
  return policy.delayMs * Math.min(1, Math.max(0, 1 - policy.diskHeadroom - diskUsedFraction));
}

/** Picks what to remove now. Running tasks are not in the list in the first place. */
export function pickExpired<Ended extends { readonly endedAt: number }>(
  ended: Iterable<Ended>,
  ageMsMax: number,
  countMax: number,
  now: number,
): Ended[] {
  const oldestFirst = [...ended].sort((left, right) => left.endedAt - right.endedAt);
  const surplus = Math.max(0, oldestFirst.length - countMax);
  return oldestFirst.filter((each, index) => index < surplus || now - each.endedAt >= ageMsMax);
}
