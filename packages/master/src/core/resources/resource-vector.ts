/** Amounts of resources in fixed point: integers of thousandths, so that sums never drift. */
import { assert } from '@stadion/base';
import { SCALAR_NAMES, type Amount, type Scalars } from './amounts.ts';
import {
  NO_HOLDINGS,
  addHoldings,
  containsHoldings,
  holdingsFor,
  subtractHoldings,
  unionHoldings,
  type Holdings,
} from './holdings.ts';
import { NO_PORTS, addPorts, containsPorts, subtractPorts, unionPorts, type PortRanges } from './port-ranges.ts';

/** An immutable amount of resources. Scalars in thousandths, never below zero. What is reserved is not among them. */
export interface ResourceVector extends Amount {
  readonly held: Holdings;
}

/** Nothing. */
export const NOTHING: ResourceVector = { cpus: 0, gpus: 0, mem: 0, disk: 0, ports: NO_PORTS, held: NO_HOLDINGS };

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
    held: addHoldings(left.held, right.held),
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
    held: subtractHoldings(whole.held, part.held),
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
    containsPorts(whole.ports, part.ports) &&
    (part.held === NO_HOLDINGS || containsHoldings(whole.held, part.held))
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
    held: unionHoldings(left.held, right.held),
  };
}

/** True when there is nothing. */
export function isNothing(vector: ResourceVector): boolean {
  return (
    vector.cpus === 0 &&
    vector.mem === 0 &&
    vector.disk === 0 &&
    vector.gpus === 0 &&
    vector.ports.length === 0 &&
    vector.held === NO_HOLDINGS
  );
}

/** What a framework in this role may have of it: what is not reserved, and what is reserved for the role. */
export function availableTo(vector: ResourceVector, role: string): ResourceVector {
  if (vector.held === NO_HOLDINGS) return vector;
  const held = holdingsFor(vector.held, role);
  return held.size === vector.held.size ? vector : { ...vector, held };
}

/** What of it is only lent, in thousandths of cores: nothing else is. */
export function revocableCpusOf(vector: ResourceVector): number {
  if (vector.held === NO_HOLDINGS) return 0;
  let sum = 0;
  for (const holding of vector.held.values()) if (holding.isRevocable) sum += holding.cpus;
  return sum;
}

/** All of it but what is only lent. */
export function withoutRevocable(vector: ResourceVector): ResourceVector {
  if (revocableCpusOf(vector) === 0) return vector;
  const held = new Map([...vector.held].filter(([, { isRevocable }]) => !isRevocable));
  return { ...vector, held: held.size === 0 ? NO_HOLDINGS : held };
}

/** All scalars, reserved or not: what shares are measured in. What is only lent is nobody's share, and no quota counts it. */
export function scalarsOf(vector: ResourceVector): Scalars {
  if (vector.held === NO_HOLDINGS) return vector;
  const sum = { cpus: vector.cpus, gpus: vector.gpus, mem: vector.mem, disk: vector.disk };
  for (const holding of vector.held.values()) {
    if (!holding.isRevocable) for (const name of SCALAR_NAMES) sum[name] += holding[name];
  }
  return sum;
}

/** All ports, reserved or not. */
export function portsOf(vector: ResourceVector): PortRanges {
  let { ports } = vector;
  for (const holding of vector.held.values()) ports = unionPorts(ports, holding.ports);
  return ports;
}
