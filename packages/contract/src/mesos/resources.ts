/** Resources and attributes in the shape of the Mesos v1 API (`mesos.v1.Resource`, `mesos.v1.Attribute`). */
import { Type, type Static } from '@sinclair/typebox';
import { stringEnum } from '../string-enum.ts';

/** `{"value": "…"}`, the form of every id on the v1 wire. */
export const IdValue = Type.Object({ value: Type.String() });
export type IdValue = Static<typeof IdValue>;

const Scalar = Type.Object({ value: Type.Number() });
/** An inclusive range. */
export const Range = Type.Object({ begin: Type.Integer(), end: Type.Integer() });
export type Range = Static<typeof Range>;
const Ranges = Type.Object({ range: Type.Array(Range) });
const TextSet = Type.Object({ item: Type.Array(Type.String()) });

/** One resource: cpus in cores, mem and disk in MiB, gpus whole, ports as inclusive ranges. Scalars have three decimals. */
export const Resource = Type.Object({
  name: Type.String(),
  type: stringEnum(['SCALAR', 'RANGES', 'SET']),
  scalar: Type.Optional(Scalar),
  ranges: Type.Optional(Ranges),
  set: Type.Optional(TextSet),
  role: Type.Optional(Type.String()),
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

const Label = Type.Object({ key: Type.String(), value: Type.Optional(Type.String()) });
/** `{"labels": [{"key", "value"}]}` as in the v1 API. */
export const Labels = Type.Object({ labels: Type.Array(Label) });
export type Labels = Static<typeof Labels>;

/** Where an agent stands. */
export const DomainInfo = Type.Object({
  fault_domain: Type.Object({
    region: Type.Object({ name: Type.String() }),
    zone: Type.Object({ name: Type.String() }),
  }),
});
export type DomainInfo = Static<typeof DomainInfo>;
