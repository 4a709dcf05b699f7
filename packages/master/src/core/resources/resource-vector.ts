/** Amounts of resources in fixed point: integers of thousandths, so that sums never drift. */
import { assert } from '@stadion/base';
import { NO_PORTS, addPorts, containsPorts, subtractPorts, unionPorts, type PortRanges } from './port-ranges.ts';

/** The scalar resources, in the order in which they are printed. */
export const SCALAR_NAMES = ['cpus', 'gpus', 'mem', 'disk'] as const;
export type ScalarName = (typeof SCALAR_NAMES)[number];

/** Thousandths of cores, MiB, MiB and devices. */
export type Scalars = Readonly<Record<ScalarName, number>>;

/** An immutable amount of resources. Scalars in thousandths, never below zero. */
export interface ResourceVector extends Scalars {
  readonly ports: PortRanges;
}

/** Nothing. */
export const NOTHING: ResourceVector = { cpus: 0, gpus: 0, mem: 0, disk: 0, ports: NO_PORTS };

/**
 * Both amounts together.
 * @throws AssertionError when they share a port
 */
export function add(left: ResourceVector, right: ResourceVector): ResourceVector {
  if (right === NOTHING) return left;
  if (left === NOTHING) return right;
  return {
    cpus: left.cpus + right.cpus,
    gpus: left.gpus + right.gpus,
    mem: left.mem + right.mem,
    disk: left.disk + right.disk,
    ports: addPorts(left.ports, right.ports),
  };
}

/**
 * `whole` without `part`.
 * @throws AssertionError when there is not that much: something would be charged or freed twice
 */
export function subtract(whole: ResourceVector, part: ResourceVector): ResourceVector {
  if (part === NOTHING) return whole;
  if (whole === part) return NOTHING;
  const result = {
    cpus: whole.cpus - part.cpus,
    gpus: whole.gpus - part.gpus,
    mem: whole.mem - part.mem,
    disk: whole.disk - part.disk,
    ports: subtractPorts(whole.ports, part.ports),
  };
  assert(
    result.cpus >= 0 && result.gpus >= 0 && result.mem >= 0 && result.disk >= 0,
    'more resources are taken than there are',
  );
  return result;
}

/** True when `part` fits into `whole`. */
export function contains(whole: ResourceVector, part: ResourceVector): boolean {
  return (
    part.cpus <= whole.cpus &&
    part.mem <= whole.mem &&
    part.disk <= whole.disk &&
    part.gpus <= whole.gpus &&
    containsPorts(whole.ports, part.ports)
  );
}

/** The smallest amount that contains both. */
export function maximum(left: ResourceVector, right: ResourceVector): ResourceVector {
  return {
    cpus: Math.max(left.cpus, right.cpus),
    gpus: Math.max(left.gpus, right.gpus),
    mem: Math.max(left.mem, right.mem),
    disk: Math.max(left.disk, right.disk),
    ports: unionPorts(left.ports, right.ports),
  };
}

/** True when there is nothing. */
export function isNothing(vector: ResourceVector): boolean {
  return vector.cpus === 0 && vector.mem === 0 && vector.disk === 0 && vector.gpus === 0 && vector.ports.length === 0;
}
