/** The master's read API over HTTP: the legacy endpoints of Mesos, each with and without `/master`, `.json` and `?jsonp=`. */
import { Readable } from 'node:stream';
import { boundConnections } from '@stadion/base/bounded-connections';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { noSchemas } from '@stadion/base/no-schemas';
import { CALL_BYTES_MAX, CONNECTIONS_MAX, REQUEST_MS_MAX } from '../limits.ts';
import type { Master } from '../master.ts';
import { flags } from './flags.ts';
import { serveForms } from './forms.ts';
import { frameworksPieces } from './frameworks.ts';
import { chunks, mergedPieces, objectPieces } from './json-pieces.ts';
import { metricGroups } from './metrics.ts';
import { rolesPieces } from './roles.ts';
import { SeenMaster, servedMaster, type MasterHttpOptions, type ServedMaster } from './served-master.ts';
import { slavesPieces } from './slaves.ts';
import { statePieces } from './state.ts';
import { stateSummaryPieces } from './state-summary.ts';
import { parseTaskQuery, tasksPieces } from './tasks.ts';
import { serveSettings } from './settings.ts';
import { serveV1 } from './v1/serve-v1.ts';
import { versionJson } from './version.ts';

type Query = Readonly<Record<string, string | undefined>>;
/** What a resource answers: JSON in pieces, or a sentence that says what is wrong with the request. */
type Resource = (master: ServedMaster, query: Query) => Generator<string> | string;

/** Every resource under its path below `/` and `/master/`. */
const RESOURCES: Readonly<Record<string, Resource>> = {
  state: (master) => statePieces(master),
  'state-summary': (master) => stateSummaryPieces(master),
  slaves: ({ view }, query) => slavesPieces(view, query['slave_id']),
  frameworks: ({ view }, query) => frameworksPieces(view, query['framework_id']),
  tasks: ({ view }, query) => {
    const wanted = parseTaskQuery(query);
    return typeof wanted === 'string' ? wanted : tasksPieces(view, wanted);
  },
  roles: ({ view }) => rolesPieces(view),
  flags: ({ view, identity }) => objectPieces({ flags: flags(view.config, identity) }),
  version: ({ identity }) => objectPieces(versionJson(identity.version)),
  'metrics/snapshot': (master) => mergedPieces(metricGroups(master)),
};

/**
 * Makes the HTTP side of a master; the caller listens and closes.
 * Answers 503 before the master has started. Long lists are sent in pieces that never hold the event loop.
 */
export function createMasterHttp(master: Master, options: MasterHttpOptions = {}): FastifyInstance {
  const seen = new SeenMaster(master, options);
  const app = Fastify({
    schemaController: noSchemas,
    logger: false,
    routerOptions: { ignoreTrailingSlash: true },
    requestTimeout: REQUEST_MS_MAX,
    bodyLimit: CALL_BYTES_MAX,
    // Everything here only reads: nothing is lost when it is cut off, and connections without a request never end.
    forceCloseConnections: true,
  });
  boundConnections(app.server, CONNECTIONS_MAX);
  for (const prefix of ['', '/master']) {
    for (const [path, resource] of Object.entries(RESOURCES)) {
      for (const suffix of ['', '.json']) {
        app.get(`${prefix}/${path}${suffix}`, (request, reply) => answer(seen, resource, request, reply));
      }
    }
    app.get(`${prefix}/health`, (_request, reply) => reply.send());
    app.get(`${prefix}/redirect`, (request, reply) => {
      const served = servedMaster(master, request);
      if (served === undefined) return unavailable(reply);
      return reply.redirect(`//${served.identity.hostname}:${String(served.port)}`, 307);
    });
  }
  serveSettings(app, seen);
  serveForms(app, master);
  serveV1(app, seen);
  app.setNotFoundHandler((request, reply) => {
    return reply
      .code(404)
      .type('text/plain')
      .send(`There is nothing at ${request.url.split('?')[0] ?? ''}.\n`);
  });
  return app;
}

async function answer(
  seen: SeenMaster,
  resource: Resource,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const served = await seen.within(request);
  if (served === undefined) return unavailable(reply);
  const query = plainQuery(request.query);
  const callback = query['jsonp'];
  if (callback !== undefined && !/^[\w$.[\]]{1,128}$/.test(callback)) {
    return reply.code(400).type('text/plain').send('The jsonp parameter must be the name of a function.\n');
  }
  const pieces = resource(served, query);
  if (typeof pieces === 'string') return reply.code(400).type('text/plain').send(`${pieces}.\n`);
  const body = callback === undefined ? pieces : wrapped(callback, pieces);
  return reply
    .type(callback === undefined ? 'application/json' : 'text/javascript')
    .send(Readable.from(chunks(body, seen.master.time)));
}

function unavailable(reply: FastifyReply): FastifyReply {
  return reply.code(503).type('text/plain').send('This master has not finished recovery.\n');
}

/** The last value of each parameter. */
function plainQuery(query: unknown): Query {
  const plain: Record<string, string> = {};
  if (typeof query !== 'object' || query === null) return plain;
  for (const [name, value] of Object.entries(query)) {
    const last: unknown = Array.isArray(value) ? value.at(-1) : value;
    if (typeof last === 'string') plain[name] = last;
  }
  return plain;
}

function* wrapped(callback: string, pieces: Generator<string>): Generator<string> {
  yield `${callback}(`;
  yield* pieces;
  yield ');';
}
