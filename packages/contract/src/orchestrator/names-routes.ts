/**
 * Routes to the name server, on the orchestrator's own port: what names there are, who asks, and who is out of rotation. A
 * page in a browser can reach this port only. Without a name server that is known here they are answered 502.
 */
import { Type } from '@sinclair/typebox';
import { DnsLookup, DnsNames, DnsNamesQuery, DnsQueries, DnsRotation, DnsStatus } from '../dns.ts';
import { ErrorAnswer } from './answers.ts';
import { route } from './route.ts';

const refused = { 502: ErrorAnswer };
const changed = { 200: DnsRotation, 404: ErrorAnswer, ...refused };

/** By name. */
export const namesRoutes = {
  namesStatus: route({
    method: 'GET',
    path: '/v2/names/status',
    permission: 'names:read',
    summary: 'Show the zones: how current they are, what could not be read, and which tasks have no names and why',
    answers: { 200: DnsStatus, ...refused },
  }),
  listNames: route({
    method: 'GET',
    path: '/v2/names/records',
    permission: 'names:read',
    summary: 'List the names of a zone with their records, page by page, those that contain a text',
    query: DnsNamesQuery,
    answers: { 200: DnsNames, 400: ErrorAnswer, 404: ErrorAnswer, ...refused },
  }),
  lookUpName: route({
    method: 'GET',
    path: '/v2/names/lookup',
    permission: 'names:read',
    summary: 'Ask the name server, as a DNS client would',
    query: Type.Object({ name: Type.String(), type: Type.Optional(Type.String()) }),
    answers: { 200: DnsLookup, 400: ErrorAnswer, ...refused },
  }),
  listNameQueries: route({
    method: 'GET',
    path: '/v2/names/queries',
    permission: 'names:read',
    summary: 'List the last queries, oldest first',
    answers: { 200: DnsQueries, ...refused },
  }),
  listOutOfRotation: route({
    method: 'GET',
    path: '/v2/names/rotation',
    permission: 'names:read',
    isFiltered: true,
    summary: 'List the tasks that somebody took out of rotation',
    answers: { 200: DnsRotation, ...refused },
  }),
  takeOutOfRotation: route({
    method: 'PUT',
    path: '/v2/names/rotation/{taskId}',
    permission: 'names:write',
    summary: 'Take a task out of rotation: it runs on, and has no names',
    answers: { ...changed, 422: ErrorAnswer },
  }),
  bringIntoRotation: route({
    method: 'DELETE',
    path: '/v2/names/rotation/{taskId}',
    permission: 'names:write',
    summary: 'Bring a task back into rotation',
    answers: changed,
  }),
};
