/** `/images`: what images the agent has, and bringing one before anything starts from it. Stadion's own. */
import { Value } from '@sinclair/typebox/value';
import { ImagePullRequest } from '@stadion/contract/images';
import type { FastifyInstance } from 'fastify';
import type { AgentView } from '../agent-view.ts';

const STATUS = { impossible: 409, busy: 429 } as const;

/** Binds them. */
export function addImageRoutes(server: FastifyInstance, prefix: string, agent: AgentView): void {
  server.get(`${prefix}/images`, () => agent.images());
  server.post(`${prefix}/images`, (request, reply) => {
    const { body } = request;
    if (!Value.Check(ImagePullRequest, body)) {
      const [problem] = Value.Errors(ImagePullRequest, body);
      const where = problem === undefined ? '' : `${problem.path || 'the body'}: ${problem.message}. `;
      return reply.code(400).send({ message: `${where}Say which image: {"image": "nginx:1.27"}` });
    }
    const begun = agent.pullImage(body);
    return begun.ok
      ? reply.code(202).send(begun.pull)
      : reply.code(STATUS[begun.reason]).send({ message: begun.message });
  });
}
