import type { AppDefinition, HealthCheck } from '@stadion/contract/orchestrator';
import { describe, expect, it } from 'vitest';
import { anApp } from '../placement/testing/builders.ts';
import { healthCheckInfos, readinessCheckInfos } from './checks.ts';
import { NEVER_EXHAUSTED } from './limits.ts';
import type { TaskPort } from './task-ports.ts';

const check: HealthCheck = {
  protocol: 'HTTP',
  portIndex: 0,
  gracePeriodSeconds: 300,
  intervalSeconds: 60,
  timeoutSeconds: 20,
  maxConsecutiveFailures: 3,
};

/** Container port 8080 on host port 31000; container port 9000 without host port. */
const ports: TaskPort[] = [
  port({ declared: 8080, name: 'web', hostPort: 31_000, taskPort: 8080 }),
  port({ declared: 9000, name: 'admin', hostPort: undefined, taskPort: 9000 }),
];

function port(given: Pick<TaskPort, 'declared' | 'name' | 'hostPort' | 'taskPort'>): TaskPort {
  return { ...given, isGenerated: false, protocols: ['tcp'], labels: {} };
}

function info(changes: Partial<HealthCheck>) {
  const [found] = healthCheckInfos(anApp({ healthChecks: [{ ...check, ...changes }] }), ports);
  return found;
}

describe('health checks', () => {
  it('of Marathon go to the host port and leave the killing to the framework', () => {
    expect(info({ path: 'healthcheck' })).toMatchObject({ http: { path: '/healthcheck' } });
    expect(info({ path: '/healthcheck', ignoreHttp1xx: true })).toEqual({
      type: 'HTTP',
      http: { scheme: 'http', port: 31_000, path: '/healthcheck' },
      delay_seconds: 5,
      interval_seconds: 60,
      timeout_seconds: 20,
      grace_period_seconds: 300,
      consecutive_failures: 4,
      kill_on_failure: false,
      ignore_http_1xx: true,
    });
  });

  it('of Mesos go to the port inside and kill', () => {
    expect(info({ protocol: 'MESOS_HTTPS', ipProtocol: 'IPv6', delaySeconds: 7 })).toEqual({
      type: 'HTTP',
      http: { scheme: 'https', port: 8080, path: '/', protocol: 'IPv6' },
      delay_seconds: 7,
      interval_seconds: 60,
      timeout_seconds: 20,
      grace_period_seconds: 300,
      consecutive_failures: 3,
      kill_on_failure: true,
    });
  });

  it('by command kill too, through a shell', () => {
    const { portIndex: _, ...withoutPort } = check;
    const command = { ...withoutPort, protocol: 'COMMAND' as const, command: { value: 'true' } };
    expect(healthCheckInfos(anApp({ healthChecks: [command] }), [])[0]).toMatchObject({
      type: 'COMMAND',
      command: { shell: true, value: 'true' },
      delay_seconds: 15,
      consecutive_failures: 3,
      kill_on_failure: true,
    });
  });

  it.each([
    ['HTTP', { portIndex: 0 }, 31_000],
    ['HTTPS', { portIndex: 1 }, 9000],
    ['TCP', { portIndex: 0 }, 31_000],
    ['TCP', { port: 7777 }, 7777],
    ['MESOS_HTTP', { portIndex: 0 }, 8080],
    ['MESOS_TCP', { portIndex: 1 }, 9000],
    ['MESOS_TCP', { port: 7777 }, 7777],
    ['TCP', { portIndex: 5 }, 0],
  ] as const)('%s on %j probes port %d', (protocol, at, expected) => {
    const found = info({ protocol, ...at });
    expect(found?.http?.port ?? found?.tcp?.port).toBe(expected);
  });

  it.each([
    ['HTTP', 0, NEVER_EXHAUSTED],
    ['HTTP', 1, 2],
    ['TCP', 3, 4],
    ['MESOS_HTTP', 0, 1],
    ['MESOS_TCP', 3, 3],
  ] as const)('%s with maxConsecutiveFailures %d is exhausted at failure %d', (protocol, max, expected) => {
    expect(info({ protocol, maxConsecutiveFailures: max })?.consecutive_failures).toBe(expected);
  });

  it('of Marathon begin after the interval, but within 5 seconds', () => {
    expect(info({ intervalSeconds: 2 })?.delay_seconds).toBe(2);
    expect(info({ intervalSeconds: 30, delaySeconds: 9 })?.delay_seconds).toBe(5);
  });

  it('keep their order', () => {
    const healthChecks = [check, { ...check, protocol: 'TCP' as const, portIndex: 1 }];
    expect(healthCheckInfos(anApp({ healthChecks }), ports).map(({ type }) => type)).toEqual(['HTTP', 'TCP']);
  });
});

describe('readiness checks', () => {
  const readiness: NonNullable<AppDefinition['readinessChecks']>[number] = {
    name: 'ready',
    protocol: 'HTTPS',
    path: '/ready',
    portName: 'web',
    intervalSeconds: 30,
    timeoutSeconds: 10,
    httpStatusCodesForReady: [200, 204],
    preserveLastResponse: true,
  };

  it('find their port by name', () => {
    expect(readinessCheckInfos(anApp({ readinessChecks: [readiness] }), ports)).toEqual([
      {
        name: 'ready',
        scheme: 'https',
        port: 31_000,
        path: '/ready',
        interval_seconds: 30,
        timeout_seconds: 10,
        http_status_codes_for_ready: [200, 204],
        preserve_last_response: true,
      },
    ]);
    const [missing] = readinessCheckInfos(anApp({ readinessChecks: [{ ...readiness, portName: 'none' }] }), ports);
    expect(missing?.port).toBe(0);
  });
});
