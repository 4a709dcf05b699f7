/** Tasks of apps as the orchestrator's API shows them. */
import { Type, type Static } from '@sinclair/typebox';

/** What one health check of a task knows. */
export const HealthCheckResult = Type.Object({
  alive: Type.Boolean(),
  consecutiveFailures: Type.Integer(),
  firstSuccess: Type.Optional(Type.String()),
  lastSuccess: Type.Optional(Type.String()),
  lastFailure: Type.Optional(Type.String()),
  lastFailureCause: Type.Optional(Type.String()),
  instanceId: Type.String(),
});
export type HealthCheckResult = Static<typeof HealthCheckResult>;

/** The last result of a task's `check`; empty while there is none. */
export const CheckResult = Type.Object({
  http: Type.Optional(Type.Object({ statusCode: Type.Optional(Type.Integer()) })),
  tcp: Type.Optional(Type.Object({ succeeded: Type.Optional(Type.Boolean()) })),
  command: Type.Optional(Type.Object({ exitCode: Type.Optional(Type.Integer()) })),
});
export type CheckResult = Static<typeof CheckResult>;

/** A persistent volume of one instance. `persistenceId` is its id on the agent. */
export const LocalVolume = Type.Object({
  runSpecId: Type.String(),
  containerPath: Type.String(),
  uuid: Type.String(),
  persistenceId: Type.String(),
});
export type LocalVolume = Static<typeof LocalVolume>;

/**
 * One task. `ports` are host ports in the order of the app's definitions. `serving` and `draining` are Stadion's own and
 * shown to those who ask for extensions: whether to name the task and route to it, and whether it is about to go and has
 * been given time to finish what it does.
 */
export const Task = Type.Object({
  id: Type.String(),
  appId: Type.String(),
  host: Type.String(),
  slaveId: Type.Optional(Type.String()),
  state: Type.String(),
  role: Type.String(),
  ports: Type.Array(Type.Integer()),
  servicePorts: Type.Array(Type.Integer()),
  ipAddresses: Type.Array(Type.Object({ ipAddress: Type.String(), protocol: Type.String() })),
  healthCheckResults: Type.Array(HealthCheckResult),
  checkResult: Type.Optional(CheckResult),
  localVolumes: Type.Array(LocalVolume),
  region: Type.Optional(Type.String()),
  zone: Type.Optional(Type.String()),
  stagedAt: Type.Optional(Type.String()),
  startedAt: Type.Optional(Type.String()),
  version: Type.Optional(Type.String()),
  serving: Type.Optional(Type.Boolean()),
  draining: Type.Optional(Type.Boolean()),
  /** Out of rotation and kept for a person to look at. */
  frozen: Type.Optional(Type.Boolean()),
});
export type Task = Static<typeof Task>;

/** `{"tasks": […]}`. */
export const TaskList = Type.Object({ tasks: Type.Array(Task) });
export type TaskList = Static<typeof TaskList>;

/** The last failure of an app. */
export const TaskFailure = Type.Object({
  appId: Type.String(),
  host: Type.String(),
  message: Type.String(),
  state: Type.String(),
  taskId: Type.String(),
  timestamp: Type.String(),
  version: Type.String(),
  slaveId: Type.Optional(Type.String()),
});
export type TaskFailure = Static<typeof TaskFailure>;
