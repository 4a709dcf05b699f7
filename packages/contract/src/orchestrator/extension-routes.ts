/** The routes that Marathon does not have. */
import { Type } from '@sinclair/typebox';
import { ErrorAnswer, WhyAnswer } from './answers.ts';
import { DeployPolicy, DeploymentRecord, PlanAnswer, PlanInput } from './deployment-records.ts';
import { route } from './route.ts';
import { Task } from './task.ts';

const control = { 200: DeploymentRecord, 404: ErrorAnswer };

/** By name. */
export const extensionRoutes = {
  plan: route({
    method: 'POST',
    path: '/v2/plan',
    permission: 'apps:write',
    summary: 'Say what a change would come to: steps, differences, whether it fits, and a token to apply just that',
    body: PlanInput,
    answers: { 200: PlanAnswer, 422: ErrorAnswer },
  }),
  listDeploymentRecords: route({
    method: 'GET',
    path: '/v2/deployment-records',
    permission: 'apps:read',
    isFiltered: true,
    summary: 'List deployments under way and those that ended last, newest first: who, what, how long, what failed',
    query: Type.Object({ app: Type.Optional(Type.String()), limit: Type.Optional(Type.Integer({ minimum: 1 })) }),
    answers: { 200: Type.Array(DeploymentRecord) },
  }),
  getDeploymentRecord: route({
    method: 'GET',
    path: '/v2/deployment-records/{deploymentId}',
    permission: 'apps:read',
    isFiltered: true,
    summary: 'Show one deployment, under way or over',
    answers: { 200: DeploymentRecord, 404: ErrorAnswer },
  }),
  pauseDeployment: route({
    method: 'POST',
    path: '/v2/deployments/{deploymentId}/pause',
    permission: 'apps:write',
    isFiltered: true,
    summary: 'Hold a deployment: nothing is started or ended until it is resumed',
    answers: control,
  }),
  resumeDeployment: route({
    method: 'POST',
    path: '/v2/deployments/{deploymentId}/resume',
    permission: 'apps:write',
    isFiltered: true,
    summary: 'Let a paused deployment go on',
    answers: control,
  }),
  promoteDeployment: route({
    method: 'POST',
    path: '/v2/deployments/{deploymentId}/promote',
    permission: 'apps:write',
    isFiltered: true,
    summary: 'Find the canary of a deployment good: let it go on to all instances',
    answers: control,
  }),
  failDeployment: route({
    method: 'POST',
    path: '/v2/deployments/{deploymentId}/fail',
    permission: 'apps:write',
    isFiltered: true,
    summary: 'Find a deployment bad: end it and make everything what it was',
    answers: control,
  }),
  freezeTask: route({
    method: 'POST',
    path: '/v2/apps/{id}/tasks/{taskId}/freeze',
    permission: 'apps:write',
    summary: 'Take a task out of rotation, keep it to be looked at, and replace it; killing it ends that',
    answers: { 200: Type.Object({ task: Task }), 400: ErrorAnswer, 404: ErrorAnswer },
  }),
  whyApp: route({
    method: 'GET',
    path: '/v2/apps/{id}/why',
    permission: 'apps:read',
    summary: 'Say what an app waits for',
    answers: { 200: WhyAnswer, 404: ErrorAnswer },
  }),
  whyTask: route({
    method: 'GET',
    path: '/v2/apps/{id}/tasks/{taskId}/why',
    permission: 'apps:read',
    summary: 'Say whether a task serves, and why not',
    answers: { 200: WhyAnswer, 404: ErrorAnswer },
  }),
  whyDeployment: route({
    method: 'GET',
    path: '/v2/deployments/{deploymentId}/why',
    permission: 'apps:read',
    isFiltered: true,
    summary: 'Say what a deployment waits for',
    answers: { 200: WhyAnswer, 404: ErrorAnswer },
  }),
  listPolicies: route({
    method: 'GET',
    path: '/v2/policies',
    permission: 'apps:read',
    isFiltered: true,
    summary: 'List the locks and deploy windows of groups',
    answers: { 200: Type.Record(Type.String(), DeployPolicy) },
  }),
  putRootPolicy: route({
    method: 'PUT',
    path: '/v2/policies',
    permission: 'apps:write',
    summary: 'Set the lock and deploy windows of the root group, that is of everything',
    body: DeployPolicy,
    answers: { 200: DeployPolicy, 422: ErrorAnswer },
  }),
  deleteRootPolicy: route({
    method: 'DELETE',
    path: '/v2/policies',
    permission: 'apps:write',
    summary: 'Remove the lock and deploy windows of the root group',
    answers: { 204: Type.Null() },
  }),
  putPolicy: route({
    method: 'PUT',
    path: '/v2/policies/{group}',
    permission: 'apps:write',
    summary: 'Set the lock and deploy windows of a group',
    body: DeployPolicy,
    answers: { 200: DeployPolicy, 422: ErrorAnswer },
  }),
  deletePolicy: route({
    method: 'DELETE',
    path: '/v2/policies/{group}',
    permission: 'apps:write',
    summary: 'Remove the lock and deploy windows of a group',
    answers: { 204: Type.Null() },
  }),
} as const;
