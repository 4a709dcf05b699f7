/**
 * The legacy JSON of Mesos masters and agents (`/state`, `/slaves`, `/tasks`, `/files/*`, `/monitor/statistics`), as far
 * as Stadion's own clients read it. Producers may send more. Times are seconds since the epoch, mem and disk in MiB.
 */
import { Type, type Static } from '@sinclair/typebox';

/** `cpus`, `mem`, `disk`, `gpus` as numbers (always there), ranges and sets as texts: `"ports": "[31000-32000]"`. */
export const StateResources = Type.Record(Type.String(), Type.Union([Type.Number(), Type.String()]));
export type StateResources = Static<typeof StateResources>;

/** One agent in the master's `/slaves` and `/state`. `pid` is `slave(1)@ip:port`. */
export const StateSlave = Type.Object({
  id: Type.String(),
  hostname: Type.String(),
  port: Type.Integer(),
  pid: Type.String(),
  attributes: Type.Record(Type.String(), Type.Union([Type.Number(), Type.String()])),
  domain: Type.Optional(
    Type.Object({
      fault_domain: Type.Optional(
        Type.Object({ region: Type.Object({ name: Type.String() }), zone: Type.Object({ name: Type.String() }) }),
      ),
    }),
  ),
  registered_time: Type.Number(),
  reregistered_time: Type.Optional(Type.Number()),
  resources: StateResources,
  used_resources: StateResources,
  offered_resources: StateResources,
  /** By role. */
  reserved_resources: Type.Optional(Type.Record(Type.String(), StateResources)),
  active: Type.Boolean(),
  deactivated: Type.Optional(Type.Boolean()),
  drain_info: Type.Optional(Type.Object({ state: Type.String() })),
  version: Type.String(),
  /** Stadion's own: containerizers that work on the agent. */
  containerizers: Type.Optional(Type.Array(Type.String())),
  /** Stadion's own: why a containerizer does not work there, by its name. */
  containerizer_problems: Type.Optional(Type.Record(Type.String(), Type.String())),
});
export type StateSlave = Static<typeof StateSlave>;

/** An agent that the master knows and has no link to. */
export const AwaySlave = Type.Object({ id: Type.String(), hostname: Type.String() });
export type AwaySlave = Static<typeof AwaySlave>;

/** The master's `/slaves`. */
export const SlaveList = Type.Object({
  slaves: Type.Array(StateSlave),
  /** Not come back since the master started. */
  recovered_slaves: Type.Optional(Type.Array(AwaySlave)),
  /** Given up; an extension. */
  unreachable_slaves: Type.Optional(Type.Array(AwaySlave)),
});
export type SlaveList = Static<typeof SlaveList>;

/** One task in the master's `/tasks` and `/state`. */
export const StateTask = Type.Object({
  id: Type.String(),
  name: Type.String(),
  framework_id: Type.String(),
  executor_id: Type.String(),
  slave_id: Type.String(),
  state: Type.String(),
  /** That its resources are allocated to. */
  role: Type.Optional(Type.String()),
  resources: StateResources,
  statuses: Type.Array(
    Type.Object({ state: Type.String(), timestamp: Type.Number(), healthy: Type.Optional(Type.Boolean()) }),
  ),
});
export type StateTask = Static<typeof StateTask>;

/** Containers of a pod share an executor; each has a folder in its sandbox. */
const POD_TASK = /\.instance-[0-9a-f-]{36}\.(?!_app\.)/;

/**
 * The folder of a task that the master knows, ended ones included, by the short name that its agent's `/files` knows, too. It
 * says whose it is, so that whoever may read files of some apps only may read it.
 */
export function sandboxPath({
  id,
  framework_id,
  executor_id,
}: Pick<StateTask, 'id' | 'framework_id' | 'executor_id'>): string {
  const executor = executor_id === '' ? id : executor_id;
  const sandbox = `/frameworks/${framework_id}/executors/${executor}/runs/latest`;
  return executor !== id && POD_TASK.test(id) ? `${sandbox}/tasks/${id}` : sandbox;
}

/** The master's `/tasks`. */
export const StateTaskList = Type.Object({ tasks: Type.Array(StateTask) });
export type StateTaskList = Static<typeof StateTaskList>;

/** One framework in the master's `/state`. */
export const StateFramework = Type.Object({
  id: Type.String(),
  name: Type.String(),
  active: Type.Boolean(),
  connected: Type.Optional(Type.Boolean()),
  tasks: Type.Array(StateTask),
  completed_tasks: Type.Optional(Type.Array(StateTask)),
});
export type StateFramework = Static<typeof StateFramework>;

/** The master's `/state`. */
export const MasterState = Type.Object({
  version: Type.String(),
  id: Type.String(),
  hostname: Type.String(),
  pid: Type.String(),
  leader: Type.Optional(Type.String()),
  start_time: Type.Optional(Type.Number()),
  elected_time: Type.Optional(Type.Number()),
  activated_slaves: Type.Integer(),
  deactivated_slaves: Type.Integer(),
  unreachable_slaves: Type.Integer(),
  slaves: Type.Array(StateSlave),
  frameworks: Type.Array(StateFramework),
  completed_frameworks: Type.Optional(Type.Array(StateFramework)),
});
export type MasterState = Static<typeof MasterState>;

