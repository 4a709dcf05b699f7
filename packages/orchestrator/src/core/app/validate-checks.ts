/** Marathon's rules for health and readiness checks. */
import type { HealthCheck } from '@stadion/contract/orchestrator';
import type { AppSpec } from './spec.ts';
import type { Refuse } from './checked.ts';

/** A check says where it looks, in one way, and that place exists. */
export function healthCheckRules(app: AppSpec, refuse: Refuse): void {
  const checks = app.healthChecks ?? [];
  const ports = (app.portDefinitions ?? app.container?.portMappings ?? []).length;
  for (const [index, check] of checks.entries()) {
    const path = `/healthChecks(${String(index)})`;
    if (check.protocol === 'COMMAND') {
      refuse(check.command === undefined, `${path}/command`, 'must be set for a COMMAND health check');
      refuse(check.command?.value.includes('\0') ?? false, `${path}/command`, 'must not contain a NUL character');
      continue;
    }
    refuse(check.command !== undefined, `${path}/command`, `must not be set for a ${check.protocol} health check`);
    portRules(check, ports, path, refuse);
    refuse(/[\s\p{Cc}]/u.test(check.path ?? ''), `${path}/path`, 'must not contain white space or control characters');
    const mayBeV6 = check.protocol.startsWith('MESOS_') && app.container?.type === 'DOCKER';
    refuse(
      check.ipProtocol === 'IPv6' && !mayBeV6,
      `${path}/ipProtocol`,
      'IPv6 can only be used by MESOS_* health checks of Docker containers',
    );
  }
  const mesosChecks = checks.filter((check) => check.protocol.startsWith('MESOS_'));
  refuse(mesosChecks.length > 1, '/healthChecks', 'AppDefinition can contain at most one Mesos health check');
}

function portRules(check: HealthCheck, ports: number, path: string, refuse: Refuse): void {
  const { port, portIndex } = check;
  const isOne = (port === undefined) !== (portIndex === undefined);
  if (!isOne) {
    const known = ports === 0 ? '; this app has no ports' : '';
    refuse(true, path, `HealthCheck must specify either a port or a portIndex${known}`);
    return;
  }
  refuse(
    portIndex !== undefined && portIndex >= ports,
    `${path}/portIndex`,
    `Health check port indices must address an element of the ports array or container port mappings: there ${
      ports === 1 ? 'is 1 port' : `are ${String(ports)} ports`
    }, counted from 0.`,
  );
  refuse(port === 0, `${path}/port`, 'must be between 1 and 65535');
}

/** At most one check, on a port that has a name, quicker than its own interval. */
export function readinessCheckRules(app: AppSpec, refuse: Refuse): void {
  const checks = app.readinessChecks ?? [];
  refuse(checks.length > 1, '/readinessChecks', 'must have at most 1 element');
  const names = (app.portDefinitions ?? app.container?.portMappings ?? []).map(({ name }) => name);
  for (const [index, check] of checks.entries()) {
    const path = `/readinessChecks(${String(index)})`;
    const known = names.filter((name) => name !== undefined);
    refuse(
      !known.includes(check.portName),
      `${path}/portName`,
      `No port definition reference for portName ${check.portName} in: ${known.join(', ') || 'no named ports'}`,
    );
    refuse(
      check.timeoutSeconds >= check.intervalSeconds,
      `${path}/timeoutSeconds`,
      'must be less than intervalSeconds',
    );
    refuse(/[\s\p{Cc}]/u.test(check.path), `${path}/path`, 'must not contain white space or control characters');
  }
}

/** A check that is only told about looks in exactly one way, at a port that exists. */
export function appCheckRules({ check, ...app }: AppSpec, refuse: Refuse): void {
  if (check === undefined) return;
  const ways = [check.http, check.tcp, check.exec].filter((way) => way !== undefined);
  refuse(ways.length !== 1, '/check', 'must have exactly one of http, tcp and exec');
  const { timeoutSeconds = 0, intervalSeconds = 0 } = check;
  refuse(timeoutSeconds >= intervalSeconds, '/check/timeoutSeconds', 'must be less than intervalSeconds');
  const command = check.exec?.command;
  const texts = command === undefined ? [] : 'shell' in command ? [command.shell] : command.argv;
  refuse(
    texts.some((text) => text.includes('\0')),
    '/check/exec/command',
    'must not contain a NUL character',
  );
  const place = check.http ?? check.tcp;
  if (place === undefined) return;
  const ports = (app.portDefinitions ?? app.container?.portMappings ?? []).length;
  refuse(
    (place.port === undefined) === (place.portIndex === undefined),
    '/check',
    'must have either port or portIndex',
  );
  refuse(
    (place.portIndex ?? -1) >= ports,
    '/check/portIndex',
    `must address one of the ${String(ports)} ports, counted from 0`,
  );
  refuse(place.port === 0, '/check/port', 'must be between 1 and 65535');
  const path = check.http?.path ?? '';
  refuse(/[\s\p{Cc}]/u.test(path), '/check/http/path', 'must not contain white space or control characters');
}
