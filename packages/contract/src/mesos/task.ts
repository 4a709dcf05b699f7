/** Tasks and their status in the shape of the Mesos v1 API. */
import { Type, type Static } from '@sinclair/typebox';
import { stringEnum } from '../string-enum.ts';
import {
  CheckInfo,
  CheckStatusInfo,
  HealthCheckInfo,
  HealthResult,
  ReadinessCheckInfo,
  ReadinessResult,
} from './checks.ts';
import { CommandInfo, ContainerInfo } from './container.ts';
import { ContainerId, IdValue, Labels, Resource } from './resources.ts';

/** States of a task; {@link isTerminal} says which ones are final. */
export const TaskState = stringEnum([
  'TASK_STAGING',
  'TASK_STARTING',
  'TASK_RUNNING',
  'TASK_KILLING',
  'TASK_FINISHED',
  'TASK_FAILED',
  'TASK_KILLED',
  'TASK_ERROR',
  'TASK_LOST',
  'TASK_DROPPED',
  'TASK_UNREACHABLE',
  'TASK_GONE',
  'TASK_GONE_BY_OPERATOR',
  'TASK_UNKNOWN',
]);
export type TaskState = Static<typeof TaskState>;

const TERMINAL_STATES: ReadonlySet<TaskState> = new Set<TaskState>([
  'TASK_FINISHED',
  'TASK_FAILED',
  'TASK_KILLED',
  'TASK_ERROR',
  'TASK_LOST',
  'TASK_DROPPED',
  'TASK_GONE',
  'TASK_GONE_BY_OPERATOR',
]);

/** True when no process of the task runs or will run again. */
export function isTerminal(state: TaskState): boolean {
  return TERMINAL_STATES.has(state);
}

const NanosecondsDuration = Type.Object({ nanoseconds: Type.Number() });

/** What service discovery reads. Note the doubled `ports.ports`, as on the Mesos wire. */
export const DiscoveryInfo = Type.Object({
  visibility: stringEnum(['FRAMEWORK', 'CLUSTER', 'EXTERNAL']),
  name: Type.Optional(Type.String()),
  environment: Type.Optional(Type.String()),
  location: Type.Optional(Type.String()),
  version: Type.Optional(Type.String()),
  ports: Type.Optional(
    Type.Object({
      ports: Type.Array(
        Type.Object({
          number: Type.Integer(),
          name: Type.Optional(Type.String()),
          protocol: Type.Optional(Type.String()),
          labels: Type.Optional(Labels),
        }),
      ),
    }),
  ),
  labels: Type.Optional(Labels),
});
export type DiscoveryInfo = Static<typeof DiscoveryInfo>;

/**
 * What runs tasks in place of the agent. `DEFAULT` is Mesos's own, which runs pods: its resources are charged as long as
 * any of its tasks lives, its container is the sandbox and the network that they share. `CUSTOM` is a program of the
 * framework (`command`), started once an agent, which speaks the executor API; its resources are charged until it ends.
 */
export const ExecutorInfo = Type.Object({
  type: Type.Optional(stringEnum(['DEFAULT', 'CUSTOM'])),
  executor_id: IdValue,
  framework_id: Type.Optional(IdValue),
  command: Type.Optional(CommandInfo),
  container: Type.Optional(ContainerInfo),
  resources: Type.Array(Resource),
  name: Type.Optional(Type.String()),
  /** For the executor alone, base64. */
  data: Type.Optional(Type.String()),
  labels: Type.Optional(Labels),
  shutdown_grace_period: Type.Optional(NanosecondsDuration),
});
export type ExecutorInfo = Static<typeof ExecutorInfo>;

/**
 * What to launch: a `command`, or work for an `executor`. `health_checks` and `readiness_checks` are Stadion's own: Mesos
 * knows a single `health_check`.
 */
export const TaskInfo = Type.Object({
  name: Type.String(),
  task_id: IdValue,
  agent_id: IdValue,
  resources: Type.Array(Resource),
  /** More than was granted, which no agent here can give yet; by the name of the resource. */
  limits: Type.Optional(Type.Record(Type.String(), Type.Object({ value: Type.Number() }))),
  command: Type.Optional(CommandInfo),
  executor: Type.Optional(ExecutorInfo),
  /** For its executor alone, base64. */
  data: Type.Optional(Type.String()),
  container: Type.Optional(ContainerInfo),
  kill_policy: Type.Optional(Type.Object({ grace_period: Type.Optional(NanosecondsDuration) })),
  labels: Type.Optional(Labels),
  discovery: Type.Optional(DiscoveryInfo),
  max_completion_time: Type.Optional(NanosecondsDuration),
  check: Type.Optional(CheckInfo),
  health_checks: Type.Optional(Type.Array(HealthCheckInfo)),
  readiness_checks: Type.Optional(Type.Array(ReadinessCheckInfo)),
});
export type TaskInfo = Static<typeof TaskInfo>;

