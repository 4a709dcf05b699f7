/** JSON answers that also exist as JSONP, as Mesos's legacy pages have them (`?jsonp=callback`). */
import type { FastifyReply, FastifyRequest } from 'fastify';

const CALLBACK = /^[A-Za-z_$][\w$.[\]]{0,127}$/;

/** Sends a value as JSON, or as a call of the function that `?jsonp=` names. */
export function sendJson(request: FastifyRequest, reply: FastifyReply, value: unknown): FastifyReply {
  const callback = queryValue(request, 'jsonp');
  const text = JSON.stringify(value);
  if (callback === undefined) return reply.type('application/json').send(text);
  if (!CALLBACK.test(callback)) return reply.code(400).type('text/plain').send('The jsonp parameter is not a name.\n');
  return reply.type('text/javascript').send(`${callback}(${text});`);
}

/** One parameter of the query; given more than once, the last one counts. */
export function queryValue(request: FastifyRequest, name: string): string | undefined {
  const { query } = request;
  if (typeof query !== 'object' || query === null || !(name in query)) return undefined;
  const value: unknown = Object.entries(query).find(([key]) => key === name)?.[1];
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return undefined;
  const last: unknown = value.at(-1);
  return typeof last === 'string' ? last : undefined;
}
