/** Small apps in canonical form, for simulations and measurements. */
import { randomBelow, type Random } from '@stadion/base';
import type { RunSpec } from '@stadion/orchestrator';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { TEAM_ROLES } from './quotas.ts';
import { HEALTH_PATH, READINESS_PATH } from './task-behaviour.ts';

type HealthCheck = NonNullable<AppDefinition['healthChecks']>[number];

/**
 * A small app.
 * @param version timestamp text; all times of the app's version are this
 * @param revision what tells one configuration from another
 */
export function sampleApp(id: string, version: string, revision: string): AppDefinition {
  return stamp(
    {
      id,
      cmd: 'sleep 1000',
      env: { REVISION: revision },
      instances: 1,
      cpus: 0.1,
      mem: 32,
      disk: 0,
      gpus: 0,
      executor: '',
      requirePorts: false,
      networks: [{ mode: 'host' }],
      portDefinitions: [{ port: 10_000, protocol: 'tcp', name: 'default' }],
      upgradeStrategy: { minimumHealthCapacity: 1, maximumOverCapacity: 1 },
      backoffSeconds: 1,
      backoffFactor: 1.15,
      maxLaunchDelaySeconds: 300,
      killSelection: 'YOUNGEST_FIRST',
      unreachableStrategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
      labels: {},
      role: '*',
      version: '',
      versionInfo: { lastScalingAt: '', lastConfigChangeAt: '' },
    },
    version,
  );
}

/** Marks a change of configuration: all times of the version are now. */
export function stamp(app: AppDefinition, version: string): AppDefinition {
  return { ...app, version, versionInfo: { lastScalingAt: version, lastConfigChangeAt: version } };
}

/** An app, one with a volume of its own, or a pod. */
export function randomSpec(random: Random, id: string, revision: string): AppDefinition {
  const app = randomApp(random, id, revision);
  switch (randomBelow(random, 8)) {
    case 0:
    case 1:
      return residentApp(random, app);
    case 2:
      return samplePod(app, false);
    case 3:
      return samplePod(residentStrategies(random, app), true);
    default:
      return app;
  }
}

const DISKS = ['root', 'path', 'mount', 'root'] as const;

/** What an app or a pod keeps, always on the same kind of disk: that of an instance cannot be changed. */
function volumeOf(id: string) {
  let sum = 0;
  for (let index = 0; index < id.length; index += 1) sum += id.charCodeAt(index);
  return { type: DISKS[sum % DISKS.length] ?? 'root', size: 100, constraints: [] };
}

function residentApp(random: Random, app: AppDefinition): AppDefinition {
  return {
    ...residentStrategies(random, app),
    residency: { relaunchEscalationTimeoutSeconds: 3600, taskLostBehavior: 'WAIT_FOREVER' },
    container: { type: 'MESOS', volumes: [{ containerPath: 'data', mode: 'RW', persistent: volumeOf(app.id) }] },
  };
}

function residentStrategies(random: Random, { constraints: _constraints, ...app }: AppDefinition): AppDefinition {
  const { drainSeconds, canary } = app.upgradeStrategy;
  return {
    ...app,
    instances: Math.min(app.instances, 4),
    upgradeStrategy: {
      minimumHealthCapacity: randomBelow(random, 2) === 0 ? 0.5 : 1,
      maximumOverCapacity: 0,
      ...(drainSeconds !== undefined && { drainSeconds }),
      ...(canary !== undefined && { canary }),
    },
    unreachableStrategy:
      randomBelow(random, 4) === 0 ? { inactiveAfterSeconds: 600, expungeAfterSeconds: 3_600 } : 'disabled',
    acceptedResourceRoles: ['*'],
  };
}

/** The same as a pod of two containers, which may share a volume that stays. */
function samplePod(app: AppDefinition, isResident: boolean): RunSpec {
  const { cmd: _cmd, portDefinitions: _ports, healthChecks: _health, readinessChecks: _ready, ...rest } = app;
  const resources = { cpus: 0.1, mem: 32, disk: 0, gpus: 0 };
  const volumeMounts = [{ name: 'kept', mountPath: 'data' }];
  const container = (name: string) => ({
    name,
    exec: { command: { shell: 'sleep 1000' } },
    resources,
    ...(isResident && { volumeMounts }),
  });
  return {
    ...rest,
    // What apps have beyond Marathon, pods do not.
    upgradeStrategy: {
      minimumHealthCapacity: app.upgradeStrategy.minimumHealthCapacity,
      maximumOverCapacity: app.upgradeStrategy.maximumOverCapacity,
    },
    cpus: 0.3,
    mem: 96,
    disk: 10,
    pod: {
      containers: [container('one'), container('two')],
      executorResources: { cpus: 0.1, mem: 32, disk: 10 },
      ...(isResident && { volumes: [{ name: 'kept', persistent: volumeOf(app.id) }] }),
    },
  };
}

