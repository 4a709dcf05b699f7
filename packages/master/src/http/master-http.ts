/** The master's read API over HTTP: the legacy endpoints of Mesos, each with and without `/master`, `.json` and `?jsonp=`. */
import { hostPort } from '@stadion/base';
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Master } from '../master.ts';
import { flags } from './flags.ts';
import { serveForms } from './forms.ts';
import { frameworksPieces } from './frameworks.ts';
import { newHttpServer } from './http-server.ts';
import { chunks, mergedPieces, objectPieces } from './json-pieces.ts';
import { serveFiles, serveToggle } from './log-files.ts';
import { metricGroups } from './metrics.ts';
import { callbackIn, plainQuery, refuseQuery, wrapped, type Query } from './query.ts';
import { rolesPieces } from './roles.ts';
import { SeenMaster, servedMaster, type MasterHttpOptions, type ServedMaster } from './served-master.ts';
import { slavesPieces } from './slaves.ts';
import { statePieces } from './state.ts';
import { stateSummaryPieces } from './state-summary.ts';
import { parseTaskQuery, tasksPieces } from './tasks.ts';
import { serveSettings } from './settings.ts';
import { serveV1 } from './v1/serve-v1.ts';
import { versionJson } from './version.ts';

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
  const app = newHttpServer();
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
      return reply.redirect(`//${hostPort(served.identity.hostname, served.port)}`, 307);
    });
  }
  serveSettings(app, seen);
  serveForms(app, master);
  serveFiles(app, seen.files);
  serveToggle(app, seen.verbosity);
  serveV1(app, seen);
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
  const callback = callbackIn(query);
  if ('problem' in callback) return refuseQuery(reply, callback.problem);
  const pieces = resource(served, query);
  if (typeof pieces === 'string') return refuseQuery(reply, pieces);
  const body = callback.name === undefined ? pieces : wrapped(callback.name, pieces);
  return reply
    .type(callback.name === undefined ? 'application/json' : 'text/javascript')
    .send(Readable.from(chunks(body, seen.master.time)));
}

function unavailable(reply: FastifyReply): FastifyReply {
  return reply.code(503).type('text/plain').send('This master has not finished recovery.\n');
}
