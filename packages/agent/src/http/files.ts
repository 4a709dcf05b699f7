/** `/files`: sandboxes and the agent's log to browse, read and download, and nothing outside of them. */
import { answerFiles, FILES_PAGES, type FilesAnswer, type VirtualFiles } from '@stadion/base/virtual-files';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { queryValue, sendJson } from './jsonp.ts';

/** Adds the four pages of Mesos's `/files` under a prefix. */
export function addFilesRoutes(server: FastifyInstance, prefix: string, files: VirtualFiles): void {
  for (const page of FILES_PAGES) {
    for (const ending of ['', '.json']) {
      server.get(`${prefix}/files/${page}${ending}`, async (request, reply) =>
        send(request, reply, await answerFiles(page, files, (name) => queryValue(request, name))),
      );
    }
  }
}

async function send(request: FastifyRequest, reply: FastifyReply, answer: FilesAnswer): Promise<FastifyReply> {
  if (answer.kind === 'json') return sendJson(request, reply, answer.value);
  if (answer.kind === 'problem') return reply.code(answer.status).type('text/plain').send(`${answer.message}\n`);
  const { file, size } = answer;
  void reply.headers({ ...answer.headers, 'content-length': size });
  if (size > 0) return reply.send(file.createReadStream({ start: 0, end: size - 1 }));
  await file.close();
  return reply.send('');
}
