/** Routes about the orchestrator itself that few clients call. */
import { Type, type Static } from '@sinclair/typebox';
import { stringEnum } from '../string-enum.ts';
import { ErrorAnswer } from './answers.ts';
import { route } from './route.ts';

/** How much a part of the platform logs, for a while or until it is changed again. */
export const LoggerChange = Type.Object({
  logger: Type.String({ minLength: 1 }),
  level: stringEnum(['trace', 'debug', 'info', 'warn', 'error']),
  durationSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 31_536_000 })),
});
export type LoggerChange = Static<typeof LoggerChange>;

/** Who asks, and what they may do: each grant for what is below its path, `/` for everything. */
export const OwnPermissions = Type.Object({
  /** Absent where nobody is known by name: then everybody who is let in may do everything. */
  name: Type.Optional(Type.String()),
  grants: Type.Array(Type.Object({ permissions: Type.Array(Type.String()), path: Type.String() })),
});
export type OwnPermissions = Static<typeof OwnPermissions>;

/** The description of this API by OpenAPI 3.1; of each operation what lists of them show. */
const OpenApiAnswer = Type.Object({
  openapi: Type.String(),
  paths: Type.Record(
    Type.String(),
    Type.Record(
      Type.String(),
      Type.Object({ operationId: Type.String(), summary: Type.String(), 'x-stadion-permission': Type.String() }),
    ),
  ),
});

/** By name. */
export const systemRoutes = {
  openApi: route({
    method: 'GET',
    path: '/v2/openapi.json',
    permission: 'signed-in',
    summary:
      'Describe this API by OpenAPI: its routes, what they take and answer, and what callers must be allowed to do',
    answers: { 200: OpenApiAnswer },
  }),
  abdicate: route({
    method: 'DELETE',
    path: '/v2/leader',
    permission: 'system:write',
    summary: 'Have the leader step down, where another server can take over',
    answers: { 200: Type.Object({ message: Type.String() }), 404: ErrorAnswer, 503: ErrorAnswer },
  }),
  ownPermissions: route({
    method: 'GET',
    path: '/v2/permissions',
    permission: 'signed-in',
    summary: 'Show who asks, and what they may do',
    answers: { 200: OwnPermissions },
  }),
  getLogging: route({
    method: 'GET',
    path: '/logging',
    permission: 'system:read',
    summary: 'Show how much each part of the platform logs',
    answers: { 200: Type.Record(Type.String(), Type.String()) },
  }),
  setLogging: route({
    method: 'POST',
    path: '/logging',
    permission: 'system:write',
    summary: 'Have a part of the platform log more or less, for a while if wanted',
    body: LoggerChange,
    answers: { 200: LoggerChange, 422: ErrorAnswer },
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
