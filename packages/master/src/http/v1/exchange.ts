/** One call of a v1 API on its way to an answer. */
import type { Codec } from '@stadion/contract/mesos-wire';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ServedMaster } from '../served-master.ts';

/** What an endpoint gets: `message` is parsed and not yet judged, `answer` is the form that the caller accepts. */
export interface Exchange {
  readonly served: ServedMaster;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly message: unknown;
  readonly answer: Codec;
}

/** Answers with an error in words, as Mesos does. */
export function refuse(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply.code(status).type('text/plain').send(text);
}
