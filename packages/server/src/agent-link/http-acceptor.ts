/** The master's side of links over HTTP: takes the upgrade and hands the link to the master. */
import type { IncomingMessage, Server } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from '@stadion/base';
import { AgentMessage, type AgentAcceptor, type MasterMessage } from '@stadion/contract/agent-link';
import { refusalOf, type Admission } from '../admission.ts';
import { AGENT_LINK_PATH, AGENT_LINK_PROTOCOL, EPOCH_HEADER, messageCheck, openLink, tuneSocket } from './link-wire.ts';

const isAgentMessage = messageCheck(AgentMessage);

/** Takes upgrades for one reign of one master; once closed, every link of it is cut. */
export class HttpAcceptor {
  private readonly acceptor: AgentAcceptor;
  private readonly epoch: number;
  private readonly log: Logger;
  private readonly sockets = new Set<Duplex>();
  private isClosed = false;

  constructor(acceptor: AgentAcceptor, epoch: number, log: Logger) {
    this.acceptor = acceptor;
    this.epoch = epoch;
    this.log = log;
  }

  /** Whether a request to upgrade is for this acceptor. */
  static isFor(request: IncomingMessage): boolean {
    return request.url?.split('?')[0] === AGENT_LINK_PATH;
  }

  /** Answers the upgrade and opens the link. The caller has made sure that the peer may come in. */
  take(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.isClosed || request.headers.upgrade !== AGENT_LINK_PROTOCOL) {
      refuseUpgrade(socket, this.isClosed ? 503 : 400, `The protocol of this path is ${AGENT_LINK_PROTOCOL}.`);
      return;
    }
    if (socket instanceof Socket) tuneSocket(socket);
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n' +
        `Upgrade: ${AGENT_LINK_PROTOCOL}\r\n${EPOCH_HEADER}: ${String(this.epoch)}\r\n\r\n`,
    );
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    openLink<MasterMessage, AgentMessage>(socket, head, { log: this.log, check: isAgentMessage }, (link) =>
      this.acceptor.accept(link),
    );
  }

  /** Cuts every link. */
  close(): void {
    this.isClosed = true;
    for (const socket of this.sockets) socket.destroy();
  }
}

/**
 * Has a server hand upgrades to links; nothing else there takes any.
 * @param permit goes on with those that are permitted
 */
export function takeAgentLinks(
  server: Server,
  links: HttpAcceptor,
  admission: Admission,
  permit: (request: IncomingMessage, socket: Duplex, proceed: () => void) => void,
): void {
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refused = refusalOf(request, admission);
    if (refused !== undefined) refuseUpgrade(socket, refused.status, refused.message, refused.headers);
    else if (HttpAcceptor.isFor(request)) permit(request, socket, () => links.take(request, socket, head));
    else refuseUpgrade(socket, 404, 'Nothing here takes an upgrade.');
  });
}

/** Answers an upgrade with an error, and closes. */
export function refuseUpgrade(
  socket: Duplex,
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = `${JSON.stringify({ message })}\n`;
  const lines = Object.entries({
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.on('error', () => undefined);
  socket.end(`HTTP/1.1 ${String(status)} Refused\r\n${lines.join('')}\r\n${body}`);
}
