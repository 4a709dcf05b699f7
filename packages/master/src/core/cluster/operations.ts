/** Operations on resources: what each takes of an offer's resources and what it makes of them. */
import type { OfferOperation, Resource } from '@stadion/contract/mesos';
import { sourceKind, vectorOf } from '../resources/checkpointed.ts';
import { holdingKey, roleOf, volumeId, type Holding, type HoldingKind, type Holdings } from '../resources/holdings.ts';
import { parseResources } from '../resources/resource-format.ts';
import { NOTHING, add, contains, isNothing, type ResourceVector } from '../resources/resource-vector.ts';

/** An operation that changes resources. */
export type ResourceOperation = Exclude<OfferOperation, { type: 'LAUNCH' | 'LAUNCH_GROUP' }>;

type Making = Extract<ResourceOperation, { type: 'RESERVE' | 'UNRESERVE' | 'CREATE' | 'DESTROY' }>;

/** What an operation takes and gives, or a sentence that says why it cannot be. */
export type Conversion =
  | { readonly ok: true; readonly from: ResourceVector; readonly to: ResourceVector }
  | { readonly ok: false; readonly problem: string };

/**
 * Works out one operation.
 * @param pool what is left of the offer, as the operations before have made it
 * @param existing all reserved resources of the agent: ids of volumes are unique among them, by role
 * @param role the role of the offer
 */
export function convert(
  operation: ResourceOperation,
  pool: ResourceVector,
  existing: Holdings,
  role: string,
): Conversion {
  switch (operation.type) {
    case 'CREATE_DISK':
    case 'DESTROY_DISK':
      return refused('disks are made by storage providers, and this cluster has none');
    case 'GROW_VOLUME':
      return grow(operation.grow_volume, pool);
    case 'SHRINK_VOLUME':
      return shrink(operation.shrink_volume, pool);
    default:
      return make(operation, pool, existing, role);
  }
}

/** Makes reservations or volumes of something, or gives them up. */
function make(operation: Making, pool: ResourceVector, existing: Holdings, role: string): Conversion {
  const parsed = parseResources(resourcesOf(operation));
  if (!parsed.ok) return refused(parsed.problem);
  const { held } = parsed.vector;
  if (!isNothing({ ...parsed.vector, held: NOTHING.held })) return refused('some of its resources are not reserved');
  if (held.size === 0) return refused('it names no resources');
  const isMaking = operation.type === 'RESERVE' || operation.type === 'CREATE';
  let from: ResourceVector = NOTHING;
  let to: ResourceVector = NOTHING;
  for (const holding of held.values()) {
    const problem = findProblem(operation.type, holding, role, existing);
    if (problem !== undefined) return refused(problem);
    const without = vectorOf(holding, sourceKind(holding));
    const itself = vectorOf(holding, holding);
    from = add(from, isMaking ? without : itself);
    to = add(to, isMaking ? itself : without);
  }
  return contains(pool, from) ? { ok: true, from, to } : refused('the offer does not have what it is about');
}

function resourcesOf(operation: Making): readonly Resource[] {
  switch (operation.type) {
    case 'RESERVE':
      return operation.reserve.resources;
    case 'UNRESERVE':
      return operation.unreserve.resources;
    case 'CREATE':
      return operation.create.volumes;
    case 'DESTROY':
      return operation.destroy.volumes;
  }
}

function findProblem(type: Making['type'], kind: HoldingKind, role: string, existing: Holdings): string | undefined {
  const id = volumeId(kind);
  switch (type) {
    case 'RESERVE':
    case 'UNRESERVE': {
      if (id !== undefined) return `it concerns the volume ${id}; destroy it first`;
      const last = kind.reservations.at(-1);
      if (last?.type !== 'DYNAMIC') return 'static reservations are made by the settings of the agent only';
      if (last.role === '*') return `nothing can be reserved for "*"`;
      // A role below another is offered what is reserved for that one, and may give it up: as in Mesos, nobody is asked.
      if (type === 'UNRESERVE') return undefined;
      return last.role === role ? undefined : `it is for the role ${last.role}, and the offer is for ${role}`;
    }
    case 'CREATE': {
      if (id === undefined || id === '' || /[/\\\p{Cc}]/u.test(id) || id === '.' || id === '..') {
        return 'the persistence id of a volume must be usable as the name of a directory';
      }
      const path = kind.volume?.volume?.container_path;
      if (path === undefined || path === '') return `the volume ${id} has no container path`;
      if (kind.volume?.volume?.mode === 'RO') return `the volume ${id} would be read-only, and nobody could fill it`;
      const isThere = [...existing.values()].some((each) => volumeId(each) === id && roleOf(each) === roleOf(kind));
      return isThere ? `the agent has a volume ${id} of this role already` : undefined;
    }
    case 'DESTROY':
      return id === undefined ? 'it names what is no volume' : undefined;
  }
}

type Grow = Extract<ResourceOperation, { type: 'GROW_VOLUME' }>['grow_volume'];
type Shrink = Extract<ResourceOperation, { type: 'SHRINK_VOLUME' }>['shrink_volume'];

/** A volume takes more of the disk that it was made of. */
function grow({ volume, addition }: Grow, pool: ResourceVector): Conversion {
  const known = onlyHolding(volume);
  const more = onlyHolding(addition);
  if (known === undefined || volumeId(known) === undefined) return refused('what is to grow is no volume');
  const source = sourceKind(known);
  if (more === undefined || source === undefined || holdingKey(more) !== holdingKey(source) || more.disk === 0) {
    return refused('a volume grows by disk that is reserved as it is, and where it is');
  }
  if (isWholeDisk(known)) return refused(NO_PARTS);
  const from = add(vectorOf(known, known), vectorOf(more, more));
  const to = vectorOf({ ...known, disk: known.disk + more.disk }, known);
  return contains(pool, from) ? { ok: true, from, to } : refused('the offer does not have what it is about');
}

/** A volume gives back some of the disk that it was made of. */
function shrink({ volume, subtract: less }: Shrink, pool: ResourceVector): Conversion {
  const known = onlyHolding(volume);
  if (known === undefined || volumeId(known) === undefined) return refused('what is to shrink is no volume');
  if (isWholeDisk(known)) return refused(NO_PARTS);
  const amount = Math.round(less.value * 1000);
  if (!(amount > 0 && amount < known.disk)) return refused('a volume shrinks by more than nothing and less than all');
  const from = vectorOf(known, known);
  const rest = vectorOf({ ...known, disk: known.disk - amount }, known);
  const to = add(rest, vectorOf({ ...known, disk: amount }, sourceKind(known)));
  return contains(pool, from) ? { ok: true, from, to } : refused('the offer does not have what it is about');
}

const NO_PARTS = 'a disk that is mounted as a whole has no parts';

function isWholeDisk({ source }: HoldingKind): boolean {
  return source?.type === 'MOUNT';
}

/** The one reserved thing that a resource is. */
function onlyHolding(resource: Resource): Holding | undefined {
  const parsed = parseResources([resource]);
  return parsed.ok ? [...parsed.vector.held.values()][0] : undefined;
}

function refused(problem: string): Conversion {
  return { ok: false, problem };
}
