/** The older paths for weights, quotas and maintenance: `/weights`, `/quota`, `/maintenance/…`, `/machine/…`. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ClusterView } from '../core/cluster/state.ts';
import type { Master } from '../master.ts';
import type { SeenMaster } from './served-master.ts';
import { maintenanceStatus, quotaStatus, SETTINGS_CHANGES, weightInfos } from './v1/settings-calls.ts';

const READS: Readonly<Record<string, (view: ClusterView) => unknown>> = {
  weights: weightInfos,
  quota: quotaStatus,
  'maintenance/schedule': ({ settings }) => settings.schedule,
  'maintenance/status': maintenanceStatus,
};

/** What a request asks for, as the body of the call that it stands for. */
interface Change {
  readonly method: 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly call: string;
  readonly body: (request: FastifyRequest) => unknown;
}

const CHANGES: readonly Change[] = [
  { method: 'PUT', path: 'weights', call: 'UPDATE_WEIGHTS', body: ({ body }) => ({ weight_infos: body }) },
  { method: 'POST', path: 'quota', call: 'SET_QUOTA', body: ({ body }) => ({ quota_request: body }) },
  { method: 'DELETE', path: 'quota/*', call: 'REMOVE_QUOTA', body: ({ params }) => ({ role: wildcard(params) }) },
  {
    method: 'POST',
    path: 'maintenance/schedule',
    call: 'UPDATE_MAINTENANCE_SCHEDULE',
    body: ({ body }) => ({ schedule: body }),
  },
  { method: 'POST', path: 'machine/down', call: 'START_MAINTENANCE', body: ({ body }) => ({ machines: body }) },
  { method: 'POST', path: 'machine/up', call: 'STOP_MAINTENANCE', body: ({ body }) => ({ machines: body }) },
];

/** Adds the paths, with and without `/master`. Bodies are JSON whatever they are called, as in Mesos. */
export function serveSettings(app: FastifyInstance, seen: SeenMaster): void {
  const { master } = seen;
  void app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, parsed) => {
      try {
        parsed(null, JSON.parse(String(body)) as unknown);
      } catch {
        parsed(Object.assign(new Error('The body is not JSON'), { statusCode: 400 }), undefined);
      }
    });
    scope.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) =>
      reply
        .code(error.statusCode ?? 500)
        .type('text/plain')
        .send(`${error.message}.\n`),
    );
    for (const prefix of ['', '/master']) {
      for (const [path, read] of Object.entries(READS)) {
        scope.get(`${prefix}/${path}`, async (request, reply) => {
          const served = await seen.within(request);
          return served === undefined
            ? text(reply, 503, 'This master has not finished recovery')
            : reply.send(read(served.view));
        });
      }
      for (const change of CHANGES) {
        const handler = (request: FastifyRequest, reply: FastifyReply) => carryOut(master, change, request, reply);
        scope.route({ method: change.method, url: `${prefix}/${change.path}`, handler });
      }
    }
    done();
  });
}

async function carryOut(
  master: Master,
  { call, body }: Change,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  if (master.view === undefined) return text(reply, 503, 'This master has not finished recovery');
  const change = SETTINGS_CHANGES[call]?.(body(request), request.url);
  if (change === undefined) return text(reply, 404, 'There is no such setting');
  if ('problem' in change) return text(reply, 400, change.problem);
  const role = call === 'SET_QUOTA' ? roleIn(request.body) : undefined;
  if (role?.includes('/') === true) return text(reply, 400, `Quotas of nested roles are set by UPDATE_QUOTA`);
  const problem = await master.configure(change);
  return problem === undefined ? reply.code(200).send() : text(reply, statusOf(problem), problem);
}

/** Guaranteeing more than there is, is a conflict on these paths. */
function statusOf(problem: string): number {
  return problem.includes('are guaranteed and the cluster has') ? 409 : 400;
}

function roleIn(body: unknown): string | undefined {
  const role = typeof body === 'object' && body !== null ? (body as Record<string, unknown>)['role'] : undefined;
  return typeof role === 'string' ? role : undefined;
}

function wildcard(params: unknown): string {
  return (params as Readonly<Record<string, string>>)['*'] ?? '';
}

function text(reply: FastifyReply, status: number, sentence: string): FastifyReply {
  return reply.code(status).type('text/plain').send(`${sentence}.\n`);
}
