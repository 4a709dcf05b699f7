/** Whoever asks for a session inside a task: a program that upgrades to bytes, or a page in a browser, which needs a WebSocket. */
import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, WebSocketServer, type WebSocket } from 'ws';
import { SESSION_PROTOCOL } from '@stadion/contract/task-session';
import { refuseUpgrade } from './agent-link/http-acceptor.ts';
import { SESSION_KEEP_ALIVE_MS, SESSION_MESSAGE_BYTES_MAX } from './limits.ts';

/** One request for a session, before it is answered. */
export interface SessionCaller {
  /** What the agent is asked to upgrade to. */
  readonly protocol: string;
  /** Takes it in. @returns the bytes both ways; what was sent ahead of the answer is among them. Rejects when it has gone */
  accept(): Promise<Duplex>;
  /** Says why not: by a status, or, as pages are not shown that, by the reason of the closed WebSocket. */
  refuse(status: number, message: string, headers?: Readonly<Record<string, string>>): void;
}

/** The longest reason that a WebSocket can be closed with (RFC 6455, section 5.5). */
const REASON_BYTES_MAX = 123;
/** Private codes begin at 4000 (RFC 6455, section 7.4.2); ours are this and the HTTP status. */
const CLOSE_CODE_BASE = 4000;

const webSockets = new WebSocketServer({ noServer: true, maxPayload: SESSION_MESSAGE_BYTES_MAX });

/** @param head what arrived behind the request: it is not lost */
export function sessionCaller(request: IncomingMessage, socket: Duplex, head: Buffer): SessionCaller {
  // A peer that vanished without a word would leave its command running for ever.
  if (socket instanceof Socket) socket.setKeepAlive(true, SESSION_KEEP_ALIVE_MS);
  return request.headers.upgrade?.toLowerCase() === 'websocket'
    ? webSocketCaller(request, socket, head)
    : byteCaller(request, socket, head);
}

function byteCaller(request: IncomingMessage, socket: Duplex, head: Buffer): SessionCaller {
  const protocol = request.headers.upgrade ?? '';
  if (head.length > 0) socket.unshift(head);
  return {
    protocol,
    async accept() {
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`);
      return socket;
    },
    refuse: (status, message, headers) => refuseUpgrade(socket, status, message, headers),
  };
}

function webSocketCaller(request: IncomingMessage, socket: Duplex, head: Buffer): SessionCaller {
  const open = (): Promise<WebSocket> =>
    new Promise((resolve, reject) => {
      // A handshake that is none is answered, and the connection closed.
      socket.once('close', () => reject(new Error('the WebSocket was not opened')));
      webSockets.handleUpgrade(request, socket, head, resolve);
    });
  return {
    protocol: SESSION_PROTOCOL,
    async accept() {
      const stream = createWebSocketStream(await open());
      stream.on('error', () => undefined);
      return stream;
    },
    refuse(status, message) {
      open().then(
        (webSocket) => {
          webSocket.on('error', () => undefined);
          webSocket.close(CLOSE_CODE_BASE + status, cutTo(message, REASON_BYTES_MAX));
        },
        () => undefined,
      );
    },
  };
}

/** The longest beginning of a text that has no more bytes than that, as UTF-8. */
function cutTo(text: string, bytes: number): string {
  return Buffer.from(text)
    .subarray(0, bytes)
    .toString('utf8')
    .replace(/\uFFFD$/, '');
}
