/** Puts an HTTP server on its port, with an error that names the flag to change. */
import { PlatformError, errorCode } from '@stadion/base';
import type { FastifyInstance } from 'fastify';
import { urlOf } from './addresses.ts';
import { foreignPageProblem } from './core/foreign-pages.ts';

/**
 * Listens; port 0 picks a free one. Requests of other people's web pages are refused with 403.
 * @param flag the option that set the port, for the error message
 * @param ownNames host names under which this machine is meant to be reached, besides localhost
 * @returns the real URL
 * @throws PlatformError `port-taken` or `port-forbidden`
 */
export async function listen(
  http: FastifyInstance,
  where: {
    readonly address: string;
    readonly port: number;
    readonly flag: string;
    readonly ownNames: ReadonlySet<string>;
  },
): Promise<string> {
  const { address, port, flag, ownNames } = where;
  http.addHook('onRequest', async (request, reply) => {
    const problem = foreignPageProblem({ method: request.method, headers: request.headers }, ownNames);
    return problem === undefined ? undefined : reply.code(403).send({ message: problem });
  });
  try {
    await http.listen({ host: address, port });
  } catch (error) {
    throw explain(error, `${address}:${String(port)}`, flag);
  }
  const bound = http.server.address();
  return bound === null || typeof bound === 'string' ? `http://${address}:${String(port)}` : urlOf(bound);
}

function explain(error: unknown, where: string, flag: string): unknown {
  switch (errorCode(error)) {
    case 'EADDRINUSE':
      return new PlatformError(
        'port-taken',
        `${where} is already in use. Choose another port with ${flag} (0 picks a free one), or stop what listens there.`,
        { cause: error },
      );
    case 'EACCES':
      return new PlatformError(
        'port-forbidden',
        `Not allowed to listen on ${where}. Choose a port of 1024 or above with ${flag}.`,
        { cause: error },
      );
    case 'EADDRNOTAVAIL':
      return new PlatformError(
        'listen-address-unknown',
        `${where} is not an address of this machine. Give --bind-address one that is, e.g. 127.0.0.1.`,
        { cause: error },
      );
    default:
      return error;
  }
}