/** Tasks that are launched all or none, on one agent. */
export const TaskGroupInfo = Type.Object({ tasks: Type.Array(TaskInfo) });
export type TaskGroupInfo = Static<typeof TaskGroupInfo>;

/** Who made a status. */
export const StatusSource = stringEnum(['SOURCE_MASTER', 'SOURCE_AGENT', 'SOURCE_EXECUTOR']);
export type StatusSource = Static<typeof StatusSource>;

/** Why a status was made: `mesos.v1.TaskStatus.Reason`, with `AGENT` where Mesos v0 says `SLAVE`. */
export const StatusReason = stringEnum([
  'REASON_COMMAND_EXECUTOR_FAILED',
  'REASON_CONTAINER_LAUNCH_FAILED',
  'REASON_CONTAINER_LIMITATION',
  'REASON_CONTAINER_LIMITATION_DISK',
  'REASON_CONTAINER_LIMITATION_MEMORY',
  'REASON_CONTAINER_PREEMPTED',
  'REASON_EXECUTOR_REGISTRATION_TIMEOUT',
  'REASON_EXECUTOR_REREGISTRATION_TIMEOUT',
  'REASON_EXECUTOR_TERMINATED',
  'REASON_FRAMEWORK_REMOVED',
  'REASON_INVALID_OFFERS',
  'REASON_MAX_COMPLETION_TIME_REACHED',
  'REASON_RECONCILIATION',
  'REASON_RESOURCES_UNKNOWN',
  'REASON_AGENT_DISCONNECTED',
  'REASON_AGENT_DRAINING',
  'REASON_AGENT_REMOVED',
  'REASON_AGENT_REMOVED_BY_OPERATOR',
  'REASON_AGENT_REREGISTERED',
  'REASON_AGENT_RESTARTED',
  'REASON_AGENT_UNKNOWN',
  'REASON_TASK_HEALTH_CHECK_STATUS_UPDATED',
  'REASON_TASK_CHECK_STATUS_UPDATED',
  'REASON_TASK_GROUP_INVALID',
  'REASON_TASK_INVALID',
  'REASON_TASK_KILLED_DURING_LAUNCH',
  'REASON_TASK_UNKNOWN',
]);
export type StatusReason = Static<typeof StatusReason>;

/**
 * One report about a task. A `uuid` (16 bytes, base64) means that it must be acknowledged.
 * `health_results` and `readiness_results` are Stadion's own: what is known of all checks, in their order. A check that
 * has not answered yet is absent.
 */
export const TaskStatus = Type.Object({
  task_id: IdValue,
  state: TaskState,
  message: Type.Optional(Type.String()),
  source: Type.Optional(StatusSource),
  reason: Type.Optional(StatusReason),
  agent_id: Type.Optional(IdValue),
  executor_id: Type.Optional(IdValue),
  timestamp: Type.Number(),
  uuid: Type.Optional(Type.String()),
  /** Of a custom executor, for its framework alone, base64. */
  data: Type.Optional(Type.String()),
  labels: Type.Optional(Labels),
  healthy: Type.Optional(Type.Boolean()),
  container_status: Type.Optional(
    Type.Object({
      container_id: Type.Optional(ContainerId),
      network_infos: Type.Optional(
        Type.Array(
          Type.Object({
            ip_addresses: Type.Array(
              Type.Object({ protocol: Type.Optional(Type.String()), ip_address: Type.String() }),
            ),
          }),
        ),
      ),
      executor_pid: Type.Optional(Type.Integer()),
    }),
  ),
  unreachable_time: Type.Optional(NanosecondsDuration),
  check_status: Type.Optional(CheckStatusInfo),
  limitation: Type.Optional(Type.Object({ resources: Type.Array(Resource) })),
  health_results: Type.Optional(Type.Array(HealthResult)),
  readiness_results: Type.Optional(Type.Array(ReadinessResult)),
});
export type TaskStatus = Static<typeof TaskStatus>;
