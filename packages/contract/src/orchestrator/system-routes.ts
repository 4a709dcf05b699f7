/** Routes about the orchestrator itself that few clients call. */
import { Type } from '@sinclair/typebox';
import { ErrorAnswer } from './answers.ts';
import { route } from './route.ts';

/** By name. */
export const systemRoutes = {
  abdicate: route({
    method: 'DELETE',
    path: '/v2/leader',
    permission: 'system:write',
    summary: 'Have the leader step down, where another server can take over',
    answers: { 200: Type.Object({ message: Type.String() }), 404: ErrorAnswer, 503: ErrorAnswer },
  }),
  listPlugins: route({
    method: 'GET',
    path: '/v2/plugins',
    permission: 'system:read',
    summary: 'List plugins: there are none',
    answers: { 200: Type.Object({ plugins: Type.Array(Type.Unknown()) }) },
  }),
  config: route({
    method: 'GET',
    path: '/config',
    permission: 'system:read',
    summary: 'Show the configuration that /v2/info shows, by itself',
    answers: { 200: Type.Record(Type.String(), Type.Unknown()) },
  }),
} as const;
