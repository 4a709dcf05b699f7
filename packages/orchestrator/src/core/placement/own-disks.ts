/** Disks of their own: which of an agent's go to which volumes of an instance. */
import type { Offer, Resource } from '@stadion/contract/mesos';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { persistentVolumesOf, type NamedVolume } from '../app/spec.ts';
import { readPattern } from './pattern.ts';

/** A disk as an agent offers it. Of `path` a part can be had, of `mount` only the whole. */
export interface OwnDisk {
  readonly type: 'path' | 'mount';
  /** Its directory on the agent. */
  readonly root: string;
  /** Thousandths of MiB. */
  readonly milli: number;
}

/** A volume that wants such a disk. */
export interface OwnDiskDemand {
  /** Of the volume. */
  readonly name: string;
  readonly type: 'path' | 'mount';
  readonly milli: number;
  /** Of a disk that is had as a whole. */
  readonly maxMilli: number;
  /** Whether its constraints allow a disk at this place. */
  readonly accepts: (root: string) => boolean;
}

/** Where a volume goes: what it takes of which disk. */
export interface AssignedDisk extends OwnDisk {
  readonly volume: string;
}

/** No disks, shared. */
export const NO_DISKS: readonly never[] = Object.freeze([]);

/** The disks of an offer that nobody has reserved. */
export function offeredDisks(offer: Offer): readonly OwnDisk[] {
  let disks: OwnDisk[] | undefined;
  for (const resource of offer.resources) {
    const disk = ownDiskOf(resource);
    if (disk !== undefined) (disks ??= []).push(disk);
  }
  return disks ?? NO_DISKS;
}

function ownDiskOf({ name, role = '*', reservations = [], disk, scalar }: Resource): OwnDisk | undefined {
  const source = disk?.source;
  if (source === undefined || name !== 'disk' || role !== '*' || reservations.length > 0) return undefined;
  const { root = '' } = source.path ?? source.mount ?? {};
  return { type: source.type === 'PATH' ? 'path' : 'mount', root, milli: Math.round((scalar?.value ?? 0) * 1000) };
}

/** What the volumes of an app or a pod want, the largest first: the others are easier to place. */
export function ownDiskDemands(app: Pick<AppDefinition, 'container'>): readonly OwnDiskDemand[] {
  const demands = persistentVolumesOf(app).flatMap((volume) => demandOf(volume) ?? []);
  return demands.length === 0 ? NO_DISKS : demands.sort((left, right) => right.milli - left.milli);
}

function demandOf({ name, persistent }: NamedVolume): OwnDiskDemand | undefined {
  const { type = 'root', size, maxSize, profileName, constraints = [] } = persistent;
  if (type === 'root') return undefined;
  const tests = constraints.map(([, operator, value = '']) => {
    const pattern = readPattern(value);
    return (root: string) => pattern.ok && pattern.matches(root) === (operator === 'LIKE');
  });
  return {
    name,
    type,
    milli: size * 1000,
    maxMilli: maxSize === undefined ? Number.POSITIVE_INFINITY : maxSize * 1000,
    // Profiles are of storage providers, of which agents have none.
    accepts: (root) => profileName === undefined && tests.every((test) => test(root)),
  };
}

/** What is left of each disk, by its place. */
export type DisksLeft = ReadonlyMap<string, number>;

/**
 * Gives each volume the smallest disk that suits it.
 * @param left what is left of each disk, where that is less than all of it
 * @returns undefined when not all volumes find one
 */
export function assignDisks(
  demands: readonly OwnDiskDemand[],
  disks: readonly OwnDisk[],
  left: DisksLeft,
): readonly AssignedDisk[] | undefined {
  const assigned: AssignedDisk[] = [];
  const rest = new Map(left);
  for (const demand of demands) {
    let best: OwnDisk | undefined;
    for (const disk of disks) {
      const free = rest.get(disk.root) ?? disk.milli;
      const isLarger = best !== undefined && free >= (rest.get(best.root) ?? best.milli);
      if (disk.type === demand.type && !isLarger && suits(demand, disk, free)) best = disk;
    }
    if (best === undefined) return undefined;
    const { type, root } = best;
    const free = rest.get(root) ?? best.milli;
    const milli = type === 'mount' ? free : demand.milli;
    rest.set(root, free - milli);
    assigned.push({ volume: demand.name, type, root, milli });
  }
  return assigned;
}

function suits({ type, milli, maxMilli, accepts }: OwnDiskDemand, { root }: OwnDisk, free: number): boolean {
  if (free < milli || (type === 'mount' && (free > maxMilli || free === 0))) return false;
  return accepts(root);
}

/** What is left of disks after some of it was given away. */
export function withoutDisks(disks: readonly OwnDisk[], taken: readonly OwnDisk[]): readonly OwnDisk[] {
  if (taken.length === 0) return disks;
  return disks.flatMap((disk) => {
    const milli = taken.reduce((left, each) => (each.root === disk.root ? left - each.milli : left), disk.milli);
    return milli > 0 ? [{ ...disk, milli }] : [];
  });
}

/** What a volume wants, in words. */
export function describeDemand({ name, type, milli, maxMilli }: OwnDiskDemand): string {
  const most = maxMilli === Number.POSITIVE_INFINITY ? '' : ` and at most ${String(maxMilli / 1000)} MiB`;
  return `a disk of type ${type} with at least ${String(milli / 1000)} MiB${most} for its volume ${name}`;
}

/** A disk, in words. */
export function describeDisk({ type, root, milli }: OwnDisk): string {
  return `${type} ${root} of ${String(milli / 1000)} MiB`;
}
