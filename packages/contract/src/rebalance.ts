/** What evening out the load of nodes would come to. */
import { Type, type Static } from '@sinclair/typebox';

/** Moves of one plan. */
export const REBALANCE_MOVES_MAX = 500;

const Node = Type.Object({ agentId: Type.String(), hostname: Type.String() });

/** One instance that would go elsewhere. */
export const RebalanceMove = Type.Object({
  instanceId: Type.String(),
  appId: Type.String(),
  from: Node,
  to: Node,
  /** How far the fuller of the two nodes would be used afterwards, as {@link RebalanceNode}. */
  load: Type.Number(),
});
export type RebalanceMove = Static<typeof RebalanceMove>;

/** A node before and after: the greater part of cpus or memory that is taken, 1 for all of it. */
export const RebalanceNode = Type.Composite([
  Node,
  Type.Object({
    before: Type.Number(),
    after: Type.Number(),
    /** Whether it may get instances: active, and neither cordoned nor drained. */
    takes: Type.Boolean(),
  }),
]);
export type RebalanceNode = Static<typeof RebalanceNode>;

/** What would be done, and what could not be considered. */
export const RebalancePlan = Type.Object({
  /** In their order. */
  moves: Type.Array(RebalanceMove),
  /** The fullest first. */
  nodes: Type.Array(RebalanceNode),
  /** Instances that stay where they are whatever the load, by the reason. */
  staying: Type.Array(
    Type.Object({
      reason: Type.Union([
        Type.Literal('not-up'),
        Type.Literal('volumes'),
        Type.Literal('fixed-ports'),
        Type.Literal('gpus'),
        Type.Literal('deployment'),
      ]),
      instances: Type.Integer(),
    }),
  ),
  /** Whether there was more to look at than is looked at in one plan. */
  isPartial: Type.Boolean(),
});
export type RebalancePlan = Static<typeof RebalancePlan>;
