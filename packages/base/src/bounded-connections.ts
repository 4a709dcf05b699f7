/** A bound for connections that shuts nobody out: a full server parts with whoever has asked for nothing for longest. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Bounds the connections of a server. With `maxConnections` a stranger who opens as many and says nothing keeps everybody else
 * out; here he loses his own. Those with a request under way and those that became something else stay. To be called before
 * the server listens, and before anything that hands connections on to its listeners.
 */
export function boundConnections(server: Server, max: number): void {
  const open = new Set<Socket>();
  /** Without a request, since longest first. */
  const idle = new Set<Socket>();
  const requests = new Map<Socket, number>();
  const forget = (socket: Socket): void => {
    open.delete(socket);
    idle.delete(socket);
    requests.delete(socket);
  };
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    idle.add(socket);
    socket.once('close', () => {
      forget(socket);
    });
    if (open.size <= max) return;
    // The newcomer itself, where all others are busy.
    const longest = idle.values().next().value ?? socket;
    forget(longest);
    longest.destroy();
  });
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    if (!open.has(socket)) return;
    idle.delete(socket);
    requests.set(socket, (requests.get(socket) ?? 0) + 1);
    response.once('close', () => {
      const left = (requests.get(socket) ?? 0) - 1;
      if (left > 0) requests.set(socket, left);
      else requests.delete(socket);
      if (left === 0 && open.has(socket)) idle.add(socket);
    });
  });
  server.once('listening', () => {
    // Whoever has no listener for upgrades answers them as requests, and has to go on doing so.
    if (server.listenerCount('upgrade') === 0) return;
    server.prependListener('upgrade', (_request: IncomingMessage, socket: Socket) => {
      idle.delete(socket);
    });
  });
}
