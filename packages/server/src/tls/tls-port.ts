/** One port for both: whoever begins with a TLS handshake is spoken TLS with, everybody else plain HTTP. */
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { createServer, TLSSocket } from 'node:tls';
import { TLS_HANDSHAKE_MS_MAX, TLS_SESSION_SECONDS_MAX, TLS_UNDECIDED_MAX } from '../limits.ts';
import type { TlsConnection } from '../core/tls-refusal.ts';
import type { NodeTls } from './node-tls.ts';

/** The first byte of a TLS record with a handshake (RFC 8446, section 5.1); no HTTP request begins with it. */
const HANDSHAKE = 0x16;

/** Ends connections that have not said yet what they are; the server's own closing knows the others. */
export type EndUndecided = () => void;

/**
 * Has a server take TLS on its port as well. Certificates of the other end are asked for, and judged per request.
 * @param undecidedMax connections at a time that have not said what they are, or not agreed on TLS; one more ends the oldest
 */
export function takeTls(server: Server, tls: NodeTls, undecidedMax = TLS_UNDECIDED_MAX): EndUndecided {
  const serve = server.listeners('connection');
  /** By their two ends, which is what a connection and TLS over it have in common. Oldest first. */
  const undecided = new Map<string, Socket>();
  const secure = createServer({
    ...tls.material(),
    requestCert: true,
    // Judged where it can be answered in words.
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    sessionTimeout: TLS_SESSION_SECONDS_MAX,
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: TLS_HANDSHAKE_MS_MAX,
  });
  tls.onChange((material) => secure.setSecureContext({ ...material, minVersion: 'TLSv1.2' }));
  const handOver = (socket: Socket): void => {
    for (const listener of serve) Reflect.apply(listener, server, [socket]);
  };
  secure.on('secureConnection', (socket) => {
    undecided.delete(endsOf(socket));
    socket.allowHalfOpen = true;
    handOver(socket);
  });
  secure.on('tlsClientError', (_error, socket) => socket.destroy());

  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    const [oldest] = undecided.size >= undecidedMax ? undecided.values() : [];
    oldest?.destroy();
    const ends = endsOf(socket);
    undecided.set(ends, socket);
    const decide = (): void => {
      if (undecided.get(ends) === socket) undecided.delete(ends);
    };
    const destroy = (): void => void socket.destroy();
    socket.setTimeout(TLS_HANDSHAKE_MS_MAX, destroy);
    // For good: an error that nobody hears would end the process, whoever reads the socket by then.
    socket.on('error', destroy);
    socket.once('close', decide);
    // One that ends without a word.
    socket.once('end', destroy);
    socket.once('data', (first: Buffer) => {
      socket.pause();
      socket.setTimeout(0);
      socket.off('timeout', destroy);
      socket.off('end', destroy);
      socket.unshift(first);
      if (first[0] === HANDSHAKE) {
        // One that leaves in the middle of the handshake has left, and does not only send no more.
        socket.allowHalfOpen = false;
        secure.emit('connection', socket);
      } else {
        decide();
        handOver(socket);
        process.nextTick(() => socket.resume());
      }
    });
  });
  return () => {
    for (const socket of undecided.values()) socket.destroy();
  };
}

function endsOf({ localAddress, localPort, remoteAddress, remotePort }: Socket): string {
  return [localAddress, localPort, remoteAddress, remotePort].join(' ');
}

/** What the other end of a request's connection has shown. */
export function shownBy({ socket }: IncomingMessage): Pick<TlsConnection, 'isEncrypted' | 'certificate'> {
  if (!(socket instanceof TLSSocket)) return { isEncrypted: false, certificate: 'none' };
  let certificate = judged.get(socket);
  if (certificate === undefined) {
    certificate = judge(socket);
    judged.set(socket, certificate);
  }
  return { isEncrypted: true, certificate };
}

/** Once per connection: reading a certificate takes a while. */
const judged = new WeakMap<TLSSocket, TlsConnection['certificate']>();

function judge(socket: TLSSocket): TlsConnection['certificate'] {
  // Node calls a session that is taken up again authorized, also when nothing was shown in it.
  if (socket.getPeerX509Certificate() === undefined) return 'none';
  return socket.authorized ? 'good' : { reason: String(socket.authorizationError) };
}
