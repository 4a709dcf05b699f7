/** The routes of pods. `::` sets a keyword off from an id. */
import { Type } from '@sinclair/typebox';
import { ErrorAnswer } from './answers.ts';
import { PodDefinition, PodInput } from './pod.ts';
import { KilledPodInstance, PodStatus } from './pod-status.ts';
import { Force, route } from './route.ts';

const Wipe = Type.Object({ wipe: Type.Optional(Type.Boolean()) });
const read = { method: 'GET', permission: 'apps:read' } as const;

/** By name. */
export const podRoutes = {
  listPods: route({
    ...read,
    path: '/v2/pods',
    isFiltered: true,
    summary: 'List pods',
    answers: { 200: Type.Array(PodDefinition) },
  }),
  createPod: route({
    method: 'POST',
    path: '/v2/pods',
    permission: 'apps:write',
    summary: 'Create a pod',
    query: Force,
    body: PodInput,
    answers: { 201: PodDefinition, 409: ErrorAnswer, 422: ErrorAnswer },
  }),
  getPod: route({
    ...read,
    path: '/v2/pods/{id}',
    summary: 'Show one pod',
    answers: { 200: PodDefinition, 404: ErrorAnswer },
  }),
  putPod: route({
    method: 'PUT',
    path: '/v2/pods/{id}',
    permission: 'apps:write',
    summary: 'Create or replace one pod',
    query: Force,
    body: PodInput,
    answers: { 200: PodDefinition, 409: ErrorAnswer, 422: ErrorAnswer },
  }),
  deletePod: route({
    method: 'DELETE',
    path: '/v2/pods/{id}',
    permission: 'apps:write',
    summary: 'Delete one pod',
    query: Force,
    answers: { 202: Type.Unknown(), 404: ErrorAnswer },
  }),
  listPodStatuses: route({
    ...read,
    path: '/v2/pods::status',
    isFiltered: true,
    summary: 'Show how all pods are',
    answers: { 200: Type.Array(PodStatus) },
  }),
  getPodStatus: route({
    ...read,
    path: '/v2/pods/{id}::status',
    summary: 'Show how one pod is',
    answers: { 200: PodStatus, 404: ErrorAnswer },
  }),
  listPodVersions: route({
    ...read,
    path: '/v2/pods/{id}::versions',
    summary: 'List the versions of a pod',
    answers: { 200: Type.Array(Type.String()), 404: ErrorAnswer },
  }),
  getPodVersion: route({
    ...read,
    path: '/v2/pods/{id}::versions/{version}',
    summary: 'Show a pod at a version',
    answers: { 200: PodDefinition, 404: ErrorAnswer },
  }),
  killPodInstance: route({
    method: 'DELETE',
    path: '/v2/pods/{id}::instances/{instance}',
    permission: 'apps:write',
    summary: 'Kill one instance of a pod',
    query: Wipe,
    answers: { 200: KilledPodInstance, 404: ErrorAnswer },
  }),
  killPodInstances: route({
    method: 'DELETE',
    path: '/v2/pods/{id}::instances',
    permission: 'apps:write',
    summary: 'Kill instances of a pod',
    query: Wipe,
    body: Type.Array(Type.String()),
    answers: { 200: Type.Array(KilledPodInstance), 404: ErrorAnswer },
  }),
};