/** An app with some of everything that deployments and placement look at. */
function randomApp(random: Random, id: string, revision: string): AppDefinition {
  const constraint = randomBelow(random, 6);
  const checks = randomHealthChecks(random);
  return {
    ...sampleApp(id, '', revision),
    instances: randomBelow(random, 7),
    cpus: [0.1, 0.5, 1][randomBelow(random, 3)] ?? 0.1,
    upgradeStrategy: {
      minimumHealthCapacity: [0, 0.5, 1][randomBelow(random, 3)] ?? 1,
      maximumOverCapacity: [0, 0.3, 1][randomBelow(random, 3)] ?? 1,
      ...randomWishes(random),
    },
    killSelection: randomBelow(random, 2) === 0 ? 'YOUNGEST_FIRST' : 'OLDEST_FIRST',
    unreachableStrategy:
      randomBelow(random, 2) === 0
        ? { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 }
        : { inactiveAfterSeconds: 30, expungeAfterSeconds: 90 },
    ...(checks.length > 0 && { healthChecks: checks }),
    ...(randomBelow(random, 4) === 0 && { readinessChecks: [readinessCheck()] }),
    role: TEAM_ROLES[randomBelow(random, 3 * TEAM_ROLES.length)] ?? '*',
    ...(constraint === 0 && { constraints: [['hostname', 'MAX_PER', '3']] }),
    ...(constraint === 1 && { constraints: [['rack', 'GROUP_BY']] }),
  };
}

/** Parts of an upgrade strategy that Marathon does not have. */
function randomWishes(random: Random): Partial<AppDefinition['upgradeStrategy']> {
  switch (randomBelow(random, 9)) {
    case 0:
      return { drainSeconds: randomBelow(random, 20) };
    case 1:
      return { minimumHealthy: randomBelow(random, 4), maximumOver: randomBelow(random, 3) };
    case 2:
      return { canary: { instances: 1 } };
    case 3:
      return { batchPauseSeconds: 1 + randomBelow(random, 5) };
    case 4:
      return { rollback: { afterFailures: 1 + randomBelow(random, 3) } };
    case 5:
      return { rollback: { afterFailures: 3, deadlineSeconds: 5 + randomBelow(random, 60) } };
    default:
      return {};
  }
}

/** A health check over HTTP, as Marathon does it. */
export function healthCheck(protocol: HealthCheck['protocol'], maxConsecutiveFailures: number): HealthCheck {
  return {
    protocol,
    gracePeriodSeconds: 10,
    intervalSeconds: 5,
    timeoutSeconds: 2,
    maxConsecutiveFailures,
    ...(protocol === 'COMMAND' ? { command: { value: 'check' }, delaySeconds: 1 } : { portIndex: 0 }),
    ...(protocol.endsWith('HTTP') && { path: HEALTH_PATH }),
  };
}

function randomHealthChecks(random: Random): HealthCheck[] {
  const failuresMax = randomBelow(random, 4);
  switch (randomBelow(random, 6)) {
    case 0:
      return [healthCheck('HTTP', failuresMax)];
    case 1:
      return [healthCheck('TCP', failuresMax)];
    case 2:
      return [healthCheck('COMMAND', failuresMax)];
    case 3:
      return [healthCheck('HTTP', failuresMax), healthCheck('MESOS_HTTP', 3)];
    default:
      return [];
  }
}

function readinessCheck(): NonNullable<AppDefinition['readinessChecks']>[number] {
  return {
    name: 'ready',
    protocol: 'HTTP',
    path: READINESS_PATH,
    portName: 'default',
    intervalSeconds: 5,
    timeoutSeconds: 2,
    httpStatusCodesForReady: [200],
    preserveLastResponse: false,
  };
}
