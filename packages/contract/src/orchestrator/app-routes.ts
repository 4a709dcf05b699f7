/** Routes to apps and their tasks, deployments, the queue and the platform itself, as Marathon has them. */
import { Type } from '@sinclair/typebox';
import { AppInfo, ErrorAnswer, QueueItem } from './answers.ts';
import { AppDefinition, AppInput } from './app.ts';
import { DeploymentInfo, DeploymentResult } from './deployment.ts';
import { RecentEvent } from './events.ts';
import { Embed, Force, change, route, type Route } from './route.ts';
import { Task, TaskList } from './task.ts';

const Update = Type.Object({ ...change, partialUpdate: Type.Optional(Type.Boolean()) });
const Kill = Type.Object({
  host: Type.Optional(Type.String()),
  scale: Type.Optional(Type.Boolean()),
  wipe: Type.Optional(Type.Boolean()),
  ...change,
});
const AppBody = Type.Object({ app: AppInfo });
const Killed = Type.Union([TaskList, DeploymentResult]);

/** By name. */
export const appRoutes = {
  listApps: route({
    method: 'GET',
    path: '/v2/apps',
    permission: 'apps:read',
    summary: 'List apps',
    query: Type.Object({
      cmd: Type.Optional(Type.String()),
      id: Type.Optional(Type.String()),
      label: Type.Optional(Type.String()),
      embed: Type.Optional(Type.Array(Type.String())),
    }),
    answers: { 200: Type.Object({ apps: Type.Array(AppInfo) }) },
  }),
  createApp: route({
    method: 'POST',
    path: '/v2/apps',
    permission: 'apps:write',
    summary: 'Create an app',
    query: Force,
    body: AppInput,
    answers: { 201: AppInfo, 409: ErrorAnswer, 422: ErrorAnswer },
  }),
  putApps: route({
    method: 'PUT',
    path: '/v2/apps',
    permission: 'apps:write',
    summary: 'Create or update several apps',
    query: Update,
    body: Type.Array(AppInput),
    answers: { 200: DeploymentResult },
  }),
  patchApps: route({
    method: 'PATCH',
    path: '/v2/apps',
    permission: 'apps:write',
    summary: 'Update several existing apps',
    query: Force,
    body: Type.Array(AppInput),
    answers: { 200: DeploymentResult, 404: ErrorAnswer },
  }),
  getApp: route({
    method: 'GET',
    path: '/v2/apps/{id}',
    permission: 'apps:read',
    summary: 'Show one app, or with /* the apps of a group',
    query: Embed,
    answers: { 200: AppBody, 404: ErrorAnswer },
  }),
  putApp: route({
    method: 'PUT',
    path: '/v2/apps/{id}',
    permission: 'apps:write',
    summary: 'Create or update one app',
    query: Update,
    body: AppInput,
    answers: { 200: DeploymentResult, 201: DeploymentResult },
  }),
  patchApp: route({
    method: 'PATCH',
    path: '/v2/apps/{id}',
    permission: 'apps:write',
    summary: 'Update one existing app',
    query: Force,
    body: AppInput,
    answers: { 200: DeploymentResult, 404: ErrorAnswer },
  }),
  deleteApp: route({
    method: 'DELETE',
    path: '/v2/apps/{id}',
    permission: 'apps:write',
    summary: 'Destroy an app',
    query: Force,
    answers: { 200: DeploymentResult, 404: ErrorAnswer },
  }),
  restartApp: route({
    method: 'POST',
    path: '/v2/apps/{id}/restart',
    permission: 'apps:write',
    summary: 'Restart all tasks of an app, rolling',
    query: Force,
    answers: { 200: DeploymentResult, 404: ErrorAnswer },
  }),
  listAppTasks: route({
    method: 'GET',
    path: '/v2/apps/{id}/tasks',
    permission: 'apps:read',
    summary: 'List the tasks of an app, or with /* of a group',
    query: Type.Object({ containerNetworks: Type.Optional(Type.Array(Type.String())) }),
    answers: { 200: TaskList, 404: ErrorAnswer },
  }),
  killAppTasks: route({
    method: 'DELETE',
    path: '/v2/apps/{id}/tasks',
    permission: 'apps:write',
    summary: 'Kill the tasks of an app',
    query: Kill,
    answers: { 200: Killed, 404: ErrorAnswer },
  }),
  killAppTask: route({
    method: 'DELETE',
    path: '/v2/apps/{id}/tasks/{taskId}',
    permission: 'apps:write',
    summary: 'Kill one task of an app',
    query: Kill,
    answers: { 200: Type.Union([Type.Object({ task: Task }), DeploymentResult]), 404: ErrorAnswer },
  }),
  listAppVersions: route({
    method: 'GET',
    path: '/v2/apps/{id}/versions',
    permission: 'apps:read',
    summary: 'List the versions of an app, newest first',
    answers: { 200: Type.Object({ versions: Type.Array(Type.String()) }), 404: ErrorAnswer },
  }),
  getAppVersion: route({
    method: 'GET',
    path: '/v2/apps/{id}/versions/{version}',
    permission: 'apps:read',
    summary: 'Show one version of an app',
    answers: { 200: AppDefinition, 404: ErrorAnswer },
  }),
  listTasks: route({
    method: 'GET',
    path: '/v2/tasks',
    permission: 'apps:read',
    summary: 'List all tasks',
    query: Type.Object({
      status: Type.Optional(Type.Array(Type.String())),
      containerNetworks: Type.Optional(Type.Array(Type.String())),
    }),
    answers: { 200: TaskList },
  }),
  deleteTasks: route({
    method: 'POST',
    path: '/v2/tasks/delete',
    permission: 'apps:write',
    summary: 'Kill the tasks with these ids',
    query: Kill,
    body: Type.Object({ ids: Type.Array(Type.String()) }),
    answers: { 200: Killed },
  }),
  listDeployments: route({
    method: 'GET',
    path: '/v2/deployments',
    permission: 'apps:read',
    summary: 'List running deployments',
    answers: { 200: Type.Array(DeploymentInfo) },
  }),
  cancelDeployment: route({
    method: 'DELETE',
    path: '/v2/deployments/{deploymentId}',
    permission: 'apps:write',
    summary: 'Roll a deployment back, or with force just stop it',
    query: Force,
    answers: { 200: DeploymentResult, 202: Type.Null(), 404: ErrorAnswer },
  }),
  listQueue: route({
    method: 'GET',
    path: '/v2/queue',
    permission: 'apps:read',
    summary: 'List apps with instances that wait, and why',
    query: Embed,
    answers: { 200: Type.Object({ queue: Type.Array(QueueItem) }) },
  }),
  resetDelay: route({
    method: 'DELETE',
    path: '/v2/queue/{id}/delay',
    permission: 'apps:write',
    summary: 'Launch without waiting for the backoff',
    answers: { 204: Type.Null(), 404: ErrorAnswer },
  }),
  events: route({
    method: 'GET',
    path: '/v2/events',
    permission: 'events:read',
    summary: 'Follow events as a server-sent event stream',
    query: Type.Object({
      event_type: Type.Optional(Type.Array(Type.String())),
      /** `full`: plans carry the whole root group before and after. Anything else: they do not. */
      'plan-format': Type.Optional(Type.String()),
    }),
    answers: { 200: Type.String() },
  }),
  listRecentEvents: route({
    method: 'GET',
    path: '/v2/events/recent',
    permission: 'events:read',
    summary: 'List the latest events that are still known, the newest last, by the ids that the stream gives them',
    query: Type.Object({ limit: Type.Optional(Type.Integer({ minimum: 1 })) }),
    answers: { 200: Type.Object({ events: Type.Array(RecentEvent) }) },
  }),
  info: route({
    method: 'GET',
    path: '/v2/info',
    permission: 'system:read',
    summary: 'Show version and configuration',
    answers: { 200: Type.Record(Type.String(), Type.Unknown()) },
  }),
  getLeader: route({
    method: 'GET',
    path: '/v2/leader',
    permission: 'system:read',
    summary: 'Show the leader',
    answers: { 200: Type.Object({ leader: Type.String() }), 404: ErrorAnswer },
  }),
  ping: route({
    method: 'GET',
    path: '/ping',
    permission: 'public',
    summary: 'Answer pong',
    answers: { 200: Type.String() },
  }),
  metrics: route({
    method: 'GET',
    path: '/metrics',
    permission: 'system:read',
    summary: 'Show metrics as JSON',
    answers: { 200: Type.Record(Type.String(), Type.Unknown()) },
  }),
  metricsPrometheus: route({
    method: 'GET',
    path: '/metrics/prometheus',
    permission: 'system:read',
    summary: 'Show metrics in Prometheus text format',
    answers: { 200: Type.String() },
  }),
} as const satisfies Readonly<Record<string, Route>>;
