/**
 * Marathon's HTTP API as rows: what is asked of a platform with the apps `/web` (one task), `/idle` and `/g/inner` (none) and
 * the pod `/pod`, the status, and the answer to the letter or in shape.
 */
import { expect } from 'vitest';

const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** As Marathon writes times. */
export const timestamp = expect.stringMatching(TIMESTAMP);
/** What every change is answered with. */
export const DEPLOYMENT = { version: timestamp, deploymentId: expect.stringMatching(UUID) };

/** Asked, and answered: `body` is compared by `toEqual` when it is there; `headers` by their names in lower case. */
export interface Row {
  readonly ask: string;
  readonly body?: unknown;
  readonly accept?: string;
  readonly status: number;
  readonly answer?: unknown;
  readonly headers?: Readonly<Record<string, unknown>>;
}

/** What changes nothing. */
export const READS: readonly Row[] = [
  { ask: 'GET /ping', status: 200, answer: 'pong', headers: { 'content-type': expect.stringContaining('text/plain') } },
  { ask: 'GET /ping', accept: 'application/json', status: 200, answer: 'pong' },
  { ask: 'GET /ping', accept: 'image/png', status: 204, answer: '' },
  { ask: 'GET /v2/leader', status: 200, answer: { leader: expect.stringMatching(/^127\.0\.0\.1:\d+$/) } },
  { ask: 'GET /v2/plugins', status: 200, answer: { plugins: [] } },
  { ask: 'GET /v2/deployments', status: 200, answer: [] },
  { ask: 'GET /v2/queue', status: 200, answer: { queue: [] } },
  { ask: 'HEAD /v2/pods', status: 200 },
  { ask: 'GET /config', status: 200, answer: expect.objectContaining({ mesos_role: '*' }) },
  { ask: 'GET /logging', status: 200, answer: expect.objectContaining({ root: 'WARN', orchestrator: 'WARN' }) },
  {
    ask: 'GET /v2/info',
    status: 200,
    answer: expect.objectContaining({
      name: 'marathon',
      version: expect.stringMatching(/^1\.\d+\.\d+$/),
      elected: true,
      leader: expect.any(String),
      frameworkId: expect.any(String),
      zookeeper_config: expect.objectContaining({ zk: null, zk_session_timeout: null }),
      http_config: { http_port: expect.any(Number), https_port: null },
    }),
  },
  ...['/v2/apps/g/inner', '/v2/apps//g//inner/', '/v2/apps/g%2Finner'].map((path) => ({
    ask: `GET ${path}`,
    status: 200,
    answer: { app: expect.objectContaining({ id: '/g/inner' }) },
  })),
  ...['embed=apps.tasks', 'embed=app.tasks', 'embed=group.apps.tasks', 'embed=tasks'].map((query) => ({
    ask: `GET /v2/apps/?${query}`,
    status: 200,
    answer: { apps: expect.arrayContaining([expect.objectContaining({ id: '/web', tasks: [expect.anything()] })]) },
  })),
  ...['/g/*', '//g/*/'].map((path) => ({
    ask: `GET /v2/apps${path}`,
    status: 200,
    answer: { '*': [expect.objectContaining({ id: '/g/inner', tasksRunning: 0 })] },
  })),
  { ask: 'GET /v2/apps/g/*/tasks', status: 200, answer: { tasks: [] } },
  ...['label=tier', 'label=tier==web', 'label=tier!=db', 'label=tier in (web,db)', 'label=tier notin (db), tier'].map(
    (query) => ({
      ask: `GET /v2/apps?${encodeURI(query)}`,
      status: 200,
      answer: { apps: [expect.objectContaining({ id: '/web' })] },
    }),
  ),
  { ask: 'GET /v2/apps?label=other!=x', status: 200, answer: { apps: [] } },
  { ask: 'GET /v2/apps?id=WEB&cmd=SLEEP', status: 200, answer: { apps: [expect.objectContaining({ id: '/web' })] } },
  { ask: 'GET /v2/tasks?status=running', status: 200, answer: { tasks: [expect.objectContaining({ appId: '/web' })] } },
  { ask: 'GET /v2/tasks?status[]=staging', status: 200, answer: { tasks: [] } },
  { ask: 'GET /v2/tasks?status=other', status: 200, answer: { tasks: [expect.anything()] } },
  {
    ask: 'GET /v2/tasks',
    accept: 'text/plain',
    status: 200,
    answer: expect.stringMatching(/^g_inner\t \t\nidle\t\d+\t\nweb\t\d+\t127\.0\.0\.1:\d+\t\n$/),
  },
  {
    ask: 'GET /v2/apps/web/tasks',
    accept: 'text/plain',
    status: 200,
    answer: expect.stringMatching(/^web\t\d+\t127\.0\.0\.1:\d+\t\n$/),
  },
  {
    ask: 'GET /v2/groups/g?embed=group.apps.tasks',
    status: 200,
    answer: expect.objectContaining({ apps: [], groups: [] }),
  },
  {
    ask: 'GET /v2/groups/g',
    status: 200,
    answer: {
      id: '/g',
      apps: [expect.objectContaining({ id: '/g/inner' })],
      pods: [],
      groups: [],
      dependencies: [],
      version: timestamp,
      enforceRole: false,
    },
  },
  { ask: 'GET /v2/groups/g/apps', status: 200, answer: [expect.objectContaining({ id: '/g/inner' })] },
  { ask: 'GET /v2/groups/versions', status: 200, answer: expect.arrayContaining([timestamp]) },
  { ask: 'GET /v2/pods', status: 200, answer: [expect.objectContaining({ id: '/pod' })] },
  { ask: 'GET /v2/pods::status', status: 200, answer: [expect.objectContaining({ id: '/pod', status: 'STABLE' })] },
  { ask: 'GET /v2/pods/pod::versions', status: 200, answer: [timestamp] },
  {
    ask: 'GET /v2/pods/pod::status',
    status: 200,
    answer: {
      id: '/pod',
      spec: expect.objectContaining({ id: '/pod', version: timestamp }),
      status: 'STABLE',
      statusSince: timestamp,
      instances: [
        {
          id: expect.stringMatching(/^pod\.instance-/),
          status: 'STABLE',
          statusSince: timestamp,
          agentHostname: '127.0.0.1',
          agentId: expect.any(String),
          resources: { cpus: 0.2, mem: 64, disk: 10, gpus: 0 },
          networks: [{ addresses: expect.any(Array) }],
          containers: [
            {
              name: 'a',
              status: 'TASK_RUNNING',
              statusSince: timestamp,
              conditions: [],
              containerId: expect.stringMatching(/^pod\.instance-.*\.a\.1$/),
              endpoints: [],
              resources: { cpus: 0.1, mem: 32, disk: 0, gpus: 0 },
              lastUpdated: timestamp,
              lastChanged: timestamp,
            },
          ],
          specReference: expect.stringMatching(/^\/v2\/pods\/pod::versions\/\d{4}-/),
          localVolumes: [],
          role: '*',
          lastUpdated: timestamp,
          lastChanged: timestamp,
        },
      ],
      terminationHistory: [],
      lastUpdated: timestamp,
      lastChanged: timestamp,
    },
  },
];

