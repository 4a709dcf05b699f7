/** Which instances go first when an app is scaled down, in Marathon's order. */
import type { AppDefinition, InstanceCondition } from '@stadion/contract/orchestrator';
import type { Instance } from './instance.ts';
import { fieldValue } from './placement/constraint.ts';

/**
 * Chooses `count` of the candidates: those named first, then those whose end keeps GROUP_BY constraints even, then by
 * condition and age.
 * @param candidates wanted instances, oldest first
 * @param named instance ids that somebody asked to go
 */
export function selectVictims(
  candidates: readonly Instance[],
  count: number,
  app: Pick<AppDefinition, 'killSelection' | 'constraints'>,
  named: ReadonlySet<string>,
): Instance[] {
  if (count <= 0) return [];
  const ordered = inKillOrder(candidates, app.killSelection);
  const victims = ordered.filter((instance) => named.has(instance.id)).slice(0, count);
  let rest = ordered.filter((instance) => !named.has(instance.id));
  const fields = groupByFields(app);
  if (fields.length > 0 && victims.length < count) {
    const even = takeEvenly(rest, count - victims.length, fields);
    victims.push(...even);
    const taken = new Set(even);
    rest = rest.filter((instance) => !taken.has(instance));
  }
  for (let index = 0; victims.length < count && index < rest.length; index += 1) {
    const instance = rest[index];
    if (instance !== undefined) victims.push(instance);
  }
  return victims;
}

/** All candidates, the first to be killed first. Equal ones keep their order. */
export function inKillOrder(
  candidates: readonly Instance[],
  killSelection: AppDefinition['killSelection'],
): readonly Instance[] {
  const direction = killSelection === 'OLDEST_FIRST' ? 1 : -1;
  const order = killSelection === 'OLDEST_FIRST' ? [...candidates] : [...candidates].reverse();
  return order.sort(
    (left, right) => rankOf(left.condition) - rankOf(right.condition) || direction * (ageOf(left) - ageOf(right)),
  );
}

/** What never ran goes before what runs: there is nothing to lose. The rest is Marathon's order. */
function rankOf(condition: InstanceCondition): number {
  switch (condition) {
    case 'Scheduled':
      return 0;
    case 'Unreachable':
      return 1;
    case 'Provisioned':
    case 'Staging':
      return 2;
    case 'Starting':
      return 3;
    case 'Running':
      return 4;
    default:
      return 5;
  }
}

function ageOf(instance: Instance): number {
  if (instance.condition === 'Staging' || instance.condition === 'Provisioned') {
    return instance.stagedAt ?? instance.since;
  }
  return instance.condition === 'Running' ? (instance.startedAt ?? instance.since) : instance.since;
}

function groupByFields(app: Pick<AppDefinition, 'constraints'>): string[] {
  return (app.constraints ?? [])
    .filter((constraint) => constraint[1]?.toUpperCase() === 'GROUP_BY')
    .map((constraint) => constraint[0] ?? '');
}

/** Instances with the same values in all fields; which of them goes makes no difference to the spread. */
interface Bucket {
  readonly values: readonly string[];
  readonly members: Instance[];
  taken: number;
}

/** Takes from the largest groups while no constraint's spread (most minus fewest) gets worse than it was, or than 1. */
function takeEvenly(ordered: readonly Instance[], count: number, fields: readonly string[]): Instance[] {
  const buckets = new Map<string, Bucket>();
  const counts = fields.map(() => new Map<string, number>());
  for (const instance of ordered) {
    if (instance.place === undefined) continue;
    const place = instance.place;
    const values = fields.map((field) => fieldValue(place, field) ?? '');
    const key = values.join('\n');
    const bucket = buckets.get(key) ?? { values, members: [], taken: 0 };
    buckets.set(key, bucket);
    bucket.members.push(instance);
    values.forEach((value, field) => counts[field]?.set(value, (counts[field].get(value) ?? 0) + 1));
  }
  const victims: Instance[] = [];
  while (victims.length < count) {
    const bucket = bestBucket([...buckets.values()], counts);
    const victim = bucket?.members[bucket.taken];
    if (bucket === undefined || victim === undefined) break;
    bucket.taken += 1;
    victims.push(victim);
    bucket.values.forEach((value, field) => counts[field]?.set(value, (counts[field].get(value) ?? 0) - 1));
  }
  return victims;
}

function bestBucket(buckets: readonly Bucket[], counts: readonly ReadonlyMap<string, number>[]): Bucket | undefined {
  let best: Bucket | undefined;
  let bestSize = 0;
  for (const bucket of buckets) {
    if (bucket.taken >= bucket.members.length) continue;
    const size = bucket.values.reduce((sum, value, field) => sum + (counts[field]?.get(value) ?? 0), 0);
    if (size > bestSize && keepsEven(bucket, counts)) {
      best = bucket;
      bestSize = size;
    }
  }
  return best;
}

function keepsEven(bucket: Bucket, counts: readonly ReadonlyMap<string, number>[]): boolean {
  return bucket.values.every((value, field) => {
    const groups = counts[field];
    if (groups === undefined) return true;
    const before = spread([...groups.values()]);
    const after = spread([...groups].map(([group, size]) => (group === value ? size - 1 : size)));
    // Marathon takes only what lessens the spread; with two groups equally large no single end does, and the spread would be lost.
    return after <= Math.max(1, before);
  });
}

function spread(sizes: readonly number[]): number {
  let smallest = Number.POSITIVE_INFINITY;
  let largest = Number.NEGATIVE_INFINITY;
  for (const size of sizes) {
    if (size < smallest) smallest = size;
    if (size > largest) largest = size;
  }
  return sizes.length === 0 ? 0 : largest - smallest;
}
