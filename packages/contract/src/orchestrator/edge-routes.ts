/**
 * Routes to the edge, on the orchestrator's own port: where requests from outside go, and how many. A page in a browser can
 * reach this port only. Without an edge that is known here they are answered 502.
 */
import { Type } from '@sinclair/typebox';
import { EdgeCertificates, EdgeRoutes, EdgeTest } from '../edge.ts';
import { ErrorAnswer } from './answers.ts';
import { route } from './route.ts';

const read = { method: 'GET', permission: 'edge:read' } as const;
const refused = { 502: ErrorAnswer };

/** By name. */
export const edgeRoutes = {
  listEdgeRoutes: route({
    ...read,
    path: '/v2/edge/routes',
    summary:
      'List the routes of the edge with their servers and traffic, and what labels could not be taken as written',
    isFiltered: true,
    answers: { 200: EdgeRoutes, ...refused },
  }),
  testEdgeRoute: route({
    ...read,
    path: '/v2/edge/test',
    summary: 'Say which route would take a request',
    query: Type.Object({ url: Type.String(), method: Type.Optional(Type.String()) }),
    answers: { 200: EdgeTest, 400: ErrorAnswer, ...refused },
  }),
  listEdgeCertificates: route({
    ...read,
    path: '/v2/edge/certificates',
    summary: 'List the certificates of the edge',
    answers: { 200: EdgeCertificates, ...refused },
  }),
};
