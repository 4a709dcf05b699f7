/** What an agent has, from what its settings say and what it keeps of operations: reservations and volumes. */
import {
  NO_HOLDINGS,
  asKind,
  holdingKey,
  isEmpty,
  volumeId,
  type Holding,
  type HoldingKind,
  type Holdings,
} from './holdings.ts';
import { SCALAR_NAMES } from './amounts.ts';
import { NOTHING, add, subtract, type ResourceVector } from './resource-vector.ts';
import { containsPorts, intersectPorts, subtractPorts } from './port-ranges.ts';

/** What a holding was before its volume was made, or before it was reserved; undefined when anybody may have it. */
export function sourceKind({ reservations, volume, source, isRevocable }: HoldingKind): HoldingKind | undefined {
  if (volume !== undefined) return { reservations, volume: undefined, source, isRevocable };
  const rest = reservations.slice(0, -1);
  if (rest.length === 0 && source === undefined) return undefined;
  return { reservations: rest, volume: undefined, source, isRevocable };
}

/** A holding as an amount of another kind, or of what anybody may have. */
export function vectorOf(holding: Holding, kind: HoldingKind | undefined): ResourceVector {
  if (isEmpty(holding)) return NOTHING;
  if (kind === undefined) {
    const { cpus, gpus, mem, disk, ports } = holding;
    return { cpus, gpus, mem, disk, ports, held: NO_HOLDINGS };
  }
  const other = asKind(holding, kind);
  return { ...NOTHING, held: new Map([[holdingKey(other), other]]) };
}

/**
 * What the agent has in all: the resources of its settings, of which those that were set aside since were made. An agent that has
 * become smaller than what is reserved on it keeps the reservations.
 */
export function withCheckpointed(configured: ResourceVector, checkpointed: Holdings): ResourceVector {
  let total = configured;
  for (const holding of checkpointed.values()) {
    let kind: HoldingKind | undefined = holding;
    // Back to what the settings say: no volume, no dynamic reservation.
    while (kind !== undefined && (volumeId(kind) !== undefined || kind.reservations.at(-1)?.type === 'DYNAMIC')) {
      kind = sourceKind(kind);
    }
    total = add(subtractDown(total, vectorOf(holding, kind)), vectorOf(holding, holding));
  }
  return total;
}

/** `whole` without `part`, as far as it is there. */
function subtractDown(whole: ResourceVector, part: ResourceVector): ResourceVector {
  if (part.held !== NO_HOLDINGS) {
    const there = [...part.held].every(([key, holding]) => {
      const known = whole.held.get(key);
      return (
        known !== undefined &&
        SCALAR_NAMES.every((name) => holding[name] <= known[name]) &&
        containsPorts(known.ports, holding.ports)
      );
    });
    return there ? subtract(whole, part) : whole;
  }
  const rest = { ...whole };
  for (const name of SCALAR_NAMES) rest[name] = Math.max(0, whole[name] - part[name]);
  return { ...rest, ports: subtractPorts(whole.ports, intersectPorts(whole.ports, part.ports)) };
}
