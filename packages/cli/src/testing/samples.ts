/** Apps, tasks and agents for tests: canonical, with what a test cares about given. */
import type { AppInfo, DeploymentInfo, QueueItem, Task } from '@stadion/contract/orchestrator';
import type { StateSlave } from '@stadion/contract/mesos-state';

export const VERSION = '2026-01-01T00:00:00.000Z';
const UUID_TAIL = '4bb1-11eb-8e53-0242ac110002';

/** An app; by default with one wanted instance and none running. */
export function sampleApp(given: Partial<AppInfo> & { readonly id: string }): AppInfo {
  return {
    cmd: './run',
    instances: 1,
    cpus: 0.5,
    mem: 64,
    disk: 0,
    gpus: 0,
    executor: '',
    requirePorts: false,
    backoffSeconds: 1,
    backoffFactor: 1.15,
    maxLaunchDelaySeconds: 300,
    killSelection: 'YOUNGEST_FIRST',
    unreachableStrategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
    labels: {},
    role: '*',
    networks: [{ mode: 'host' }],
    upgradeStrategy: { minimumHealthCapacity: 1, maximumOverCapacity: 1 },
    version: VERSION,
    versionInfo: { lastScalingAt: VERSION, lastConfigChangeAt: VERSION },
    tasksStaged: 0,
    tasksRunning: 0,
    tasksHealthy: 0,
    tasksUnhealthy: 0,
    deployments: [],
    tasks: [],
    ...given,
  };
}

/** The id of the task of an app whose instance's UUID begins with these eight digits. */
export function sampleTaskId(name: string, start: string): string {
  return `${name}.instance-${start}-${UUID_TAIL}._app.1`;
}

/** A running task of an app on the one agent. */
export function sampleTask(appId: string, start: string, given: Partial<Task> = {}): Task {
  return {
    id: sampleTaskId(appId.slice(1).replaceAll('/', '_'), start),
    appId,
    host: 'n1',
    slaveId: 'M-S0',
    state: 'TASK_RUNNING',
    role: '*',
    ports: [31_000],
    servicePorts: [],
    ipAddresses: [],
    healthCheckResults: [],
    localVolumes: [],
    stagedAt: VERSION,
    startedAt: VERSION,
    version: VERSION,
    ...given,
  };
}

/** A deployment in its first step, of a new app. */
export function sampleDeployment(id: string, app: string, given: Partial<DeploymentInfo> = {}): DeploymentInfo {
  return {
    id,
    version: VERSION,
    affectedApps: [app],
    affectedPods: [],
    steps: [{ actions: [{ action: 'StartApplication', app }] }, { actions: [{ action: 'ScaleApplication', app }] }],
    currentActions: [{ action: 'StartApplication', app, readinessCheckResults: [] }],
    currentStep: 1,
    totalSteps: 2,
    ...given,
  };
}

/** One waiting instance of an app. */
export function sampleQueueItem(app: AppInfo, given: Partial<QueueItem> = {}): QueueItem {
  return {
    app,
    count: 1,
    role: '*',
    delay: { timeLeftSeconds: 0, overdue: true },
    since: VERSION,
    processedOffersSummary: {
      processedOffersCount: 0,
      unusedOffersCount: 0,
      rejectSummaryLastOffers: [],
      rejectSummaryLaunchAttempt: [],
    },
    ...given,
  };
}

/** The one agent. */
export function sampleSlave(given: Partial<StateSlave> = {}): StateSlave {
  return {
    id: 'M-S0',
    hostname: 'n1',
    port: 5051,
    pid: 'slave(1)@127.0.0.1:5051',
    attributes: {},
    registered_time: Date.parse(VERSION) / 1000,
    resources: { cpus: 4, mem: 8192, disk: 10_000, gpus: 0, ports: '[31000-32000]' },
    used_resources: { cpus: 1, mem: 1024, disk: 0, gpus: 0 },
    offered_resources: { cpus: 0, mem: 0, disk: 0, gpus: 0 },
    active: true,
    version: '1.11.0',
    containerizers: ['posix'],
    ...given,
  };
}
