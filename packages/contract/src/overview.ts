/**
 * What an overview of very many apps and instances needs of each: small rows, in pages; and the cluster over time.
 * Stadion's own, not Marathon's.
 */
import { Type, type Static } from '@sinclair/typebox';
import { InstanceCondition } from './orchestrator/events.ts';
import { stringEnum } from './string-enum.ts';

/** Rows of one page at most. */
export const OVERVIEW_PAGE_ROWS_MAX = 2_000;
/** Apps that may be asked for by their ids in one call. */
export const OVERVIEW_IDS_MAX = 200;

/** Where the data of a volume lives: on the machine, kept for the instance, with a driver, or among the secrets. */
export const VolumeKind = stringEnum(['host', 'persistent', 'external', 'secret']);
export type VolumeKind = Static<typeof VolumeKind>;

/** One app in a list. Resources are those of one instance: cores and MiB. */
export const AppSummary = Type.Object({
  id: Type.String(),
  version: Type.String(),
  /** The version since which nothing but the number of instances was changed: instances of older ones are outdated. */
  configuredAt: Type.String(),
  instances: Type.Integer(),
  cpus: Type.Number(),
  mem: Type.Number(),
  disk: Type.Number(),
  gpus: Type.Integer(),
  labels: Type.Record(Type.String(), Type.String()),
  /** The image of a container; absent for a plain process. */
  image: Type.Optional(Type.String()),
  /** The kinds of volumes that it mounts; absent when it mounts none. */
  volumes: Type.Optional(Type.Array(VolumeKind)),
  staged: Type.Integer(),
  running: Type.Integer(),
  healthy: Type.Integer(),
  unhealthy: Type.Integer(),
  /** Whether its health is checked at all. */
  checked: Type.Boolean(),
  /** Deployments that hold it. */
  deployments: Type.Array(Type.String()),
  /** When instances wait for a place: how many, since when, and for how long launching is put off after failures. */
  waiting: Type.Optional(
    Type.Object({ count: Type.Integer(), since: Type.String(), delaySeconds: Type.Integer(), reason: Type.String() }),
  ),
  /** When a task of it last failed. */
  failedAt: Type.Optional(Type.String()),
});
export type AppSummary = Static<typeof AppSummary>;

/** A page of apps in the order of their ids. `next` is the id to ask on after; absent on the last page. */
export const AppSummaryPage = Type.Object({
  apps: Type.Array(AppSummary),
  total: Type.Integer(),
  next: Type.Optional(Type.String()),
});
export type AppSummaryPage = Static<typeof AppSummaryPage>;

/** One instance in a list. */
export const InstanceSummary = Type.Object({
  taskId: Type.String(),
  appId: Type.String(),
  host: Type.String(),
  agentId: Type.String(),
  condition: InstanceCondition,
  /** Absent while no check has answered. */
  healthy: Type.Optional(Type.Boolean()),
  version: Type.String(),
  startedAt: Type.Optional(Type.String()),
});
export type InstanceSummary = Static<typeof InstanceSummary>;

/** A page of placed instances, app by app in the order of ids. `next` is where to ask on; absent on the last page. */
export const InstanceSummaryPage = Type.Object({
  instances: Type.Array(InstanceSummary),
  next: Type.Optional(Type.String()),
});
export type InstanceSummaryPage = Static<typeof InstanceSummaryPage>;

/** Resources of the whole cluster at one moment: cores and MiB. */
export const ResourceSample = Type.Object({
  /** Milliseconds since the epoch. */
  time: Type.Integer(),
  cpusUsed: Type.Number(),
  cpusTotal: Type.Number(),
  memUsed: Type.Number(),
  memTotal: Type.Number(),
  running: Type.Integer(),
});
export type ResourceSample = Static<typeof ResourceSample>;

/** The last hour of the cluster, oldest first. */
export const ResourceHistory = Type.Object({ intervalSeconds: Type.Integer(), samples: Type.Array(ResourceSample) });
export type ResourceHistory = Static<typeof ResourceHistory>;
