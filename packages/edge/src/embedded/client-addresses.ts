/** Who is at the other end of a connection: its peer, or whom a trusted PROXY header has named. */
import type { Socket } from 'node:net';
import { plainAddress } from './exchange.ts';

/** The clients of one listener. */
export class ClientAddresses {
  private readonly isPath: boolean;
  /** What headers said, by the connection's own ends: TLS wraps the socket, and these stay. */
  private readonly byEnds = new Map<string, string>();
  /** The same for connections over a path, whose ends are all alike. */
  private readonly bySocket = new WeakMap<object, string>();

  /** @param isPath whether the listener is a socket with a path */
  constructor(isPath: boolean) {
    this.isPath = isPath;
  }

  /** A PROXY header has named the client of a connection; an empty address names nobody. */
  name(socket: Socket, address: string): void {
    if (this.isPath) this.bySocket.set(socket, address);
    else if (address !== '') {
      const key = endsOf(socket);
      this.byEnds.set(key, address);
      socket.once('close', () => this.byEnds.delete(key));
    }
  }

  /** The client of a connection, or of the TLS connection over it. */
  of(socket: Socket): string {
    if (this.isPath) return this.ofPath(socket);
    const peer = plainAddress(socket.remoteAddress);
    return this.byEnds.size === 0 ? peer : (this.byEnds.get(endsOf(socket)) ?? peer);
  }

  private ofPath(socket: Socket): string {
    const known = this.bySocket.get(socket);
    if (known !== undefined) return known;
    // A TLS socket stands before the one that was accepted; nothing public leads from one to the other.
    const inner: unknown = Reflect.get(socket, '_parent');
    return typeof inner === 'object' && inner !== null ? (this.bySocket.get(inner) ?? '') : '';
  }
}

function endsOf(socket: Socket): string {
  return `${socket.remoteAddress ?? ''}|${String(socket.remotePort ?? 0)}`;
}
