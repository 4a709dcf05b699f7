/** Calls of operators about reservations and volumes, read into the operations that they stand for. */
import { Type, type Static, type TSchema } from '@sinclair/typebox';
import { IdValue, Resource } from '@stadion/contract/mesos';
import { readLenient } from '@stadion/contract/mesos-wire';
import type { ResourceOperation } from '../../core/cluster/operations.ts';

/** What an operator wants done on which agent, or what is wrong with the call. */
export type ResourceOrder =
  { readonly agentId: string; readonly operation: ResourceOperation } | { readonly problem: string };

const Resources = Type.Object({
  agent_id: IdValue,
  resources: Type.Array(Resource),
  source: Type.Optional(Type.Array(Resource)),
});
const Volumes = Type.Object({ agent_id: IdValue, volumes: Type.Array(Resource) });
const Growth = Type.Object({ agent_id: IdValue, volume: Resource, addition: Resource });
const Loss = Type.Object({ agent_id: IdValue, volume: Resource, subtract: Type.Object({ value: Type.Number() }) });

/** Reads the member of a call. */
export type ReadResourceCall = (body: unknown) => ResourceOrder;

/** Every such call, by its type. */
export const RESOURCE_CALLS: Readonly<Record<string, ReadResourceCall>> = {
  RESERVE_RESOURCES: reading(Resources, ({ resources, source = [] }) =>
    source.length > 0
      ? `'source' is not supported: UNRESERVE_RESOURCES first what is to be reserved otherwise`
      : { type: 'RESERVE', reserve: { resources } },
  ),
  UNRESERVE_RESOURCES: reading(Resources, ({ resources }) => ({ type: 'UNRESERVE', unreserve: { resources } })),
  CREATE_VOLUMES: reading(Volumes, ({ volumes }) => ({ type: 'CREATE', create: { volumes } })),
  DESTROY_VOLUMES: reading(Volumes, ({ volumes }) => ({ type: 'DESTROY', destroy: { volumes } })),
  GROW_VOLUME: reading(Growth, ({ volume, addition }) => ({ type: 'GROW_VOLUME', grow_volume: { volume, addition } })),
  SHRINK_VOLUME: reading(Loss, ({ volume, subtract }) => ({
    type: 'SHRINK_VOLUME',
    shrink_volume: { volume, subtract },
  })),
};

function reading<Schema extends TSchema>(
  schema: Schema,
  operationOf: (call: Static<Schema>) => ResourceOperation | string,
): ReadResourceCall {
  return (body) => {
    const read = readLenient(schema, body);
    if (!read.ok) return { problem: read.problem };
    const call = read.value as Static<Schema>;
    const operation = operationOf(call);
    if (typeof operation === 'string') return { problem: operation };
    return { agentId: (call as { readonly agent_id: IdValue }).agent_id.value, operation };
  };
}
