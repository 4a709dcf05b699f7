/** What is left of each offer during a pass: numbers in typed arrays, charged as instances are placed. */
import type { Random } from '@stadion/base';
import type { RejectReason } from '@stadion/contract/orchestrator';
import type { Demand } from './demand.ts';
import { FreePorts } from './free-ports.ts';
import { NO_DISKS, assignDisks, type AssignedDisk } from './own-disks.ts';
import type { PreparedOffer } from './types.ts';

const STRIDE = 5;
/** Where the cpus are that are only lent. */
const REVOCABLE_CPUS = 4;
const NO_PORTS: readonly undefined[] = Object.freeze([]);
const NOTHING_TAKEN: ReadonlyMap<string, number> = new Map();

/** The account of all offers of one pass. Offers go by their index. */
export class OfferLedger {
  private readonly offers: readonly PreparedOffer[];
  /** cpus, mem, disk, gpus and revocable cpus of each offer, in thousandths. */
  private readonly scalars: Float64Array;
  private readonly launches: Int32Array;
  /** Made when an offer is first asked for a port. */
  private readonly ports: (FreePorts | undefined)[];
  /** What is left of disks of their own, by offer, where something was taken. */
  private readonly disksLeft = new Map<number, Map<string, number>>();
  private readonly maxLaunches: number;

  constructor(offers: readonly PreparedOffer[], maxLaunches: number) {
    this.offers = offers;
    this.scalars = new Float64Array(offers.length * STRIDE);
    this.launches = new Int32Array(offers.length);
    this.ports = new Array<FreePorts | undefined>(offers.length).fill(undefined);
    this.maxLaunches = maxLaunches;
    for (const [index, offer] of offers.entries()) {
      const { cpusMilli, memMilli, diskMilli, gpusMilli, revocableCpusMilli } = offer;
      this.scalars.set([cpusMilli, memMilli, diskMilli, gpusMilli, revocableCpusMilli], index * STRIDE);
    }
  }

  /** Whether the offer took as many instances as one pass allows. */
  isAtLimit(offer: number): boolean {
    return (this.launches[offer] ?? 0) >= this.maxLaunches;
  }

  /** The first resource that does not suffice, in Marathon's order; undefined when the instance fits. */
  shortage(offer: number, demand: Demand): RejectReason | undefined {
    const at = offer * STRIDE;
    if (demand.cpusMilli > this.left(cpusAt(at, demand))) return 'InsufficientCpus';
    if (demand.memMilli > this.left(at + 1)) return 'InsufficientMemory';
    if (demand.diskMilli > this.left(at + 2)) return 'InsufficientDisk';
    if (demand.gpusMilli > this.left(at + 3)) return 'InsufficientGpus';
    if (demand.portCount > 0 && !this.hasPorts(offer, demand)) return 'InsufficientPorts';
    return undefined;
  }

  /** The parts of one instance's demand that the offer lacks, added up; 0 where it has all of it but ports. */
  distance(offer: number, demand: Demand): number {
    const at = offer * STRIDE;
    return (
      lackingPart(demand.cpusMilli, this.left(cpusAt(at, demand))) +
      lackingPart(demand.memMilli, this.left(at + 1)) +
      lackingPart(demand.diskMilli, this.left(at + 2)) +
      lackingPart(demand.gpusMilli, this.left(at + 3))
    );
  }

  /**
   * How much of each scalar the offer lacks for one instance, in thousandths, 0 where it suffices.
   * @returns cpus, mem, disk and gpus
   */
  lacking(offer: number, demand: Demand): readonly [number, number, number, number] {
    const at = offer * STRIDE;
    return [
      Math.max(0, demand.cpusMilli - this.left(cpusAt(at, demand))),
      Math.max(0, demand.memMilli - this.left(at + 1)),
      Math.max(0, demand.diskMilli - this.left(at + 2)),
      Math.max(0, demand.gpusMilli - this.left(at + 3)),
    ];
  }

