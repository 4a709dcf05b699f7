/** Fills the gaps of health and readiness checks with Marathon's defaults. */
import type { AppInput, HealthCheck, ReadinessCheck } from '@stadion/contract/orchestrator';
import type { AppCheck } from '@stadion/contract/orchestrator-pods';
import { compact } from './checked.ts';

/** True for checks that Marathon hands to Mesos: those begin after `delaySeconds`. */
export function isMesosCheck(protocol: HealthCheck['protocol']): boolean {
  return protocol === 'COMMAND' || protocol.startsWith('MESOS_');
}

/**
 * A health check with every time filled in.
 * @param hasPorts whether the app has any port; then a check that names none means the first
 */
export function normalizeHealthCheck(
  check: NonNullable<AppInput['healthChecks']>[number],
  hasPorts: boolean,
): HealthCheck {
  const protocol = check.protocol ?? 'HTTP';
  const isHttp = protocol.includes('HTTP');
  const takesFirstPort =
    protocol !== 'COMMAND' && check.port === undefined && check.portIndex === undefined && hasPorts;
  return compact({
    protocol,
    path: check.path ?? (isHttp ? '/' : undefined),
    portIndex: takesFirstPort ? 0 : check.portIndex,
    port: check.port,
    command: check.command === undefined ? undefined : { value: check.command.value },
    gracePeriodSeconds: check.gracePeriodSeconds ?? 300,
    intervalSeconds: check.intervalSeconds ?? 60,
    timeoutSeconds: check.timeoutSeconds ?? 20,
    maxConsecutiveFailures: check.maxConsecutiveFailures ?? 3,
    delaySeconds: isMesosCheck(protocol) ? (check.delaySeconds ?? 15) : undefined,
    ignoreHttp1xx: protocol === 'HTTP' || protocol === 'HTTPS' ? (check.ignoreHttp1xx ?? false) : undefined,
    ipProtocol: check.ipProtocol ?? (protocol.startsWith('MESOS_') ? 'IPv4' : undefined),
  });
}

/** A check with every time filled in; one that names no port means the first. */
export function normalizeAppCheck({ http, tcp, exec, ...times }: AppCheck, hasPorts: boolean): AppCheck {
  const firstPort = (place: { readonly port?: number; readonly portIndex?: number }): { portIndex?: number } =>
    hasPorts && place.port === undefined && place.portIndex === undefined ? { portIndex: 0 } : {};
  return compact({
    http: http && { scheme: 'HTTP' as const, path: '/', ...firstPort(http), ...http },
    tcp: tcp && { ...firstPort(tcp), ...tcp },
    exec,
    intervalSeconds: times.intervalSeconds ?? 60,
    timeoutSeconds: times.timeoutSeconds ?? 20,
    delaySeconds: times.delaySeconds ?? 15,
  });
}

/** A readiness check with everything filled in. */
export function normalizeReadinessCheck(check: NonNullable<AppInput['readinessChecks']>[number]): ReadinessCheck {
  const codes = check.httpStatusCodesForReady ?? [];
  return {
    name: check.name ?? 'readinessCheck',
    protocol: check.protocol ?? 'HTTP',
    path: check.path ?? '/',
    portName: check.portName ?? 'http-api',
    intervalSeconds: check.intervalSeconds ?? 30,
    timeoutSeconds: check.timeoutSeconds ?? 10,
    httpStatusCodesForReady: codes.length > 0 ? codes : [200],
    preserveLastResponse: check.preserveLastResponse ?? false,
  };
}
