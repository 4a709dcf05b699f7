/**
 * `/files` of a master: its own log, under the name that Mesos's masters give it, and how much goes there (`/logging/toggle`).
 * Files of tasks are at their agents.
 */
import { answerToggle, type LogVerbosity } from '@stadion/base';
import { answerFiles, FILES_PAGES, type FilesAnswer, type VirtualFiles } from '@stadion/base/virtual-files';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { callbackIn, plainQuery, refuseQuery, wrapped, type Query } from './query.ts';

const LOG_PATH = '/master/log';

/** What a master shows. @param logFile path of the file; undefined: nothing */
export function masterFiles(logFile: string | undefined): VirtualFiles {
  return {
    resolve: (segments) =>
      logFile !== undefined && `/${segments.join('/')}` === LOG_PATH ? { root: logFile, rest: [] } : undefined,
    roots: () => (logFile === undefined ? [] : [[LOG_PATH, logFile]]),
  };
}

/** Adds the four pages, with and without `.json`. */
export function serveFiles(app: FastifyInstance, files: VirtualFiles): void {
  for (const page of FILES_PAGES) {
    for (const ending of ['', '.json']) {
      app.get(`/files/${page}${ending}`, async (request, reply) => {
        const query = plainQuery(request.query);
        return send(reply, query, await answerFiles(page, files, (name) => query[name]));
      });
    }
  }
}

/** Adds `/logging/toggle`. */
export function serveToggle(app: FastifyInstance, verbosity: LogVerbosity | undefined): void {
  app.route({
    method: ['GET', 'POST'],
    url: '/logging/toggle',
    handler({ query, headers }, reply) {
      const parameters = plainQuery(query);
      const site = [headers['sec-fetch-site']].flat()[0];
      const { status, text } = answerToggle(verbosity, { parameter: (name) => parameters[name], site });
      return reply.code(status).type('text/plain').send(text);
    },
  });
}

async function send(reply: FastifyReply, query: Query, answer: FilesAnswer): Promise<FastifyReply> {
  if (answer.kind === 'problem') return reply.code(answer.status).type('text/plain').send(`${answer.message}\n`);
  if (answer.kind === 'file') {
    const { file, size } = answer;
    void reply.headers({ ...answer.headers, 'content-length': size });
    if (size > 0) return reply.send(file.createReadStream({ start: 0, end: size - 1 }));
    await file.close();
    return reply.send('');
  }
  const callback = callbackIn(query);
  if ('problem' in callback) return refuseQuery(reply, callback.problem);
  const text = JSON.stringify(answer.value);
  return callback.name === undefined
    ? reply.type('application/json').send(text)
    : reply.type('text/javascript').send([...wrapped(callback.name, [text])].join(''));
}
