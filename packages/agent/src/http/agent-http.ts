/** The agent's pages: the legacy JSON endpoints of a Mesos agent, also under `/slave(1)`. */
import { answerToggle, type Clock, type LogVerbosity, type Timers } from '@stadion/base';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { noSchemas } from '@stadion/base/no-schemas';
import type { AgentView } from '../agent-view.ts';
import { boundConnections } from '@stadion/base/bounded-connections';
import { CONNECTIONS_MAX, REQUEST_MS_MAX } from '../limits.ts';
import { addFilesRoutes } from './files.ts';
import { addImageRoutes } from './images.ts';
import { queryValue, sendJson } from './jsonp.ts';
import { agentMetrics, systemStats } from './metrics.ts';
import { ConnectionSource } from './open-connections.ts';
import { agentState } from './state.ts';
import { addAgentApi } from './v1/agent-api.ts';
import { addExecutorCalls } from './v1/executor-calls.ts';
import { StatisticsSource } from './statistics.ts';
import { versionJson } from './version.ts';
import { agentFiles } from './virtual-paths.ts';

/** A Mesos agent answers under its own name as well. */
const PREFIXES = ['', '/slave(1)'];

/** Options of {@link createAgentHttp}. */
export interface AgentHttpOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  /** What `/flags` and `/state` show; secrets never go in. */
  readonly flags?: Readonly<Record<string, string>>;
  /** The file of the agent's own log, which `/files` shows as `/slave/log`. */
  readonly logFile?: string;
  /** How much goes there, where that can be changed. */
  readonly verbosity?: LogVerbosity;
}

/** Makes the server of an agent. It does not listen yet: whoever composes it says where. */
export function createAgentHttp(agent: AgentView, options: AgentHttpOptions): FastifyInstance {
  const server = fastify({
    schemaController: noSchemas,
    logger: false,
    exposeHeadRoutes: true,
    // Input of sessions goes on for as long as they do; everything else is timed below.
    requestTimeout: 0,
    http: { headersTimeout: REQUEST_MS_MAX },
    // Everything here only reads: nothing is lost when it is cut off, and connections without a request never end.
    forceCloseConnections: true,
  });
  boundConnections(server.server, CONNECTIONS_MAX);
  limitUploads(server, options.timers);
  const flags = options.flags ?? {};
  const files = agentFiles(agent, options.logFile);
  const statistics = new StatisticsSource(agent, options.clock);
  const connections = new ConnectionSource(agent, options.clock);
  const { version } = agent.info;

  const pages: Readonly<Record<string, () => unknown>> = {
    '/state': () => (agent.recovering ? undefined : agentState(agent, flags, options.logFile)),
    '/metrics/snapshot': () => agentMetrics(agent, options.clock.now()),
    '/version': () => versionJson(version),
    '/flags': () => ({ flags }),
    '/system/stats': systemStats,
    '/monitor/connections': () => connections.counts(),
  };
  for (const prefix of PREFIXES) {
    for (const [path, build] of Object.entries(pages)) {
      for (const ending of ['', '.json']) server.get(`${prefix}${path}${ending}`, answer(build));
    }
    for (const ending of ['', '.json']) {
      server.get(`${prefix}/monitor/statistics${ending}`, async (request, reply) => {
        const { executors, tasks } = await statistics.measured();
        // Stadion's own: each task by itself, also those of a pod.
        const lines = queryValue(request, 'tasks') === 'true' ? tasks : executors;
        return sendJson(
          request,
          reply,
          lines.map(({ container_id: _id, status: _status, ...line }) => line),
        );
      });
    }
    server.get(`${prefix}/containers`, async (request, reply) => {
      const containerId = queryValue(request, 'container_id');
      const frameworkId = queryValue(request, 'framework_id');
      const executorId = queryValue(request, 'executor_id');
      const { executors, nested } = await statistics.measured();
      const all = queryValue(request, 'show_nested') === 'true' ? [...executors, ...nested] : executors;
      const lines = all.filter(
        (line) =>
          line.container_id === (containerId ?? line.container_id) &&
          line.framework_id === (frameworkId ?? line.framework_id) &&
          line.executor_id === (executorId ?? line.executor_id),
      );
      return sendJson(request, reply, lines);
    });
    server.get(`${prefix}/health`, (_request, reply) => reply.code(200).send(''));
    addFilesRoutes(server, prefix, files);
    addImageRoutes(server, prefix, agent);
  }
  server.route({
    method: ['GET', 'POST'],
    url: '/logging/toggle',
    handler(request, reply) {
      const site = [request.headers['sec-fetch-site']].flat()[0];
      const parameter = (name: string) => queryValue(request, name);
      const { status, text } = answerToggle(options.verbosity, { parameter, site });
      return reply.code(status).type('text/plain').send(text);
    },
  });
  addExecutorCalls(server, PREFIXES, { agent, timers: options.timers });
  addAgentApi(server, PREFIXES, { agent, ...options, flags, files, statistics });
  return server;
}

/** Who does not get to the end of a body in time is cut off, but for streams of records. */
function limitUploads(server: FastifyInstance, timers: Timers): void {
  server.addHook('onRequest', (request, _reply, done) => {
    const { raw } = request;
    if (request.headers['content-type']?.startsWith('application/recordio') !== true && hasBody(request)) {
      const timer = timers.after(REQUEST_MS_MAX, () => raw.destroy());
      for (const event of ['end', 'close']) raw.once(event, () => timer.cancel());
    }
    done();
  });
}

function hasBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** Answers with what `build` gives; nothing means that the agent is still finding out. */
function answer(build: () => unknown): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  return async (request, reply) => {
    const value = await build();
    if (value !== undefined) return sendJson(request, reply, value);
    return reply.code(503).type('text/plain').send('The agent is recovering its tasks. Try again in a moment.\n');
  };
}
