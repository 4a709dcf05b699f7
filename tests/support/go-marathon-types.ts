/** The answers of Marathon as go-marathon declares them; Terraform's provider and Traefik 1 and 2 stand on it. */
import type { GoType } from './go-decoder.ts';

const HEALTH_CHECK: GoType = {
  command: { value: 'string' },
  portIndex: 'int',
  port: 'int',
  path: 'string',
  maxConsecutiveFailures: 'int',
  protocol: 'string',
  gracePeriodSeconds: 'int',
  intervalSeconds: 'int',
  timeoutSeconds: 'int',
  ignoreHttp1xx: 'bool',
};
const PORT_MAPPING: GoType = {
  containerPort: 'int',
  hostPort: 'int',
  labels: { '*': 'string' },
  name: 'string',
  servicePort: 'int',
  protocol: 'string',
  networkNames: ['string'],
};
const TASK: GoType = {
  id: 'string',
  appId: 'string',
  host: 'string',
  healthCheckResults: [
    {
      alive: 'bool',
      consecutiveFailures: 'int',
      firstSuccess: 'string',
      lastFailure: 'string',
      lastFailureCause: 'string',
      lastSuccess: 'string',
      taskId: 'string',
    },
  ],
  ports: ['int'],
  servicePorts: ['int'],
  slaveId: 'string',
  stagedAt: 'string',
  startedAt: 'string',
  state: 'string',
  ipAddresses: [{ ipAddress: 'string', protocol: 'string' }],
  version: 'string',
};
const STATS: GoType = {
  stats: {
    counts: { staged: 'int', running: 'int', healthy: 'int', unhealthy: 'int' },
    lifeTime: { averageSeconds: 'float', medianSeconds: 'float' },
  },
};

/** An app; without the members that nobody sends any more. */
export const APPLICATION: GoType = {
  id: 'string',
  cmd: 'string',
  args: ['string'],
  constraints: [['string']],
  container: {
    type: 'string',
    docker: {
      forcePullImage: 'bool',
      image: 'string',
      network: 'string',
      parameters: [{ key: 'string', value: 'string' }],
      portMappings: [PORT_MAPPING],
      privileged: 'bool',
    },
    portMappings: [PORT_MAPPING],
    volumes: [{ containerPath: 'string', hostPath: 'string', mode: 'string' }],
  },
  cpus: 'float',
  gpus: 'float',
  disk: 'float',
  networks: [{ name: 'string', mode: 'string', labels: { '*': 'string' } }],
  executor: 'string',
  healthChecks: [HEALTH_CHECK],
  readinessChecks: [
    {
      name: 'string',
      protocol: 'string',
      path: 'string',
      portName: 'string',
      intervalSeconds: 'int',
      timeoutSeconds: 'int',
      httpStatusCodesForReady: ['int'],
      preserveLastResponse: 'bool',
    },
  ],
  instances: 'int',
  mem: 'float',
  tasks: [TASK],
  ports: ['int'],
  portDefinitions: [{ port: 'int', protocol: 'string', name: 'string', labels: { '*': 'string' } }],
  requirePorts: 'bool',
  backoffSeconds: 'float',
  backoffFactor: 'float',
  maxLaunchDelaySeconds: 'float',
  taskKillGracePeriodSeconds: 'float',
  deployments: [{ id: 'string' }],
  readinessCheckResults: [{ name: 'string', taskId: 'string', ready: 'bool' }],
  dependencies: ['string'],
  tasksRunning: 'int',
  tasksStaged: 'int',
  tasksHealthy: 'int',
  tasksUnhealthy: 'int',
  taskStats: {
    startedAfterLastScaling: STATS,
    withLatestConfig: STATS,
    withOutdatedConfig: STATS,
    totalSummary: STATS,
  },
  user: 'string',
  upgradeStrategy: { minimumHealthCapacity: 'float', maximumOverCapacity: 'float' },
  unreachableStrategy: { inactiveAfterSeconds: 'float', expungeAfterSeconds: 'float' },
  killSelection: 'string',
  uris: ['string'],
  version: 'string',
  versionInfo: { lastScalingAt: 'string', lastConfigChangeAt: 'string' },
  labels: { '*': 'string' },
  acceptedResourceRoles: ['string'],
  lastTaskFailure: {
    appId: 'string',
    host: 'string',
    message: 'string',
    slaveId: 'string',
    state: 'string',
    taskId: 'string',
    timestamp: 'string',
    version: 'string',
  },
  fetch: [{ uri: 'string', executable: 'bool', extract: 'bool', cache: 'bool' }],
  role: 'string',
};

const STEP: GoType = { action: 'string', app: 'string', actions: [{ action: 'string', app: 'string' }] };

/** What its calls decode into, by the call. */
export const ANSWERS = {
  app: { app: APPLICATION },
  apps: { apps: [APPLICATION] },
  created: APPLICATION,
  deployment: { deploymentId: 'string', version: 'string' },
  deployments: [
    {
      id: 'string',
      version: 'string',
      currentStep: 'int',
      totalSteps: 'int',
      affectedApps: ['string'],
      affectedPods: ['string'],
      steps: [STEP],
      currentActions: [STEP],
    },
  ],
  group: {
    id: 'string',
    apps: [APPLICATION],
    dependencies: ['string'],
    groups: [{ id: 'string', apps: [APPLICATION] }],
  },
  info: { frameworkId: 'string', leader: 'string', name: 'string', version: 'string', elected: 'bool' },
  leader: { leader: 'string' },
  queue: {
    queue: [
      {
        count: 'int',
        delay: { overdue: 'bool', timeLeftSeconds: 'int' },
        app: APPLICATION,
        role: 'string',
        since: 'string',
        processedOffersSummary: {
          processedOffersCount: 'int',
          unusedOffersCount: 'int',
          lastUnusedOfferAt: 'string',
          rejectSummaryLastOffers: [{ reason: 'string', declined: 'int', processed: 'int' }],
        },
      },
    ],
  },
  tasks: { tasks: [TASK] },
  versions: { versions: ['string'] },
} as const satisfies Record<string, GoType>;
