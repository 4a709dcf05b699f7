/** Why a call of the agent's API is not answered, in words, as Mesos has it. */
import type { FastifyReply } from 'fastify';

/** A status of 400 and above, and the words. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
}

/** Answers so. */
export function refuse(reply: FastifyReply, { status, message }: Refusal): FastifyReply {
  return reply.code(status).type('text/plain').send(message);
}
