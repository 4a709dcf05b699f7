/** What a framework wants of the agents that it is offered: minimal amounts, and constraints on their attributes (Mesos 1.11). */
import { Type, type Static } from '@sinclair/typebox';
import { stringEnum } from '../string-enum.ts';

const Amounts = Type.Object({ quantities: Type.Record(Type.String(), Type.Object({ value: Type.Number() })) });

/** Less is not offered: an offer has the amounts of at least one of the entries. None: anything will do. */
export const OfferFilters = Type.Object({
  min_allocatable_resources: Type.Optional(Type.Object({ quantities: Type.Array(Amounts) })),
});
export type OfferFilters = Static<typeof OfferFilters>;

const Nothing = Type.Object({});
const Text = Type.Object({ value: Type.String() });
const Regex = Type.Object({ regex: Type.String() });

/** One condition on an attribute of the agent, or on its name, region or zone. */
export const AttributeConstraint = Type.Object({
  selector: Type.Object({
    attribute_name: Type.Optional(Type.String()),
    pseudoattribute_type: Type.Optional(stringEnum(['HOSTNAME', 'REGION', 'ZONE'])),
  }),
  predicate: Type.Object({
    exists: Type.Optional(Nothing),
    not_exists: Type.Optional(Nothing),
    text_equals: Type.Optional(Text),
    text_not_equals: Type.Optional(Text),
    text_matches: Type.Optional(Regex),
    text_not_matches: Type.Optional(Regex),
  }),
});
export type AttributeConstraint = Static<typeof AttributeConstraint>;

/** By role: one of the groups has to hold, each with all of its constraints. */
export const OfferConstraints = Type.Object({
  role_constraints: Type.Record(
    Type.String(),
    Type.Object({ groups: Type.Array(Type.Object({ attribute_constraints: Type.Array(AttributeConstraint) })) }),
  ),
});
export type OfferConstraints = Static<typeof OfferConstraints>;
