/**
 * Resources that are set aside: reserved for a role, volumes made of them, disks of their own, reserved or not, and cpus that
 * are lent only. A vector has them beside what anybody may have, by a key that says what kind they are; amounts of one kind
 * add up, a volume is one whole, and so is a disk that is mounted as a whole.
 */
import { assert } from '@stadion/base';
import type { DiskInfo, Reservation } from '@stadion/contract/mesos-workload';
import type { Amount } from './amounts.ts';
import { addPorts, containsPorts, intersectPorts, subtractPorts, unionPorts, type PortRanges } from './port-ranges.ts';

/** A disk of its own on an agent: a directory of which parts can be had, or a file system that is had as a whole. */
export type DiskSource = NonNullable<DiskInfo['source']>;

/** What distinguishes one kind of reserved resource from another. The last reservation is the most specific. */
export interface HoldingKind {
  /** None: anybody may have it, as far as anybody may have a disk of its own. */
  readonly reservations: readonly Reservation[];
  /** Only for a volume; a task that uses it may say another container path. */
  readonly volume: DiskInfo | undefined;
  /** The disk of its own that it is on; undefined: the agent's root disk. */
  readonly source: DiskSource | undefined;
  /** Lent only, beside what the agent has of its own. */
  readonly isRevocable: boolean;
}

/** An amount of one kind. Scalars in thousandths. */
export interface Holding extends HoldingKind, Amount {}

/** By {@link holdingKey}. */
export type Holdings = ReadonlyMap<string, Holding>;

/** Shared by all vectors without reserved resources, and told by identity. */
export const NO_HOLDINGS: Holdings = new Map();

/** Same kind, same key. What a volume is used for (its path and mode) is not part of what it is, as in Mesos. */
export function holdingKey({ reservations, volume, source, isRevocable }: HoldingKind): string {
  if (isRevocable) return 'revocable';
  const stack = reservations.map(({ type, role, principal, labels }) => [type, role, principal, labels?.labels]);
  const disk = source === undefined ? [] : [source.type, rootOf(source)];
  return JSON.stringify([stack, volume?.persistence?.id, ...disk]);
}

/** The role that a holding is set aside for. */
export function roleOf(kind: HoldingKind): string {
  return kind.reservations.at(-1)?.role ?? '*';
}

/** Whether a role is another one or below it: `eng/dev` is below `eng`. */
export function isAtOrBelow(role: string, above: string): boolean {
  return role === above || role.startsWith(`${above}/`);
}

/** The id of the volume that this is, if it is one. */
export function volumeId(kind: HoldingKind): string | undefined {
  return kind.volume?.persistence?.id;
}

/** The directory of a disk of its own. */
export function rootOf({ path, mount }: DiskSource): string {
  return (path ?? mount)?.root ?? '';
}

/** Whether of this only the whole can be had: a volume, or a disk that is mounted as a whole. */
export function isWhole(kind: HoldingKind): boolean {
  return volumeId(kind) !== undefined || kind.source?.type === 'MOUNT';
}

/** Both together. @throws AssertionError when they share a port or a volume */
export function addHoldings(left: Holdings, right: Holdings): Holdings {
  if (right.size === 0) return left;
  if (left.size === 0) return right;
  const sum = new Map(left);
  for (const [key, holding] of right) {
    const known = sum.get(key);
    assert(known === undefined || !isWhole(holding), 'a volume, or a whole disk, is counted twice');
    sum.set(key, known === undefined ? holding : combine(known, holding, addPorts, 1));
  }
  return sum;
}

/** `whole` without `part`. @throws AssertionError when there is not that much */
export function subtractHoldings(whole: Holdings, part: Holdings): Holdings {
  if (part.size === 0) return whole;
  const rest = new Map(whole);
  for (const [key, holding] of part) {
    const known = rest.get(key);
    assert(known !== undefined, 'reserved resources are taken that are not there');
    const left = combine(known, holding, subtractPorts, -1);
    assert(left.cpus >= 0 && left.gpus >= 0 && left.mem >= 0 && left.disk >= 0, 'more is taken than is reserved');
    if (isEmpty(left)) rest.delete(key);
    else rest.set(key, left);
  }
  return rest.size === 0 ? NO_HOLDINGS : rest;
}

