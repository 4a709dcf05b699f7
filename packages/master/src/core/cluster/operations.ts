/** RESERVE, UNRESERVE, CREATE and DESTROY: what each takes of an offer's resources and what it makes of them. */
import type { OfferOperation, Resource } from '@stadion/contract/mesos';
import { sourceKind, vectorOf } from '../resources/checkpointed.ts';
import { roleOf, volumeId, type HoldingKind, type Holdings } from '../resources/holdings.ts';
import { parseResources } from '../resources/resource-format.ts';
import { NOTHING, add, contains, isNothing, type ResourceVector } from '../resources/resource-vector.ts';

/** An operation that changes resources. */
export type ResourceOperation = Extract<OfferOperation, { type: 'RESERVE' | 'UNRESERVE' | 'CREATE' | 'DESTROY' }>;

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

function resourcesOf(operation: ResourceOperation): readonly Resource[] {
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

function findProblem(
  type: ResourceOperation['type'],
  kind: HoldingKind,
  role: string,
  existing: Holdings,
): string | undefined {
  const id = volumeId(kind);
  switch (type) {
    case 'RESERVE':
    case 'UNRESERVE': {
      if (id !== undefined) return `it concerns the volume ${id}; destroy it first`;
      const last = kind.reservations.at(-1);
      if (last?.type !== 'DYNAMIC') return 'static reservations are made by the settings of the agent only';
      if (last.role === '*') return `nothing can be reserved for "*"`;
      return last.role === role ? undefined : `it is for the role ${last.role}, and the offer is for ${role}`;
    }
    case 'CREATE': {
      if (id === undefined || id === '' || id.includes('/') || id === '.' || id === '..') {
        return 'the persistence id of a volume must be usable as the name of a directory';
      }
      const path = kind.volume?.volume?.container_path;
      if (path === undefined || path === '') return `the volume ${id} has no container path`;
      const isThere = [...existing.values()].some((each) => volumeId(each) === id && roleOf(each) === roleOf(kind));
      return isThere ? `the agent has a volume ${id} of this role already` : undefined;
    }
    case 'DESTROY':
      return id === undefined ? 'it names what is no volume' : undefined;
  }
}

function refused(problem: string): Conversion {
  return { ok: false, problem };
}
