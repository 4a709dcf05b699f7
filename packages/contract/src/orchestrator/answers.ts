/** The other answers of the orchestrator's API: apps with what is known about them, queue, group, errors. */
import { Type, type Static } from '@sinclair/typebox';
import { stringEnum } from '../string-enum.ts';
import { AppDefinition } from './app.ts';
import { ReadinessCheckResult } from './deployment.ts';
import { PodResources } from './pod.ts';
import { Task, TaskFailure } from './task.ts';

const TaskStatsEntry = Type.Object({
  stats: Type.Object({
    counts: Type.Object({
      staged: Type.Integer(),
      running: Type.Integer(),
      healthy: Type.Integer(),
      unhealthy: Type.Integer(),
    }),
    lifeTime: Type.Optional(Type.Object({ averageSeconds: Type.Number(), medianSeconds: Type.Number() })),
  }),
});

/** Statistics over the tasks of an app; absent where there is no such task. */
export const TaskStats = Type.Object({
  startedAfterLastScaling: Type.Optional(TaskStatsEntry),
  withLatestConfig: Type.Optional(TaskStatsEntry),
  withOutdatedConfig: Type.Optional(TaskStatsEntry),
  totalSummary: Type.Optional(TaskStatsEntry),
});
export type TaskStats = Static<typeof TaskStats>;

/** An app with what is known about it. */
export const AppInfo = Type.Composite([
  AppDefinition,
  Type.Object({
    tasksStaged: Type.Optional(Type.Integer()),
    tasksRunning: Type.Optional(Type.Integer()),
    tasksHealthy: Type.Optional(Type.Integer()),
    tasksUnhealthy: Type.Optional(Type.Integer()),
    deployments: Type.Optional(Type.Array(Type.Object({ id: Type.String() }))),
    tasks: Type.Optional(Type.Array(Task)),
    readinessCheckResults: Type.Optional(Type.Array(ReadinessCheckResult)),
    lastTaskFailure: Type.Optional(TaskFailure),
    taskStats: Type.Optional(TaskStats),
  }),
]);
export type AppInfo = Static<typeof AppInfo>;

/** Why an agent's offer was not used, in the order in which offers are examined. */
export const RejectReason = stringEnum([
  'UnfulfilledRole',
  'UnfulfilledConstraint',
  'NoCorrespondingReservationFound',
  'AgentMaintenance',
  'InsufficientCpus',
  'InsufficientMemory',
  'InsufficientDisk',
  'InsufficientGpus',
  'InsufficientPorts',
  'DeclinedScarceResources',
]);
export type RejectReason = Static<typeof RejectReason>;

const RejectSummary = Type.Object({
  reason: RejectReason,
  declined: Type.Integer(),
  processed: Type.Integer(),
});

/** An offer that was examined and not used, as the queue shows it. */
export const UnusedOffer = Type.Object({
  offer: Type.Object({
    id: Type.String(),
    hostname: Type.String(),
    agentId: Type.String(),
    resources: Type.Array(Type.Unknown()),
    attributes: Type.Array(Type.Unknown()),
  }),
  reason: Type.Array(Type.String()),
  timestamp: Type.String(),
});
export type UnusedOffer = Static<typeof UnusedOffer>;

/**
 * Why instances wait, beyond Marathon: each agent's reason grouped and counted, in sentences for people.
 * `missing` names what no agent has at all, e.g. `{"capability": "docker"}`.
 */
export const WaitingReason = Type.Object({
  reason: Type.String(),
  agents: Type.Integer(),
  examples: Type.Array(Type.String()),
  message: Type.String(),
});
export type WaitingReason = Static<typeof WaitingReason>;

/** The agent that comes nearest to having room for one instance, and how much of what it lacks: MiB of memory and disk. */
export const NearestFit = Type.Object({
  agentId: Type.String(),
  hostname: Type.String(),
  lacks: Type.Partial(PodResources),
});
export type NearestFit = Static<typeof NearestFit>;

/** Instances of one app that wait for a place. */
export const QueueItem = Type.Object({
  app: AppDefinition,
  count: Type.Integer(),
  role: Type.String(),
  delay: Type.Object({ timeLeftSeconds: Type.Integer(), overdue: Type.Boolean() }),
  since: Type.String(),
  processedOffersSummary: Type.Object({
    processedOffersCount: Type.Integer(),
    unusedOffersCount: Type.Integer(),
    lastUnusedOfferAt: Type.Optional(Type.String()),
    lastUsedOfferAt: Type.Optional(Type.String()),
    rejectSummaryLastOffers: Type.Array(RejectSummary),
    rejectSummaryLaunchAttempt: Type.Array(RejectSummary),
  }),
  lastUnusedOffers: Type.Optional(Type.Array(UnusedOffer)),
  /** Stadion's own: the answer to "why does it wait?". */
  why: Type.Optional(
    Type.Object({
      summary: Type.String(),
      agents: Type.Integer(),
      reasons: Type.Array(WaitingReason),
      /** Absent where it is not for want of resources, or ports are wanting too. */
      nearest: Type.Optional(NearestFit),
    }),
  ),
});
export type QueueItem = Static<typeof QueueItem>;

/**
 * Why something waits, in one answer: a sentence, the reasons with their counts, and what would help. Nothing to wait
 * for: `isWaiting` is false.
 */
export const WhyAnswer = Type.Object({
  isWaiting: Type.Boolean(),
  summary: Type.String(),
  reasons: Type.Array(
    Type.Object({
      app: Type.String(),
      count: Type.Integer(),
      message: Type.String(),
      help: Type.Optional(Type.String()),
    }),
  ),
});
export type WhyAnswer = Static<typeof WhyAnswer>;

/** A group with what is in it. */
export const GroupInfo = Type.Recursive(
  (Self) =>
    Type.Object({
      id: Type.String(),
      apps: Type.Array(AppInfo),
      pods: Type.Array(Type.Unknown()),
      groups: Type.Array(Self),
      dependencies: Type.Array(Type.String()),
      version: Type.String(),
      enforceRole: Type.Optional(Type.Boolean()),
    }),
  { $id: 'GroupInfo' },
);
export type GroupInfo = Static<typeof GroupInfo>;

/** What is wrong at one path of a body, e.g. `/healthChecks(0)/portIndex`. */
export const Violation = Type.Object({ path: Type.String(), errors: Type.Array(Type.String()) });
export type Violation = Static<typeof Violation>;

/** Every error of the orchestrator's API. A 409 has `deployments` if and only if the app is locked by them. */
export const ErrorAnswer = Type.Object({
  message: Type.String(),
  details: Type.Optional(Type.Union([Type.String(), Type.Array(Violation)])),
  deployments: Type.Optional(Type.Array(Type.Object({ id: Type.String() }))),
});
export type ErrorAnswer = Static<typeof ErrorAnswer>;
