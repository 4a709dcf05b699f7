/** The OpenAPI document of the orchestrator's API, made from the table of routes. */
import type { TSchema } from '@sinclair/typebox';
import { AppInfo, ErrorAnswer, GroupInfo, QueueItem, WhyAnswer } from './orchestrator/answers.ts';
import { AppDefinition, AppInput } from './orchestrator/app.ts';
import { AppDiff, DeployPolicy, DeploymentRecord, PlanAnswer } from './orchestrator/deployment-records.ts';
import { DeploymentInfo, DeploymentResult } from './orchestrator/deployment.ts';
import { OrchestratorEvent } from './orchestrator/events.ts';
import { GroupInput } from './orchestrator/group.ts';
import type { Route } from './orchestrator/route.ts';
import { orchestratorRoutes } from './orchestrator/routes.ts';
import { Task, TaskFailure } from './orchestrator/task.ts';

/** Schemas that have a name of their own in the document. */
const NAMED: Readonly<Record<string, TSchema>> = {
  AppDefinition,
  AppDiff,
  AppInfo,
  AppInput,
  DeployPolicy,
  DeploymentInfo,
  DeploymentRecord,
  DeploymentResult,
  ErrorAnswer,
  GroupInfo,
  GroupInput,
  OrchestratorEvent,
  PlanAnswer,
  QueueItem,
  Task,
  TaskFailure,
  WhyAnswer,
};
const NAMES = new Map(Object.entries(NAMED).map(([name, schema]) => [schema, name]));

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** The document, OpenAPI 3.1. `x-stadion-permission` is what a caller must be allowed to do. */
export function openApiDocument(): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const [name, route] of Object.entries<Route>(orchestratorRoutes)) {
    (paths[route.path] ??= {})[route.method.toLowerCase()] = operation(name, route);
  }
  const schemas = Object.fromEntries(Object.entries(NAMED).map(([name, schema]) => [name, inner(schema)]));
  return {
    openapi: '3.1.0',
    info: {
      title: 'Stadion orchestrator',
      version: '2',
      description:
        "Marathon's API, with extensions. Members and events that Marathon does not have are sent to requests with the " +
        'header X-Stadion-Extensions: true or the query parameter extensions=true. Ids in paths may contain slashes.',
    },
    paths: paths as Json,
    components: { schemas },
  };
}

function operation(operationId: string, route: Route): Json {
  const pathParameters = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']): Json => {
    return { name, in: 'path', required: true, schema: { type: 'string' } };
  });
  const properties = (route.query?.properties ?? {}) as Readonly<Record<string, TSchema>>;
  const queryParameters = Object.entries(properties).map(([name, schema]): Json => {
    return { name, in: 'query', required: false, schema: shown(schema) };
  });
  const responses = Object.entries(route.answers).map(([status, schema]): [string, Json] => {
    const isEmpty = schema.type === 'null';
    const type = schema.type === 'string' ? 'text/plain' : 'application/json';
    const content: Json = isEmpty ? {} : { content: { [type]: { schema: shown(schema) } } };
    return [status, { description: Number(status) < 400 ? route.summary : 'Refused', ...(content as object) }];
  });
  return {
    operationId,
    summary: route.summary,
    'x-stadion-permission': route.permission,
    parameters: [...pathParameters, ...queryParameters],
    ...(route.body !== undefined && {
      requestBody: { required: true, content: { 'application/json': { schema: shown(route.body) } } },
    }),
    responses: Object.fromEntries([
      ...responses,
      ['default', { description: 'Refused', content: { 'application/json': { schema: shown(ErrorAnswer) } } }],
    ]),
  };
}

/** A schema as others refer to it: by its name where it has one. */
function shown(schema: TSchema): Json {
  const name = NAMES.get(schema) ?? (typeof schema.$id === 'string' && schema.$id in NAMED ? schema.$id : undefined);
  return name === undefined ? inner(schema) : { $ref: `#/components/schemas/${name}` };
}

function inner(schema: TSchema): Json {
  const members = Object.entries(schema as Readonly<Record<string, unknown>>).filter(([key]) => key !== '$id');
  return Object.fromEntries(members.map(([key, value]) => [key, member(key, value)]));
}

function member(key: string, value: unknown): Json {
  if (key === '$ref') return `#/components/schemas/${String(value)}`;
  if (Array.isArray(value)) return value.map((item: unknown) => member('', item));
  if (typeof value !== 'object' || value === null) return value as Json;
  if (key === 'properties' || key === 'patternProperties') {
    const entries = Object.entries(value as Readonly<Record<string, TSchema>>);
    return Object.fromEntries(entries.map(([name, schema]) => [name, shown(schema)]));
  }
  return shown(value as TSchema);
}
