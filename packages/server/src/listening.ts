/** Puts an HTTP server on its port, with an error that names the flag to change. */
import { PlatformError, errorCode } from '@stadion/base';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { urlOf } from './addresses.ts';
import { refusalOf, type Admission, type Refused } from './admission.ts';
import type { ApiName } from './core/required-permissions.ts';
import { judge, judgeBody, type Permit } from './permission.ts';
import { takeTls } from './tls/tls-port.ts';

/**
 * Lets in only who may come in: other people's web pages and strangers are refused before their request is looked at.
 */
export function guard(http: FastifyInstance, admission: Admission, api: ApiName): void {
  const permits = new WeakMap<object, Permit>();
  http.addHook('onRequest', async (request, reply) => {
    const refused = refusalOf(request.raw, admission);
    if (refused !== undefined) return refuse(reply, refused);
    const verdict = await judge(request.raw, admission, api);
    if (verdict === undefined) return undefined;
    if ('refused' in verdict) return refuse(reply, verdict.refused);
    if (!verdict.isDecided) permits.set(request.raw, verdict);
    return undefined;
  });
  http.addHook('preHandler', async (request, reply) => {
    const permit = permits.get(request.raw);
    const refused = permit === undefined ? undefined : judgeBody(request.raw, permit, request.body);
    return refused === undefined ? undefined : refuse(reply, refused);
  });
}

function refuse(reply: FastifyReply, { status, headers, message }: Refused): FastifyReply {
  return reply.code(status).headers(headers).send({ message });
}

/**
 * Listens; port 0 picks a free one.
 * @param flag the option that set the port, for the error message
 * @returns the real URL
 * @throws PlatformError `port-taken` or `port-forbidden`
 */
export async function listen(
  http: FastifyInstance,
  where: {
    readonly address: string;
    readonly port: number;
    readonly flag: string;
    readonly api: ApiName;
  } & Admission,
): Promise<string> {
  const { address, port, flag, tls } = where;
  guard(http, where, where.api);
  if (tls !== undefined) {
    const endUndecided = takeTls(http.server, tls);
    http.addHook('preClose', async () => endUndecided());
  }
  try {
    await http.listen({ host: address, port });
  } catch (error) {
    throw explainListening(error, `${address}:${String(port)}`, flag);
  }
  const bound = http.server.address();
  return bound === null || typeof bound === 'string' ? `http://${address}:${String(port)}` : urlOf(bound);
}

/** What a failure to listen means to who starts the platform. */
export function explainListening(error: unknown, where: string, flag: string): unknown {
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
