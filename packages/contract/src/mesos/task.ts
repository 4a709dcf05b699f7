/** Tasks and their status in the shape of the Mesos v1 API. */
import { Type, type Static } from '@sinclair/typebox';
import { stringEnum } from '../string-enum.ts';
import { IdValue, Labels, Resource } from './resources.ts';

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

/** One artifact to fetch into the sandbox before the command starts. */
export const CommandUri = Type.Object({
  value: Type.String(),
  executable: Type.Optional(Type.Boolean()),
  extract: Type.Optional(Type.Boolean()),
  cache: Type.Optional(Type.Boolean()),
  output_file: Type.Optional(Type.String()),
  /** Stadion's own: `sha256:<hex>` or `sha512:<hex>` of what is fetched. */
  checksum: Type.Optional(Type.String()),
});
export type CommandUri = Static<typeof CommandUri>;

/** `shell` (default true): `/bin/sh -c value`; otherwise `value` is executed with `arguments` (first is argv[0]). */
export const CommandInfo = Type.Object({
  value: Type.Optional(Type.String()),
  shell: Type.Optional(Type.Boolean()),
  arguments: Type.Optional(Type.Array(Type.String())),
  uris: Type.Optional(Type.Array(CommandUri)),
  environment: Type.Optional(
    Type.Object({ variables: Type.Array(Type.Object({ name: Type.String(), value: Type.String() })) }),
  ),
  user: Type.Optional(Type.String()),
});
export type CommandInfo = Static<typeof CommandInfo>;

const PortMapping = Type.Object({
  host_port: Type.Integer(),
  container_port: Type.Integer(),
  protocol: Type.Optional(Type.String()),
});

/** What the task runs in. Absent: a plain process. */
export const ContainerInfo = Type.Object({
  type: stringEnum(['DOCKER', 'MESOS']),
  volumes: Type.Optional(
    Type.Array(
      Type.Object({
        mode: stringEnum(['RW', 'RO']),
        container_path: Type.String(),
        host_path: Type.Optional(Type.String()),
      }),
    ),
  ),
  docker: Type.Optional(
    Type.Object({
      image: Type.String(),
      network: Type.Optional(Type.String()),
      port_mappings: Type.Optional(Type.Array(PortMapping)),
      privileged: Type.Optional(Type.Boolean()),
      parameters: Type.Optional(Type.Array(Type.Object({ key: Type.String(), value: Type.String() }))),
      force_pull_image: Type.Optional(Type.Boolean()),
    }),
  ),
  mesos: Type.Optional(
    Type.Object({
      image: Type.Optional(
        Type.Object({
          type: Type.String(),
          docker: Type.Optional(Type.Object({ name: Type.String() })),
          cached: Type.Optional(Type.Boolean()),
        }),
      ),
    }),
  ),
  network_infos: Type.Optional(
    Type.Array(
      Type.Object({
        name: Type.Optional(Type.String()),
        labels: Type.Optional(Labels),
        port_mappings: Type.Optional(Type.Array(PortMapping)),
      }),
    ),
  ),
});
export type ContainerInfo = Static<typeof ContainerInfo>;

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
 * A health check as the agent runs it beside the task: first `delay_seconds` after RUNNING, then every interval. On
 * failure number `consecutive_failures` it is exhausted (0: never). The members are those of `mesos.v1.HealthCheck`; beyond Mesos
 * there are `HTTPS` by `http.scheme`, and `kill_on_failure: false`, which leaves the decision to the framework.
 */
export const HealthCheckInfo = Type.Object({
  type: stringEnum(['COMMAND', 'HTTP', 'TCP']),
  command: Type.Optional(CommandInfo),
  http: Type.Optional(
    Type.Object({
      scheme: Type.Optional(stringEnum(['http', 'https'])),
      port: Type.Integer(),
      path: Type.Optional(Type.String()),
      protocol: Type.Optional(stringEnum(['IPv4', 'IPv6'])),
    }),
  ),
  tcp: Type.Optional(Type.Object({ port: Type.Integer() })),
  delay_seconds: Type.Number(),
  interval_seconds: Type.Number(),
  timeout_seconds: Type.Number(),
  consecutive_failures: Type.Integer(),
  grace_period_seconds: Type.Number(),
  ignore_http_1xx: Type.Optional(Type.Boolean()),
  kill_on_failure: Type.Boolean(),
});
export type HealthCheckInfo = Static<typeof HealthCheckInfo>;

