/** What every HTTP server of this room has in common. */
import { boundConnections } from '@stadion/base/bounded-connections';
import { noSchemas } from '@stadion/base/no-schemas';
import Fastify, { type FastifyInstance } from 'fastify';
import { CALL_BYTES_MAX, CONNECTIONS_MAX, REQUEST_MS_MAX } from '../limits.ts';

/** Makes one without routes: whoever composes it adds them and listens. */
export function newHttpServer(): FastifyInstance {
  const app = Fastify({
    schemaController: noSchemas,
    logger: false,
    routerOptions: { ignoreTrailingSlash: true },
    requestTimeout: REQUEST_MS_MAX,
    bodyLimit: CALL_BYTES_MAX,
    // Everything here only reads: nothing is lost when it is cut off, and connections without a request never end.
    forceCloseConnections: true,
  });
  boundConnections(app.server, CONNECTIONS_MAX);
  app.setNotFoundHandler((request, reply) => {
    return reply
      .code(404)
      .type('text/plain')
      .send(`There is nothing at ${request.url.split('?')[0] ?? ''}.\n`);
  });
  return app;
}
