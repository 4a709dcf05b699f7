/** WebSockets: after the request's head both ends are joined byte by byte. */
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Duplex } from 'node:stream';
import type { Server, ServicePolicy } from '../../core/model.ts';

/** What a client has asked for. */
export interface UpgradeRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly string[];
  /** What the client has sent after the head. */
  readonly rest: Buffer;
}

/** How an attempt at an upgrade went. */
export type UpgradeOutcome =
  | { readonly kind: 'joined'; readonly closed: Promise<void> }
  | { readonly kind: 'unreachable'; readonly error: unknown };

/**
 * Connects to a server, passes the request on and joins the two connections; whatever the server answers goes to the client.
 * @returns `unreachable` only when nothing has been sent, so that another server may be tried
 */
export function joinUpgrade(
  client: Duplex,
  server: Server,
  policy: ServicePolicy,
  request: UpgradeRequest,
  timeout: (callback: () => void) => () => void,
): Promise<UpgradeOutcome> {
  return new Promise((resolve) => {
    const upstream = open(server, policy);
    const cancel = timeout(() => upstream.destroy(new Error('the server does not answer')));
    const refuse = (error: unknown): void => {
      cancel();
      resolve({ kind: 'unreachable', error });
    };
    upstream.once('error', refuse);
    upstream.once(policy.scheme === 'https' ? 'secureConnect' : 'connect', () => {
      cancel();
      upstream.off('error', refuse);
      upstream.setNoDelay(true);
      upstream.write(headOf(request));
      if (request.rest.length > 0) upstream.write(request.rest);
      resolve({ kind: 'joined', closed: join(client, upstream) });
    });
  });
}

function open(server: Server, policy: ServicePolicy): Socket {
  const where = { host: server.host, port: server.port };
  if (policy.scheme !== 'https') return connectPlain(where);
  return connectTls({ ...where, rejectUnauthorized: !policy.insecureSkipVerify });
}

function headOf({ method, target, headers }: UpgradeRequest): string {
  let head = `${method} ${target} HTTP/1.1\r\n`;
  for (let index = 0; index + 1 < headers.length; index += 2) {
    head += `${headers[index] ?? ''}: ${headers[index + 1] ?? ''}\r\n`;
  }
  return `${head}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
}

/** Joins two connections; when one ends, so does the other. */
export function join(one: Duplex, other: Duplex): Promise<void> {
  return new Promise((resolve) => {
    let open = 2;
    const end = (): void => {
      one.destroy();
      other.destroy();
      open -= 1;
      if (open === 0) resolve();
    };
    for (const side of [one, other]) {
      side.on('error', () => undefined);
      side.once('close', end);
    }
    one.pipe(other);
    other.pipe(one);
    if (one.destroyed || other.destroyed) {
      one.destroy();
      other.destroy();
      resolve();
    }
  });
}
