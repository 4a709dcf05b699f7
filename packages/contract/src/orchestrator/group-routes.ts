/** The routes of groups. */
import { Type } from '@sinclair/typebox';
import { AppInfo, ErrorAnswer, GroupInfo } from './answers.ts';
import { DeploymentResult, DeploymentStepInfo } from './deployment.ts';
import { GroupInput } from './group.ts';
import { Embed, Force, change, route } from './route.ts';

const PutGroup = Type.Object({ ...change, dryRun: Type.Optional(Type.Boolean()) });
const PutGroupAnswer = Type.Union([DeploymentResult, Type.Object({ steps: Type.Array(DeploymentStepInfo) })]);

/** By name. */
export const groupRoutes = {
  getGroup: route({
    method: 'GET',
    path: '/v2/groups',
    permission: 'apps:read',
    isFiltered: true,
    summary: 'Show the root group',
    query: Embed,
    answers: { 200: GroupInfo },
  }),
  getNamedGroup: route({
    method: 'GET',
    path: '/v2/groups/{group}',
    permission: 'apps:read',
    isFiltered: true,
    summary: 'Show one group',
    query: Embed,
    answers: { 200: GroupInfo, 404: ErrorAnswer },
  }),
  createRootGroup: route({
    method: 'POST',
    path: '/v2/groups',
    permission: 'apps:write',
    summary: 'Create a group with everything in it',
    query: Force,
    body: GroupInput,
    answers: { 201: DeploymentResult, 409: ErrorAnswer, 422: ErrorAnswer },
  }),
  createGroup: route({
    method: 'POST',
    path: '/v2/groups/{group}',
    permission: 'apps:write',
    summary: 'Create a group at or below a path',
    query: Force,
    body: GroupInput,
    answers: { 201: DeploymentResult, 409: ErrorAnswer, 422: ErrorAnswer },
  }),
  putRootGroup: route({
    method: 'PUT',
    path: '/v2/groups',
    permission: 'apps:write',
    summary: 'Make the root group, or the one that the body names, what the body says',
    query: PutGroup,
    body: GroupInput,
    answers: { 200: PutGroupAnswer, 422: ErrorAnswer },
  }),
  putGroup: route({
    method: 'PUT',
    path: '/v2/groups/{group}',
    permission: 'apps:write',
    summary: 'Make a group what the body says, scale it, or restore one of its versions',
    query: PutGroup,
    body: GroupInput,
    answers: { 200: PutGroupAnswer, 422: ErrorAnswer },
  }),
  patchGroup: route({
    method: 'PATCH',
    path: '/v2/groups/{group}',
    permission: 'apps:write',
    summary: 'Say whether apps in the group must have its name as their role',
    body: Type.Object({ enforceRole: Type.Optional(Type.Boolean()) }),
    answers: { 200: Type.Null(), 404: ErrorAnswer, 422: ErrorAnswer },
  }),
  deleteRootGroup: route({
    method: 'DELETE',
    path: '/v2/groups',
    permission: 'apps:write',
    summary: 'Remove everything',
    query: Force,
    answers: { 200: DeploymentResult },
  }),
  deleteGroup: route({
    method: 'DELETE',
    path: '/v2/groups/{group}',
    permission: 'apps:write',
    summary: 'Remove a group with everything in it',
    query: Force,
    answers: { 200: DeploymentResult, 404: ErrorAnswer },
  }),
  listRootGroupApps: route({
    method: 'GET',
    path: '/v2/groups/apps',
    permission: 'apps:read',
    isFiltered: true,
    summary: 'List all apps, as apps of the root group',
    query: Embed,
    answers: { 200: Type.Array(AppInfo) },
  }),
  listGroupApps: route({
    method: 'GET',
    path: '/v2/groups/{group}/apps',
    permission: 'apps:read',
    isFiltered: true,
    summary: 'List the apps in a group, with everything below it',
    query: Embed,
    answers: { 200: Type.Array(AppInfo), 404: ErrorAnswer },
  }),
  listRootGroupVersions: route({
    method: 'GET',
    path: '/v2/groups/versions',
    permission: 'apps:read',
    summary: 'List the versions of the root group, newest first',
    answers: { 200: Type.Array(Type.String()) },
  }),
  listGroupVersions: route({
    method: 'GET',
    path: '/v2/groups/{group}/versions',
    permission: 'apps:read',
    summary: 'List the versions of the root in which a group was there, newest first',
    answers: { 200: Type.Array(Type.String()), 404: ErrorAnswer },
  }),
  getRootGroupVersion: route({
    method: 'GET',
    path: '/v2/groups/versions/{version}',
    permission: 'apps:read',
    isFiltered: true,
    summary: 'Show the root group as it was',
    query: Embed,
    answers: { 200: GroupInfo, 404: ErrorAnswer },
  }),
  getGroupVersion: route({
    method: 'GET',
    path: '/v2/groups/{group}/versions/{version}',
    permission: 'apps:read',
    isFiltered: true,
    summary: 'Show a group as it was',
    query: Embed,
    answers: { 200: GroupInfo, 404: ErrorAnswer },
  }),
} as const;