/** In order: each leaves the next what it needs. */
export const WRITES: readonly Row[] = [
  {
    ask: 'PUT /v2/apps/made',
    body: { cmd: 'run', instances: 0 },
    status: 201,
    answer: DEPLOYMENT,
    headers: { location: '/made' },
  },
  { ask: 'PUT /v2/apps/made', body: { cmd: 'run on' }, status: 200, answer: DEPLOYMENT },
  { ask: 'PATCH /v2/apps/made', body: { labels: { a: 'b' } }, status: 200, answer: DEPLOYMENT },
  {
    ask: 'PUT /v2/apps',
    body: [
      { id: '/made', mem: 32 },
      { id: '/other', cmd: 'run', instances: 0 },
    ],
    status: 200,
    answer: DEPLOYMENT,
  },
  { ask: 'PATCH /v2/apps', body: [{ id: '/made', mem: 64 }], status: 200, answer: DEPLOYMENT },
  { ask: 'PATCH /v2/apps', body: [{ id: '/made', mem: 1 }, { id: '/no' }], status: 404 },
  {
    ask: 'POST /v2/apps/made/restart',
    status: 200,
    answer: DEPLOYMENT,
    headers: { 'marathon-deployment-id': expect.stringMatching(UUID) },
  },
  { ask: 'DELETE /v2/apps/made/tasks', status: 200, answer: { tasks: [] } },
  {
    ask: 'POST /v2/groups',
    body: { id: '/made-too', apps: [] },
    status: 201,
    answer: DEPLOYMENT,
    headers: { location: '/made-too' },
  },
  {
    ask: 'PUT /v2/groups/made-too',
    body: { apps: [{ id: 'a', cmd: 'run', instances: 0 }] },
    status: 200,
    answer: DEPLOYMENT,
  },
  { ask: 'PUT /v2/groups/made-too', body: { scaleBy: 2 }, status: 200, answer: DEPLOYMENT },
  {
    ask: 'PUT /v2/groups/made-too?dryRun=true',
    body: { apps: [] },
    status: 200,
    answer: { steps: [{ actions: [{ action: 'StopApplication', app: '/made-too/a' }] }] },
  },
  { ask: 'PATCH /v2/groups/made-too', body: { enforceRole: false }, status: 200, answer: '' },
  { ask: 'DELETE /v2/groups/made-too', status: 200, answer: DEPLOYMENT },
  {
    ask: 'PUT /v2/pods/made-pod',
    body: {
      id: '/made-pod',
      scaling: { kind: 'fixed', instances: 0 },
      containers: [{ name: 'a', exec: { command: { shell: 'run' } } }],
    },
    status: 200,
    answer: expect.objectContaining({ id: '/made-pod', version: timestamp }),
    headers: { 'marathon-deployment-id': expect.stringMatching(UUID) },
  },
  {
    ask: 'DELETE /v2/pods/made-pod',
    status: 202,
    answer: '',
    headers: { location: expect.stringMatching(UUID), 'marathon-deployment-id': expect.stringMatching(UUID) },
  },
  { ask: 'POST /v2/tasks/delete', body: { ids: [] }, status: 200, answer: { tasks: [] } },
  {
    ask: 'POST /logging',
    body: { logger: 'orchestrator', level: 'error', durationSeconds: 1000 },
    status: 200,
    answer: { logger: 'orchestrator', level: 'error', durationSeconds: 1000 },
  },
  { ask: 'GET /logging', status: 200, answer: expect.objectContaining({ root: 'WARN', orchestrator: 'ERROR' }) },
  { ask: 'DELETE /v2/apps/made', status: 200, answer: DEPLOYMENT },
  { ask: 'DELETE /v2/apps/other', status: 200, answer: DEPLOYMENT },
];
