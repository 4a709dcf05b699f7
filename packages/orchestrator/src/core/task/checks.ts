/** Health and readiness checks of an app, with the ports of one launch, as the agent runs them beside the task. */
import type { CommandInfo, HealthCheckInfo, ReadinessCheckInfo } from '@stadion/contract/mesos';
import type { CheckInfo } from '@stadion/contract/mesos-workload';
import type { AppDefinition, HealthCheck, ReadinessCheck } from '@stadion/contract/orchestrator';
import type { AppCheck } from '@stadion/contract/orchestrator-pods';
import { NEVER_EXHAUSTED } from './limits.ts';
import { reachablePort, type TaskPort } from './task-ports.ts';

/** Marathon begins to probe after the interval, and after this at the latest. */
const FIRST_PROBE_SECONDS_MAX = 5;
const MESOS_DELAY_SECONDS = 15;

/** All health checks in the app's order, so that results can be told by index. */
export function healthCheckInfos(app: AppDefinition, ports: readonly TaskPort[]): HealthCheckInfo[] {
  return (app.healthChecks ?? []).map((check) => healthCheckInfo(check, ports));
}

/** All readiness checks in the app's order. */
export function readinessCheckInfos(app: AppDefinition, ports: readonly TaskPort[]): ReadinessCheckInfo[] {
  return (app.readinessChecks ?? []).map((check) => readinessCheckInfo(check, ports));
}

/** The check that is only told about; the app has one. */
export function checkInfo(check: NonNullable<AppDefinition['check']>, ports: readonly TaskPort[]): CheckInfo {
  const { http, tcp, exec } = check;
  const times = checkTimes(check);
  const portOf = ({ port, portIndex = 0 }: { readonly port?: number; readonly portIndex?: number }): number =>
    port ?? ports[portIndex]?.taskPort ?? 0;
  if (http !== undefined) {
    return { type: 'HTTP', http: { ...schemeAndPath(http), port: portOf(http) }, ...times };
  }
  if (tcp !== undefined) return { type: 'TCP', tcp: { port: portOf(tcp) }, ...times };
  return { type: 'COMMAND', command: { command: checkCommand(exec?.command) }, ...times };
}

/** When a check looks, for apps and pods alike. */
export function checkTimes({
  delaySeconds = MESOS_DELAY_SECONDS,
  intervalSeconds = 60,
  timeoutSeconds = 20,
}: Pick<AppCheck, 'delaySeconds' | 'intervalSeconds' | 'timeoutSeconds'>) {
  return { delay_seconds: delaySeconds, interval_seconds: intervalSeconds, timeout_seconds: timeoutSeconds };
}

/** How an HTTP check of an app or a pod asks. */
export function schemeAndPath({
  scheme,
  path,
}: {
  readonly scheme?: 'HTTP' | 'HTTPS';
  readonly path?: string;
}): Pick<NonNullable<CheckInfo['http']>, 'scheme' | 'path'> {
  return { scheme: scheme === 'HTTPS' ? 'https' : 'http', path: absolute(path) };
}

/** Marathon takes a path without its slash, Mesos does not. */
function absolute(path = '/'): string {
  return path.startsWith('/') ? path : `/${path}`;
}

/** The command of a check as one line for the shell. */
export function checkCommand(command: NonNullable<AppCheck['exec']>['command'] = { shell: 'false' }): CommandInfo {
  const text = 'shell' in command ? command.shell : command.argv.map(quoted).join(' ');
  return { shell: true, value: text };
}

/** An argument as the shell reads it back. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** Whether the checks are the same for all launches of the app. */
export function checksNeedPorts(app: AppDefinition): boolean {
  if ((app.readinessChecks ?? []).length > 0) return true;
  if (app.check !== undefined && app.check.exec === undefined) return true;
  return (app.healthChecks ?? []).some((check) => check.protocol !== 'COMMAND' && check.port === undefined);
}

function healthCheckInfo(check: HealthCheck, ports: readonly TaskPort[]): HealthCheckInfo {
  // COMMAND, like MESOS_*, is a check of Mesos: whoever runs the task kills it. The others leave that to us.
  const isOfMesos = check.protocol === 'COMMAND' || check.protocol.startsWith('MESOS_');
  const times = {
    delay_seconds: isOfMesos
      ? (check.delaySeconds ?? MESOS_DELAY_SECONDS)
      : Math.min(check.intervalSeconds, FIRST_PROBE_SECONDS_MAX),
    interval_seconds: check.intervalSeconds,
    timeout_seconds: check.timeoutSeconds,
    grace_period_seconds: check.gracePeriodSeconds,
    consecutive_failures: failuresAllowed(check.maxConsecutiveFailures, isOfMesos),
    kill_on_failure: isOfMesos,
  };
  switch (check.protocol) {
    case 'COMMAND':
      return { type: 'COMMAND', command: { shell: true, value: check.command?.value ?? '' }, ...times };
    case 'TCP':
    case 'MESOS_TCP':
      return { type: 'TCP', tcp: { port: checkedPort(check, ports) }, ...times };
    case 'HTTP':
    case 'HTTPS':
    case 'MESOS_HTTP':
    case 'MESOS_HTTPS':
      return {
        type: 'HTTP',
        http: {
          scheme: check.protocol.endsWith('HTTPS') ? 'https' : 'http',
          port: checkedPort(check, ports),
          path: absolute(check.path),
          ...(check.ipProtocol === undefined ? {} : { protocol: check.ipProtocol }),
        },
        ...times,
        ...(check.ignoreHttp1xx === undefined ? {} : { ignore_http_1xx: check.ignoreHttp1xx }),
      };
  }
}

/**
 * The failure in a row at which the agent says "exhausted". Mesos: the given one, 0 is as 1.
 * Marathon compares before it counts, hence one more; 0 is never.
 */
function failuresAllowed(maxConsecutiveFailures: number, isOfMesos: boolean): number {
  if (isOfMesos) return Math.max(1, maxConsecutiveFailures);
  return maxConsecutiveFailures === 0 ? NEVER_EXHAUSTED : maxConsecutiveFailures + 1;
}

/**
 * Marathon's checks come from outside: the host port where there is one. Those of Mesos run inside the task's network.
 * 0 when the app has no such port (the API refuses that): such a check fails and says so, rather than hide.
 */
function checkedPort(check: HealthCheck, ports: readonly TaskPort[]): number {
  if (check.port !== undefined) return check.port;
  const port = ports[check.portIndex ?? 0];
  if (port === undefined) return 0;
  return check.protocol.startsWith('MESOS_') ? port.taskPort : reachablePort(port);
}

function readinessCheckInfo(check: ReadinessCheck, ports: readonly TaskPort[]): ReadinessCheckInfo {
  const port = ports.find(({ name }) => name === check.portName);
  return {
    name: check.name,
    scheme: check.protocol === 'HTTPS' ? 'https' : 'http',
    port: port === undefined ? 0 : reachablePort(port),
    path: check.path,
    interval_seconds: check.intervalSeconds,
    timeout_seconds: check.timeoutSeconds,
    http_status_codes_for_ready: check.httpStatusCodesForReady,
    preserve_last_response: check.preserveLastResponse,
  };
}
