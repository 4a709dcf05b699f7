/** Open sockets that were handed to this process. */
import { Socket } from 'node:net';
import { PlatformError } from '@stadion/base';

/** They stay open as long as the process: whoever listens on them later does so by their number. */
const kept: Socket[] = [];

/**
 * The port of a socket.
 * @throws PlatformError `descriptor-invalid` where it is none that is bound to a port
 */
export function portOfDescriptor(descriptor: number): number {
  const what = `The descriptor ${String(descriptor)}, which was handed over by LISTEN_FDS,`;
  try {
    const socket = new Socket({ fd: descriptor, readable: false, writable: false });
    kept.push(socket);
    const address = socket.address();
    if ('port' in address && address.port > 0) return address.port;
  } catch (error) {
    throw new PlatformError('descriptor-invalid', `${what} cannot be used as a socket.`, { cause: error });
  }
  throw new PlatformError('descriptor-invalid', `${what} is bound to no port.`);
}
