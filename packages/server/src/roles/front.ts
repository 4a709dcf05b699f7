/** A port that stays open while what serves behind it changes: the leader's API, or the way to the leader. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { boundConnections } from '@stadion/base/bounded-connections';
import { refuseUpgrade } from '../agent-link/http-acceptor.ts';
import { FRONT_CONNECTIONS_MAX, FRONT_REQUEST_MS_MAX } from '../limits.ts';
import { explainListening } from '../listening.ts';
import { urlOf } from '../addresses.ts';
import type { NodeTls } from '../tls/node-tls.ts';
import { takeTls, type EndUndecided } from '../tls/tls-port.ts';

/** What answers requests. */
export interface FrontHandler {
  request(request: IncomingMessage, response: ServerResponse): void;
  /** Absent: upgrades are refused. */
  upgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** One port. */
export class Front {
  private readonly server: Server;
  private readonly endUndecided: EndUndecided | undefined;
  private handler: FrontHandler;
  /** Connections with a request that the present handler answers. */
  private readonly busy = new Set<Duplex>();

  /** @param tls where the port speaks TLS as well */
  constructor(handler: FrontHandler, tls?: NodeTls) {
    this.handler = handler;
    this.server = createServer({ requestTimeout: FRONT_REQUEST_MS_MAX }, (request, response) => {
      this.dispatch(request, response);
    });
    boundConnections(this.server, FRONT_CONNECTIONS_MAX);
    this.endUndecided = tls === undefined ? undefined : takeTls(this.server, tls);
    this.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.track(socket, socket);
      if (this.handler.upgrade === undefined) refuseUpgrade(socket, 400, 'Nothing here takes an upgrade.');
      else this.handler.upgrade(request, socket, head);
    });
  }

  /** @throws PlatformError `port-taken` and the like */
  async listen(address: string, port: number, flag: string): Promise<string> {
    try {
      await new Promise<void>((resolve, reject) => {
        this.server.once('error', reject);
        this.server.listen({ host: address, port }, resolve);
      });
    } catch (error) {
      throw explainListening(error, `${address}:${String(port)}`, flag);
    }
    return urlOf({ address, port });
  }

  /** Who answers from now on. What the former was still answering is cut: it must not act any more. */
  serve(handler: FrontHandler): void {
    if (handler === this.handler) return;
    this.handler = handler;
    this.cut();
  }

  /** Cuts what is being answered. */
  cut(): void {
    for (const socket of this.busy) socket.destroy();
    this.busy.clear();
  }

  /** Whether a handler is the present one. */
  isServing(handler: FrontHandler): boolean {
    return this.handler === handler;
  }

  /** Has the present handler answer. */
  dispatch(request: IncomingMessage, response: ServerResponse): void {
    this.track(request.socket, response);
    this.handler.request(request, response);
  }

  async close(): Promise<void> {
    await new Promise((resolve) => {
      this.server.close(resolve);
      this.server.closeAllConnections();
      this.endUndecided?.();
      for (const socket of this.busy) socket.destroy();
    });
  }

  private track(socket: Duplex, until: Duplex | ServerResponse): void {
    this.busy.add(socket);
    until.once('close', () => this.busy.delete(socket));
  }
}
