/** Whether a port of the machine is free: rules of the firewall would silently take it from whoever listens there. */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/** Tries to listen there, for a moment. */
export function isHostPortFree(port: number, protocol: string): Promise<boolean> {
  return protocol === 'udp' ? isUdpFree(port) : isTcpFree(port);
}

function isTcpFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '0.0.0.0', exclusive: true }, () => {
      server.close(() => resolve(true));
    });
  });
}

function isUdpFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => {
      socket.close();
      resolve(false);
    });
    socket.bind({ port, address: '0.0.0.0', exclusive: true }, () => {
      socket.close(() => resolve(true));
    });
  });
}