/** A readiness check: asked from RUNNING on until it first says ready, then never again. */
export const ReadinessCheckInfo = Type.Object({
  name: Type.String(),
  scheme: stringEnum(['http', 'https']),
  port: Type.Integer(),
  path: Type.String(),
  interval_seconds: Type.Number(),
  timeout_seconds: Type.Number(),
  http_status_codes_for_ready: Type.Array(Type.Integer()),
  preserve_last_response: Type.Boolean(),
});
export type ReadinessCheckInfo = Static<typeof ReadinessCheckInfo>;

/** What to launch. `health_checks` and `readiness_checks` are Stadion's own: Mesos knows a single `health_check`. */
export const TaskInfo = Type.Object({
  name: Type.String(),
  task_id: IdValue,
  agent_id: IdValue,
  resources: Type.Array(Resource),
  command: Type.Optional(CommandInfo),
  container: Type.Optional(ContainerInfo),
  kill_policy: Type.Optional(Type.Object({ grace_period: Type.Optional(NanosecondsDuration) })),
  labels: Type.Optional(Labels),
  discovery: Type.Optional(DiscoveryInfo),
  max_completion_time: Type.Optional(NanosecondsDuration),
  health_checks: Type.Optional(Type.Array(HealthCheckInfo)),
  readiness_checks: Type.Optional(Type.Array(ReadinessCheckInfo)),
});
export type TaskInfo = Static<typeof TaskInfo>;

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
  'REASON_EXECUTOR_TERMINATED',
  'REASON_FRAMEWORK_REMOVED',
  'REASON_INVALID_OFFERS',
  'REASON_MAX_COMPLETION_TIME_REACHED',
  'REASON_RECONCILIATION',
  'REASON_AGENT_DISCONNECTED',
  'REASON_AGENT_REMOVED',
  'REASON_AGENT_REMOVED_BY_OPERATOR',
  'REASON_AGENT_REREGISTERED',
  'REASON_AGENT_RESTARTED',
  'REASON_AGENT_UNKNOWN',
  'REASON_TASK_HEALTH_CHECK_STATUS_UPDATED',
  'REASON_TASK_CHECK_STATUS_UPDATED',
  'REASON_TASK_INVALID',
  'REASON_TASK_KILLED_DURING_LAUNCH',
  'REASON_TASK_UNKNOWN',
]);
export type StatusReason = Static<typeof StatusReason>;

/** What one health check (by its index in `health_checks`) knows. Times are seconds since the Unix epoch. */
export const HealthResult = Type.Object({
  index: Type.Integer(),
  alive: Type.Boolean(),
  consecutive_failures: Type.Integer(),
  first_success: Type.Optional(Type.Number()),
  last_success: Type.Optional(Type.Number()),
  last_failure: Type.Optional(Type.Number()),
  last_failure_cause: Type.Optional(Type.String()),
  /** The failures reached `consecutive_failures` outside the grace period: the framework may want to kill. */
  exhausted: Type.Boolean(),
});
export type HealthResult = Static<typeof HealthResult>;

/** The last answer to a readiness check. */
export const ReadinessResult = Type.Object({
  name: Type.String(),
  ready: Type.Boolean(),
  last_response: Type.Optional(
    Type.Object({ status: Type.Integer(), content_type: Type.String(), body: Type.String() }),
  ),
});
export type ReadinessResult = Static<typeof ReadinessResult>;

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
  healthy: Type.Optional(Type.Boolean()),
  container_status: Type.Optional(
    Type.Object({
      container_id: Type.Optional(IdValue),
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
  limitation: Type.Optional(Type.Object({ resources: Type.Array(Resource) })),
  health_results: Type.Optional(Type.Array(HealthResult)),
  readiness_results: Type.Optional(Type.Array(ReadinessResult)),
});
export type TaskStatus = Static<typeof TaskStatus>;
