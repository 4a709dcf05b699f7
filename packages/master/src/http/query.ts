/** What stands behind `?` of a request, and the answers as JSONP that Mesos's own pages ask for by it. */
import type { FastifyReply } from 'fastify';

/** Parameters by name. */
export type Query = Readonly<Record<string, string | undefined>>;

/** The last value of each parameter. */
export function plainQuery(query: unknown): Query {
  const plain: Record<string, string> = {};
  if (typeof query !== 'object' || query === null) return plain;
  for (const [name, value] of Object.entries(query)) {
    const last: unknown = Array.isArray(value) ? value.at(-1) : value;
    if (typeof last === 'string') plain[name] = last;
  }
  return plain;
}

/** The function that `?jsonp=` names; undefined: none is asked for. */
export function callbackIn(query: Query): { readonly name: string | undefined } | { readonly problem: string } {
  const name = query['jsonp'];
  if (name === undefined || /^[\w$.[\]]{1,128}$/.test(name)) return { name };
  return { problem: 'The jsonp parameter must be the name of a function' };
}

/** JSON in pieces as a call of that function. */
export function* wrapped(callback: string, pieces: Iterable<string>): Generator<string> {
  yield `${callback}(`;
  yield* pieces;
  yield ');';
}

/** Answers 400 with a sentence. */
export function refuseQuery(reply: FastifyReply, problem: string): FastifyReply {
  return reply.code(400).type('text/plain').send(`${problem}.\n`);
}
