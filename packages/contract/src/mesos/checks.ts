/** How tasks are checked, and what the checks found. */
import { Type, type Static } from '@sinclair/typebox';
import { stringEnum } from '../string-enum.ts';
import { CommandInfo } from './container.ts';

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

/** A health check as Mesos knows it, without what is Stadion's own. */
export function healthCheckV1({ ignore_http_1xx: _ignore, kill_on_failure: _kill, ...check }: HealthCheckInfo) {
  return check;
}

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

/**
 * A check that is only told about, never acted on: `mesos.v1.CheckInfo`. The agent reports each new result as
 * `check_status`.
 */
export const CheckInfo = Type.Object({
  type: stringEnum(['COMMAND', 'HTTP', 'TCP']),
  command: Type.Optional(Type.Object({ command: CommandInfo })),
  http: Type.Optional(
    Type.Object({
      port: Type.Integer(),
      path: Type.Optional(Type.String()),
      scheme: Type.Optional(stringEnum(['http', 'https'])),
    }),
  ),
  tcp: Type.Optional(Type.Object({ port: Type.Integer() })),
  delay_seconds: Type.Number(),
  interval_seconds: Type.Number(),
  timeout_seconds: Type.Number(),
});
export type CheckInfo = Static<typeof CheckInfo>;

/** The last result of a {@link CheckInfo}; a probe that failed to give one (a timeout) leaves the member empty. */
export const CheckStatusInfo = Type.Object({
  type: stringEnum(['COMMAND', 'HTTP', 'TCP']),
  command: Type.Optional(Type.Object({ exit_code: Type.Optional(Type.Integer()) })),
  http: Type.Optional(Type.Object({ status_code: Type.Optional(Type.Integer()) })),
  tcp: Type.Optional(Type.Object({ succeeded: Type.Optional(Type.Boolean()) })),
});
export type CheckStatusInfo = Static<typeof CheckStatusInfo>;

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
