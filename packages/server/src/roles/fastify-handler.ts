/** A room's API behind a port that it does not listen on itself. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { refusalOf, type Admission } from '../admission.ts';
import { HttpAcceptor, refuseUpgrade } from '../agent-link/http-acceptor.ts';
import type { ApiName } from '../core/required-permissions.ts';
import { guard } from '../listening.ts';
import { whenPermitted } from '../permitted-upgrade.ts';
import type { FrontHandler } from './front.ts';

/**
 * Makes the handler, once the room is ready to answer.
 * @param links where agents' links go, on the master's port
 */
export async function fastifyHandler(
  http: FastifyInstance,
  admission: Admission,
  links: HttpAcceptor | undefined,
  api: ApiName,
): Promise<FrontHandler> {
  guard(http, admission, api);
  await http.ready();
  return {
    request: (request: IncomingMessage, response: ServerResponse) => {
      http.routing(request, response);
    },
    upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const refused = refusalOf(request, admission);
      if (refused !== undefined) refuseUpgrade(socket, refused.status, refused.message, refused.headers);
      else if (links !== undefined && HttpAcceptor.isFor(request)) {
        whenPermitted(request, socket, admission, api, () => links.take(request, socket, head));
      } else if (http.server.listenerCount('upgrade') > 0) http.server.emit('upgrade', request, socket, head);
      else refuseUpgrade(socket, 404, 'Nothing here takes an upgrade.');
    },
  };
}
