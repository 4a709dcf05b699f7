/** What Marathon's HTTP API refuses, as rows: see `marathon-rows.ts`. */
import { expect } from 'vitest';
import type { Row } from './marathon-rows.ts';

const LONG_AGO = '2001-01-01T00:00:00.000Z';

const message = (text: unknown): { message: unknown } => ({ message: text });
const invalid = (path: string, ...errors: unknown[]): unknown => ({
  message: 'Object is not valid',
  details: expect.arrayContaining([{ path, errors: errors.length === 0 ? expect.any(Array) : errors }]),
});
const badShape = (path: string, ...errors: unknown[]): unknown => ({
  message: 'Invalid JSON',
  details: expect.arrayContaining([{ path, errors }]),
});

/** Everything of section "errors" that does not need a locked app. */
export const ERRORS: readonly Row[] = [
  {
    ask: 'POST /v2/apps',
    body: '{"id":',
    status: 400,
    answer: { message: 'Invalid JSON', details: expect.any(String) },
  },
  ...['POST /v2/groups', 'PUT /v2/groups/g', 'POST /v2/pods', 'PUT /v2/apps', 'POST /v2/tasks/delete'].map((ask) => ({
    ask,
    body: '{',
    status: 400,
    answer: { message: 'Invalid JSON', details: expect.any(String) },
  })),
  ...[
    ['POST /v2/apps', '[]'],
    ['PUT /v2/apps', '{}'],
    ['PATCH /v2/apps', '{}'],
    ['POST /v2/groups', '[]'],
    ['POST /v2/pods', '"pod"'],
    ['POST /v2/tasks/delete', '[]'],
    ['POST /logging', '[]'],
  ].map(([ask = '', body]) => ({
    ask,
    body,
    status: 400,
    answer: { message: 'Please specify data in JSON format', details: expect.any(String) },
  })),
  ...[
    'DELETE /v2/apps/web/tasks?scale=true&wipe=true',
    'DELETE /v2/apps/web/tasks/a?scale=true&wipe=true',
    'POST /v2/tasks/delete?scale=true&wipe=true',
  ].map((ask) => ({ ask, status: 400, answer: message('You cannot use scale and wipe at the same time.') })),
  { ask: 'POST /v2/tasks/delete', body: { ids: ['no task'] }, status: 400, answer: message(expect.any(String)) },
  {
    ask: 'PUT /v2/pods/pod',
    body: { id: '/other', containers: [{ name: 'a' }] },
    status: 400,
    answer: message(expect.any(String)),
  },
  {
    ask: 'DELETE /v2/leader?backup=file:///tmp/b',
    status: 400,
    answer: message(expect.stringContaining('stadion backup')),
  },
  ...['/v2/apps/no', '/v2/apps/no/tasks', '/v2/apps/no/versions'].map((path) => ({
    ask: `GET ${path}`,
    status: 404,
    answer: message("App '/no' does not exist"),
  })),
  ...['DELETE /v2/apps/no', 'POST /v2/apps/no/restart', 'DELETE /v2/apps/no/tasks', 'DELETE /v2/apps/no/tasks/a'].map(
    (ask) => ({ ask, status: 404, answer: message("App '/no' does not exist") }),
  ),
  { ask: 'PATCH /v2/apps/no', body: {}, status: 404, answer: message("App '/no' does not exist") },
  { ask: 'PATCH /v2/apps', body: [{ id: '/no' }], status: 404, answer: message("App '/no' does not exist") },
  {
    ask: `GET /v2/apps/web/versions/${LONG_AGO}`,
    status: 404,
    answer: message(`App '/web' does not exist in version ${LONG_AGO}`),
  },
  { ask: 'DELETE /v2/apps/web/tasks/no', status: 404, answer: message("Task 'no' does not exist") },
  { ask: 'DELETE /v2/apps/idle/tasks?scale=true', status: 404, answer: message("Path '/idle' does not exist") },
  ...['GET /v2/groups/no', 'GET /v2/groups/no/apps', 'GET /v2/groups/no/versions', 'DELETE /v2/groups/no'].map(
    (ask) => ({
      ask,
      status: 404,
      answer: message("Group '/no' does not exist"),
    }),
  ),
  { ask: 'GET /v2/apps/no/*', status: 404, answer: message("Group '/no' does not exist") },
  {
    ask: `GET /v2/groups/g/versions/${LONG_AGO}`,
    status: 404,
    answer: message(`Group '/g' does not exist in version ${LONG_AGO}`),
  },
  ...['GET /v2/pods/no', 'GET /v2/pods/no::status', 'GET /v2/pods/no::versions', 'DELETE /v2/pods/no'].map((ask) => ({
    ask,
    status: 404,
    answer: message("Pod '/no' does not exist"),
  })),
  { ask: 'DELETE /v2/deployments/no', status: 404, answer: message('DeploymentPlan no does not exist') },
  {
    ask: 'DELETE /v2/queue/web/delay',
    status: 404,
    answer: message('Application /web not found in tasks queue.'),
  },
  { ask: 'GET /v2/nothing', status: 404, answer: message('URI not found') },
  ...['/v2/eventSubscriptions', '/v2/artifacts', '/v2/schemas/app', '/v1/apps'].map((path) => ({
    ask: `GET ${path}`,
    status: 404,
    answer: message('URI not found'),
  })),
  {
    ask: 'POST /v2/apps',
    body: { id: '/web', cmd: 'run' },
    status: 409,
    answer: message('An app with id [/web] already exists.'),
  },
  {
    ask: 'POST /v2/groups',
    body: { id: '/g' },
    status: 409,
    answer: message('Group /g is already created. Use PUT to change this group.'),
  },
  {
    ask: 'POST /v2/groups',
    body: { id: '/web' },
    status: 409,
    answer: message('An app with the path /web already exists.'),
  },
  {
    ask: 'POST /v2/pods',
    body: { id: '/pod', containers: [{ name: 'a', exec: { command: { shell: 'run' } } }] },
    status: 409,
    answer: message('A pod with id [/pod] already exists.'),
  },
  { ask: 'POST /v2/apps', body: { id: 5 }, status: 422, answer: badShape('/id', 'error.expected.jsstring') },
  { ask: 'PUT /v2/apps/web', body: { cpus: 'x' }, status: 422, answer: badShape('/cpus', 'error.expected.jsnumber') },
  { ask: 'PUT /v2/groups/g', body: { apps: 5 }, status: 422, answer: badShape('/apps', 'error.expected.jsarray') },
  {
    ask: 'PATCH /v2/groups/g',
    body: { enforceRole: 1 },
    status: 422,
    answer: badShape('/enforceRole', 'error.expected.jsboolean'),
  },
  { ask: 'POST /v2/pods', body: { containers: [] }, status: 422, answer: badShape('/id', 'error.path.missing') },
  { ask: 'POST /v2/tasks/delete', body: {}, status: 422, answer: badShape('/ids', 'error.path.missing') },
  {
    ask: 'POST /logging',
    body: { logger: 'root', level: 'loud' },
    status: 422,
    answer: badShape('/level', 'error.unknown.enum.literal', 'must be one of trace, debug, info, warn, error'),
  },
  { ask: 'POST /logging', body: { logger: 'no', level: 'debug' }, status: 422, answer: invalid('/logger') },
  {
    ask: 'POST /v2/apps',
    body: { id: '/new' },
    status: 422,
    answer: invalid('/', "AppDefinition must either contain one of 'cmd' or 'args', and/or a 'container'."),
  },
  {
    ask: 'PUT /v2/groups/g',
    body: { apps: [{ id: '/other/a', cmd: 'run' }] },
    status: 422,
    answer: invalid('/apps(0)/id', "Identifier is not child of '/g'"),
  },
  { ask: 'POST /v2/apps', body: { id: '/g', cmd: 'run' }, status: 422, answer: invalid('/id') },
  {
    ask: 'PUT /v2/apps/web',
    body: { version: LONG_AGO, cmd: 'run' },
    status: 422,
    answer: invalid('/version', "The 'version' field may only be combined with the 'id' field."),
  },
  { ask: 'GET /v2/apps/web/versions/never', status: 422, answer: message(expect.stringContaining("'never'")) },
  { ask: 'GET /v2/apps?label=a%3D%3D', status: 422, answer: message(expect.stringContaining('label selector')) },
  {
    ask: 'PUT /v2/groups/g',
    body: { version: LONG_AGO },
    status: 422,
    answer: message(`Group /g not available in version ${LONG_AGO}`),
  },
  {
    ask: 'DELETE /v2/pods/pod::instances/pod.instance-none',
    status: 404,
    answer: message("Pod instance 'pod.instance-none' does not exist"),
  },
  { ask: `GET /v2/pods/pod::versions/${LONG_AGO}`, status: 404, answer: message(expect.stringContaining(LONG_AGO)) },
  { ask: 'GET /v2/pods/pod::versions/never', status: 422, answer: message(expect.stringContaining("'never'")) },
  { ask: 'POST /v2/groups', body: { id: '/pod' }, status: 409, answer: message(expect.stringContaining('/pod')) },
  { ask: 'PUT /v2/groups/web/inner', body: {}, status: 422, answer: invalid('/id') },
  { ask: 'PUT /v2/groups/g', body: { dependencies: ['g'] }, status: 422, answer: invalid('/dependencies') },
  { ask: 'PUT /v2/groups/g', body: { scaleBy: 2, apps: [] }, status: 422, answer: invalid('/scaleBy') },
  { ask: `PUT /v2/groups/g/versions/${LONG_AGO}`, body: {}, status: 422, answer: invalid('/id') },
  { ask: 'DELETE /v2/info', status: 405, headers: { allow: 'GET' } },
  { ask: 'GET /v2/events', status: 405 },
];