/** One executor in the agent's `/state`; for a command task its id is the task's. `directory` is its sandbox. */
export const StateExecutor = Type.Object({
  id: Type.String(),
  directory: Type.String(),
  container: Type.Optional(Type.String()),
  /** Under which its resources are held. */
  role: Type.Optional(Type.String()),
  resources: Type.Optional(StateResources),
  tasks: Type.Optional(Type.Array(Type.Object({ id: Type.String(), state: Type.Optional(Type.String()) }))),
  completed_tasks: Type.Optional(Type.Array(Type.Object({ id: Type.String(), state: Type.Optional(Type.String()) }))),
});
export type StateExecutor = Static<typeof StateExecutor>;

/** The agent's `/state`. */
export const AgentState = Type.Object({
  id: Type.Optional(Type.String()),
  hostname: Type.String(),
  pid: Type.String(),
  version: Type.String(),
  resources: StateResources,
  attributes: Type.Optional(Type.Record(Type.String(), Type.Union([Type.Number(), Type.String()]))),
  frameworks: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.Optional(Type.String()),
      role: Type.Optional(Type.String()),
      roles: Type.Optional(Type.Array(Type.String())),
      executors: Type.Array(StateExecutor),
      completed_executors: Type.Array(StateExecutor),
    }),
  ),
  /** Stadion's own: see {@link StateSlave}. */
  containerizers: Type.Optional(Type.Array(Type.String())),
  /** Stadion's own: why a containerizer does not work there, by its name. */
  containerizer_problems: Type.Optional(Type.Record(Type.String(), Type.String())),
});
export type AgentState = Static<typeof AgentState>;

/** One entry of the agent's `/files/browse`. */
export const FileEntry = Type.Object({
  path: Type.String(),
  nlink: Type.Integer(),
  size: Type.Integer(),
  mtime: Type.Number(),
  mode: Type.String(),
  uid: Type.String(),
  gid: Type.String(),
});
export type FileEntry = Static<typeof FileEntry>;

/** The agent's `/files/read`: the bytes from `offset` on, at most 65536. */
export const FileChunk = Type.Object({ offset: Type.Integer(), data: Type.String() });
export type FileChunk = Static<typeof FileChunk>;

/** One executor in the agent's `/monitor/statistics`. */
export const ExecutorStatistics = Type.Object({
  framework_id: Type.String(),
  executor_id: Type.String(),
  executor_name: Type.Optional(Type.String()),
  source: Type.Optional(Type.String()),
  statistics: Type.Record(Type.String(), Type.Unknown()),
});
export type ExecutorStatistics = Static<typeof ExecutorStatistics>;

/** `/metrics/snapshot` of master and agent: flat numbers by name. */
export const MetricsSnapshot = Type.Record(Type.String(), Type.Number());
export type MetricsSnapshot = Static<typeof MetricsSnapshot>;

/** One framework in the master's `/state-summary`; how many tasks it has in which state stands there as well, e.g. `TASK_RUNNING`. */
export const SummaryFramework = Type.Object({
  id: Type.String(),
  name: Type.String(),
  active: Type.Boolean(),
  connected: Type.Boolean(),
  user: Type.String(),
  principal: Type.Optional(Type.String()),
  hostname: Type.String(),
  role: Type.Optional(Type.String()),
  roles: Type.Optional(Type.Array(Type.String())),
  registered_time: Type.Number(),
  used_resources: StateResources,
  offered_resources: StateResources,
  TASK_STAGING: Type.Integer(),
  TASK_STARTING: Type.Integer(),
  TASK_RUNNING: Type.Integer(),
  TASK_KILLING: Type.Integer(),
  TASK_UNREACHABLE: Type.Integer(),
});
export type SummaryFramework = Static<typeof SummaryFramework>;

/** The master's `/state-summary`: agents and frameworks without their tasks. */
export const StateSummary = Type.Object({
  hostname: Type.String(),
  cluster: Type.Optional(Type.String()),
  slaves: Type.Array(StateSlave),
  frameworks: Type.Array(SummaryFramework),
});
export type StateSummary = Static<typeof StateSummary>;

const RoleAmounts = Type.Record(Type.String(), Type.Number());

/** One role in the master's `/roles`. `quota` bounds it: what it is given first, what it may have at most, what counts. */
export const StateRole = Type.Object({
  name: Type.String(),
  weight: Type.Number(),
  quota: Type.Object({ guarantee: RoleAmounts, limit: RoleAmounts, consumed: RoleAmounts }),
  allocated: StateResources,
  offered: StateResources,
  reserved: StateResources,
  frameworks: Type.Array(Type.String()),
});
export type StateRole = Static<typeof StateRole>;

/** The master's `/roles`. */
export const StateRoleList = Type.Object({ roles: Type.Array(StateRole) });
export type StateRoleList = Static<typeof StateRoleList>;