  /**
   * Charges the offer with one instance for which {@link shortage} found none.
   * @returns the host ports, one entry per wanted port, undefined where none was wanted
   */
  take(offer: number, demand: Demand, random: Random): readonly (number | undefined)[] {
    const at = offer * STRIDE;
    const cpus = cpusAt(at, demand);
    this.scalars[cpus] = this.left(cpus) - demand.cpusMilli;
    this.scalars[at + 1] = this.left(at + 1) - demand.memMilli;
    this.scalars[at + 2] = this.left(at + 2) - demand.diskMilli;
    this.scalars[at + 3] = this.left(at + 3) - demand.gpusMilli;
    this.launches[offer] = (this.launches[offer] ?? 0) + 1;
    if (demand.ports.length === 0) return NO_PORTS;
    const free = this.portsOf(offer);
    // Fixed ports go first, else chance might take them.
    for (const port of demand.fixedPorts) free.take(port);
    return demand.ports.map((port) => (port === 0 ? free.takeRandom(random) : port));
  }

  /** Whether the volumes that want disks of their own find some. */
  hasDisks(offer: number, demand: Demand): boolean {
    return demand.ownDisks.length === 0 || this.assign(offer, demand) !== undefined;
  }

  /** Charges the offer with the disks of one instance, for which {@link hasDisks} was true. */
  takeDisks(offer: number, demand: Demand): readonly AssignedDisk[] {
    if (demand.ownDisks.length === 0) return NO_DISKS;
    const assigned = this.assign(offer, demand) ?? NO_DISKS;
    const left = new Map(this.disksLeft.get(offer));
    for (const { root, milli } of assigned) {
      const whole = this.offers[offer]?.disks.find((disk) => disk.root === root)?.milli ?? 0;
      left.set(root, (left.get(root) ?? whole) - milli);
    }
    this.disksLeft.set(offer, left);
    return assigned;
  }

  /** Whether the offer has the ports of one instance. */
  hasPorts(offer: number, demand: Demand): boolean {
    const free = this.portsOf(offer);
    if (free.count < demand.portCount) return false;
    for (const port of demand.fixedPorts) if (!free.has(port)) return false;
    return true;
  }

  private assign(offer: number, demand: Demand): readonly AssignedDisk[] | undefined {
    const disks = this.offers[offer]?.disks ?? NO_DISKS;
    return assignDisks(demand.ownDisks, disks, this.disksLeft.get(offer) ?? NOTHING_TAKEN);
  }

  /**
   * What is left of the resource that a reason is about, scalars in thousandths, ports counted; 0 for other reasons.
   * @param demand says which cpus it is about
   */
  remaining(offer: number, reason: RejectReason, demand: Demand): number {
    const at = offer * STRIDE;
    switch (reason) {
      case 'InsufficientCpus':
        return this.left(cpusAt(at, demand));
      case 'InsufficientMemory':
        return this.left(at + 1);
      case 'InsufficientDisk':
        return this.left(at + 2);
      case 'InsufficientGpus':
        return this.left(at + 3);
      case 'InsufficientPorts':
        return this.portsOf(offer).count;
      default:
        return 0;
    }
  }

  /** Which of these ports are not free. */
  takenPorts(offer: number, ports: readonly number[]): readonly number[] {
    const free = this.portsOf(offer);
    return ports.filter((port) => !free.has(port));
  }

  private left(at: number): number {
    return this.scalars[at] ?? 0;
  }

  private portsOf(offer: number): FreePorts {
    const known = this.ports[offer];
    if (known !== undefined) return known;
    const made = new FreePorts(this.offers[offer]?.ports ?? []);
    this.ports[offer] = made;
    return made;
  }
}

function cpusAt(at: number, { isRevocable }: Demand): number {
  return isRevocable ? at + REVOCABLE_CPUS : at;
}

function lackingPart(wanted: number, left: number): number {
  return wanted > left ? (wanted - left) / wanted : 0;
}
