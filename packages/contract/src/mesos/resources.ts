/** Resources and attributes in the shape of the Mesos v1 API (`mesos.v1.Resource`, `mesos.v1.Attribute`). */
import { Type, type Static } from '@sinclair/typebox';
import { stringEnum } from '../string-enum.ts';

/** `{"value": "…"}`, the form of every id on the v1 wire. */
export const IdValue = Type.Object({ value: Type.String() });
export type IdValue = Static<typeof IdValue>;

const Scalar = Type.Object({ value: Type.Number() });
/** The id of a container; one that is inside another names that as well (`mesos.v1.ContainerID`). */
export const ContainerId = Type.Object({
  value: Type.String(),
  parent: Type.Optional(Type.Object({ value: Type.String() })),
});

/** An inclusive range. */
export const Range = Type.Object({ begin: Type.Integer(), end: Type.Integer() });
export type Range = Static<typeof Range>;
const Ranges = Type.Object({ range: Type.Array(Range) });
const TextSet = Type.Object({ item: Type.Array(Type.String()) });

const Label = Type.Object({ key: Type.String(), value: Type.Optional(Type.String()) });
/** `{"labels": [{"key", "value"}]}` as in the v1 API. */
export const Labels = Type.Object({ labels: Type.Array(Label) });
export type Labels = Static<typeof Labels>;

/** Who a resource is set aside for. `STATIC` by the agent's settings, `DYNAMIC` by a RESERVE operation. */
export const Reservation = Type.Object({
  type: stringEnum(['STATIC', 'DYNAMIC']),
  role: Type.String(),
  principal: Type.Optional(Type.String()),
  labels: Type.Optional(Labels),
});
export type Reservation = Static<typeof Reservation>;

/**
 * What a disk resource is beyond an amount. With `persistence` it is a volume: a directory on the agent that outlives
 * its tasks, unique by id within role and agent. `volume.container_path` is where a task finds it.
 */
export const DiskInfo = Type.Object({
  persistence: Type.Optional(Type.Object({ id: Type.String(), principal: Type.Optional(Type.String()) })),
  volume: Type.Optional(Type.Object({ mode: stringEnum(['RW', 'RO']), container_path: Type.String() })),
  source: Type.Optional(
    Type.Object({
      type: stringEnum(['PATH', 'MOUNT']),
      path: Type.Optional(Type.Object({ root: Type.Optional(Type.String()) })),
      mount: Type.Optional(Type.Object({ root: Type.Optional(Type.String()) })),
    }),
  ),
});
export type DiskInfo = Static<typeof DiskInfo>;

/**
 * One resource: cpus in cores, mem and disk in MiB, gpus whole, ports as inclusive ranges. Scalars have three decimals.
 * Reserved ones have `reservations`, the most specific last; `role` with `reservation` is the form of frameworks that
 * know no refinement.
 */
export const Resource = Type.Object({
  name: Type.String(),
  type: stringEnum(['SCALAR', 'RANGES', 'SET']),
  scalar: Type.Optional(Scalar),
  ranges: Type.Optional(Ranges),
  set: Type.Optional(TextSet),
  role: Type.Optional(Type.String()),
  reservation: Type.Optional(Type.Omit(Reservation, ['type', 'role'])),
  reservations: Type.Optional(Type.Array(Reservation)),
  disk: Type.Optional(DiskInfo),
  /** There (and empty) on what is lent only: whoever uses it is ended when those that it belongs to want it. */
  revocable: Type.Optional(Type.Object({})),
  /** There (and empty) where several tasks may use it at a time, which no master here lets them. */
  shared: Type.Optional(Type.Object({})),
  allocation_info: Type.Optional(Type.Object({ role: Type.String() })),
});
export type Resource = Static<typeof Resource>;

/** A named fact about an agent, used by placement constraints. */
export const Attribute = Type.Object({
  name: Type.String(),
  type: stringEnum(['SCALAR', 'RANGES', 'SET', 'TEXT']),
  scalar: Type.Optional(Scalar),
  ranges: Type.Optional(Ranges),
  set: Type.Optional(TextSet),
  text: Type.Optional(Type.Object({ value: Type.String() })),
});
export type Attribute = Static<typeof Attribute>;

const Nanoseconds = Type.Object({ nanoseconds: Type.Number() });

/** When a machine is out of service: from `start` (since the Unix epoch) on, for good where no `duration` is said. */
export const Unavailability = Type.Object({ start: Nanoseconds, duration: Type.Optional(Nanoseconds) });
export type Unavailability = Static<typeof Unavailability>;

/** Where an agent stands. */
export const DomainInfo = Type.Object({
  fault_domain: Type.Object({
    region: Type.Object({ name: Type.String() }),
    zone: Type.Object({ name: Type.String() }),
  }),
});
export type DomainInfo = Static<typeof DomainInfo>;
