/** What evening out the load of nodes would come to. */
import { Type, type Static } from '@sinclair/typebox';

/** Moves of one plan. */
export const REBALANCE_MOVES_MAX = 500;
/** Moves that may begin in a minute. */
export const REBALANCE_PER_MINUTE_MAX = 600;

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

/** The wish that moves be made: at most so many, of which no more than so many begin in any minute. */
export const RebalanceOrder = Type.Object({
  movesPerMinute: Type.Integer({ minimum: 1, maximum: REBALANCE_PER_MINUTE_MAX }),
  moves: Type.Optional(Type.Integer({ minimum: 1, maximum: REBALANCE_MOVES_MAX })),
});
export type RebalanceOrder = Static<typeof RebalanceOrder>;

/**
 * Why a move was given up: the node had no room for a minute; the new instance was not up within 15 minutes; a deployment,
 * a drain or the loss of another instance came in between; the instance was gone or not up when its turn came; no app of
 * the moves that were left was as it is wanted for 5 minutes.
 */
export const RebalanceMoveReason = Type.Union([
  Type.Literal('no-room'),
  Type.Literal('not-up'),
  Type.Literal('disturbed'),
  Type.Literal('gone'),
  Type.Literal('unsettled'),
]);
export type RebalanceMoveReason = Static<typeof RebalanceMoveReason>;

/** A rebalance that was begun. A server that takes the lead knows of none. */
export const RebalanceRun = Type.Object({
  id: Type.String(),
  /** `stopping`: somebody stopped it, and moves under way come to their end. */
  state: Type.Union([Type.Literal('running'), Type.Literal('stopping'), Type.Literal('stopped'), Type.Literal('done')]),
  movesPerMinute: Type.Integer(),
  startedAt: Type.String(),
  endedAt: Type.Optional(Type.String()),
  moves: Type.Array(
    Type.Object({
      instanceId: Type.String(),
      appId: Type.String(),
      from: Node,
      to: Node,
      state: Type.Union([
        Type.Literal('waiting'),
        Type.Literal('moving'),
        Type.Literal('moved'),
        Type.Literal('given-up'),
        Type.Literal('not-begun'),
      ]),
      reason: Type.Optional(RebalanceMoveReason),
    }),
  ),
});
export type RebalanceRun = Static<typeof RebalanceRun>;

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
        Type.Literal('revocable'),
        Type.Literal('gpus'),
        Type.Literal('deployment'),
      ]),
      instances: Type.Integer(),
    }),
  ),
  /** Whether there was more to look at than is looked at in one plan. */
  isPartial: Type.Boolean(),
  /** The rebalance under way, or the last one, where there was one since the present server leads. */
  run: Type.Optional(RebalanceRun),
});
export type RebalancePlan = Static<typeof RebalancePlan>;
