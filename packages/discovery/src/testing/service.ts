/** Instances of a service on real ports, for tests. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { plainNode, type ServiceNode } from '../core/service-node.ts';

/** One instance. */
export interface Instance {
  readonly node: ServiceNode;
  readonly port: number;
  requests: number;
  stop(): Promise<void>;
}

/** Starts an instance; by default it answers with its port. */
export async function startInstance(
  answer: (request: IncomingMessage, response: ServerResponse, port: number) => void = (_request, response, port) => {
    response.end(String(port));
  },
): Promise<Instance> {
  const server: Server = createServer((request, response) => {
    instance.requests += 1;
    answer(request, response, instance.port);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const instance: Instance = {
    node: plainNode('127.0.0.1', port),
    port,
    requests: 0,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return instance;
}