/** True when `part` fits into `whole`; of a volume only the whole fits. */
export function containsHoldings(whole: Holdings, part: Holdings): boolean {
  for (const [key, holding] of part) {
    const known = whole.get(key);
    if (known === undefined) return false;
    const fits =
      holding.cpus <= known.cpus &&
      holding.gpus <= known.gpus &&
      holding.mem <= known.mem &&
      holding.disk <= known.disk &&
      containsPorts(known.ports, holding.ports);
    if (!fits || (isWhole(holding) && holding.disk !== known.disk)) return false;
  }
  return true;
}

/** The smallest that contains both. */
export function unionHoldings(left: Holdings, right: Holdings): Holdings {
  if (right.size === 0) return left;
  const union = new Map(left);
  for (const [key, holding] of right) {
    const known = union.get(key);
    union.set(key, known === undefined ? holding : largest(known, holding));
  }
  return union;
}

/** What of `held` is not in `known`. A volume that is known in another size is not missing. */
export function holdingsBeyond(held: Holdings, known: Holdings): Holdings {
  const beyond = new Map<string, Holding>();
  for (const [key, holding] of held) {
    const there = known.get(key);
    if (there !== undefined && isWhole(holding)) continue;
    const missing = there === undefined ? holding : remainder(holding, there);
    if (!isEmpty(missing)) beyond.set(key, missing);
  }
  return beyond.size === 0 ? NO_HOLDINGS : beyond;
}

/** Those that a framework in this role may have: set aside for nobody, for the role itself or for one above it. */
export function holdingsFor(holdings: Holdings, role: string): Holdings {
  if (holdings.size === 0) return holdings;
  const own = new Map<string, Holding>();
  for (const [key, holding] of holdings) {
    const reservedFor = roleOf(holding);
    const isForAll = holding.reservations.length === 0;
    if (isForAll || isAtOrBelow(role, reservedFor)) own.set(key, holding);
  }
  return own.size === 0 ? NO_HOLDINGS : own;
}

/** True when there is nothing of it. */
export function isEmpty(holding: Amount): boolean {
  return (
    holding.cpus === 0 && holding.gpus === 0 && holding.mem === 0 && holding.disk === 0 && holding.ports.length === 0
  );
}

/** The same amounts as another kind: a reservation given or taken, a volume made or given up. */
export function asKind(holding: Holding, kind: HoldingKind): Holding {
  return { ...holding, ...kindOf(kind) };
}

function kindOf({ reservations, volume, source, isRevocable }: HoldingKind): HoldingKind {
  return { reservations, volume, source, isRevocable };
}

function combine(
  left: Holding,
  right: Holding,
  ports: (left: PortRanges, right: PortRanges) => PortRanges,
  sign: 1 | -1,
): Holding {
  return {
    ...kindOf(left),
    cpus: left.cpus + sign * right.cpus,
    gpus: left.gpus + sign * right.gpus,
    mem: left.mem + sign * right.mem,
    disk: left.disk + sign * right.disk,
    ports: ports(left.ports, right.ports),
  };
}

function remainder(holding: Holding, there: Amount): Holding {
  return {
    ...holding,
    cpus: Math.max(0, holding.cpus - there.cpus),
    gpus: Math.max(0, holding.gpus - there.gpus),
    mem: Math.max(0, holding.mem - there.mem),
    disk: Math.max(0, holding.disk - there.disk),
    ports: subtractPorts(holding.ports, intersectPorts(holding.ports, there.ports)),
  };
}

function largest(left: Holding, right: Holding): Holding {
  return {
    ...kindOf(left),
    cpus: Math.max(left.cpus, right.cpus),
    gpus: Math.max(left.gpus, right.gpus),
    mem: Math.max(left.mem, right.mem),
    disk: Math.max(left.disk, right.disk),
    ports: unionPorts(left.ports, right.ports),
  };
}
