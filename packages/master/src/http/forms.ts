/** The older paths on which operators send forms: `/reserve`, `/unreserve`, `/create-volumes`, `/destroy-volumes`, `/teardown`. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Master } from '../master.ts';
import { RESOURCE_CALLS } from './v1/resource-calls.ts';

/** By path: the call that it stands for, and the field of the form that has its list. */
const FORMS: Readonly<Record<string, { readonly call: string; readonly list: 'resources' | 'volumes' }>> = {
  reserve: { call: 'RESERVE_RESOURCES', list: 'resources' },
  unreserve: { call: 'UNRESERVE_RESOURCES', list: 'resources' },
  'create-volumes': { call: 'CREATE_VOLUMES', list: 'volumes' },
  'destroy-volumes': { call: 'DESTROY_VOLUMES', list: 'volumes' },
};

/** Adds the paths, with and without `/master`. */
export function serveForms(app: FastifyInstance, master: Master): void {
  void app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, parsed) => {
      parsed(null, new URLSearchParams(String(body)));
    });
    for (const prefix of ['', '/master']) {
      for (const [path, { call, list }] of Object.entries(FORMS)) {
        scope.post(`${prefix}/${path}`, ({ body }, reply) => operate(master, call, list, formOf(body), reply));
      }
      scope.post(`${prefix}/teardown`, ({ body }, reply) => teardown(master, formOf(body), reply));
    }
    done();
  });
}

const NOT_READY = 'This master has not finished recovery';

function operate(master: Master, call: string, list: string, form: URLSearchParams, reply: FastifyReply): FastifyReply {
  const { view } = master;
  if (view === undefined) return text(reply, 503, NOT_READY);
  const id = form.get('slaveId');
  if (id === null) return text(reply, 400, `Missing 'slaveId' query parameter`);
  if (!view.agents.has(id)) return text(reply, 400, `No agent found with specified ID ${id}`);
  let items: unknown;
  try {
    items = JSON.parse(form.get(list) ?? '');
  } catch {
    return text(reply, 400, `The field '${list}' is not JSON`);
  }
  const order = RESOURCE_CALLS[call]?.({ agent_id: { value: id }, [list]: items });
  if (order === undefined || 'problem' in order) return text(reply, 400, order?.problem ?? 'There is no such call');
  const problem = master.operate(order.agentId, order.operation);
  return problem === undefined ? reply.code(202).send() : text(reply, 409, problem);
}

function teardown(master: Master, form: URLSearchParams, reply: FastifyReply): FastifyReply {
  const { view } = master;
  if (view === undefined) return text(reply, 503, NOT_READY);
  const id = form.get('frameworkId');
  if (id === null) return text(reply, 400, `Missing 'frameworkId' query parameter`);
  if (!view.frameworks.has(id)) return text(reply, 400, `No framework found with specified ID ${id}`);
  master.teardown(id);
  return reply.code(200).send();
}

function formOf(body: unknown): URLSearchParams {
  return body instanceof URLSearchParams ? body : new URLSearchParams();
}

function text(reply: FastifyReply, status: number, sentence: string): FastifyReply {
  return reply.code(status).type('text/plain').send(`${sentence}.\n`);
}
