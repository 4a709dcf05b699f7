/** The server over UDP. */
import { createSocket, type Socket } from 'node:dgram';
import type { NameServer } from './name-server.ts';

/**
 * Listens; rejects with the system's error.
 * @param port a real one; in a cluster's worker the socket is shared with the other workers
 */
export function listenUdp(server: NameServer, address: string, port: number): Promise<Socket> {
  const socket = createSocket({
    type: address.includes(':') ? 'udp6' : 'udp4',
    // What we send to is an address already: without this Node puts every answer through its resolver.
    lookup: (host, _options, done) => {
      done(null, host, host.includes(':') ? 6 : 4);
    },
    recvBufferSize: RECEIVE_BUFFER_BYTES,
  });
  socket.on('message', (packet, { address: client, port: clientPort }) => {
    // Without a callback: a client that cannot be reached is no problem of ours, and Node says nothing of it then.
    server.handle(packet, { address: client, transport: 'udp' }, (answer) => {
      socket.send(answer, clientPort, client);
    });
  });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ address, port }, () => {
      socket.off('error', reject);
      socket.on('error', () => {
        server.counters.count('socket_errors_total');
      });
      resolve(socket);
    });
  });
}

/** Bursts wait here while the process does something else. */
const RECEIVE_BUFFER_BYTES = 1024 * 1024;
