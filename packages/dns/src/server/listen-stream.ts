/** The server over TCP and TLS: RFC 7766 with many queries on the way at once, RFC 7858. */
import { Buffer } from 'node:buffer';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { TimerHandle, Timers } from '@stadion/base';
import { limits } from '../limits.ts';
import type { Client } from './client.ts';
import type { NameServer } from './name-server.ts';

/** Certificate and key in PEM. */
export interface TlsIdentity {
  readonly cert: string;
  readonly key: string;
}

/** A listening server, and its end. */
export interface StreamListener {
  readonly server: Server;
  /** Closes it together with its connections. */
  close(): Promise<void>;
}

/** Listens over TCP, or over TLS when there is an identity; rejects with the system's error. */
export async function listenStream(
  names: NameServer,
  timers: Timers,
  where: { readonly address: string; readonly port: number; readonly tls?: TlsIdentity | undefined },
): Promise<StreamListener> {
  const sockets = new Set<Socket>();
  const onConnection = (socket: Socket): void => {
    if (sockets.size >= limits.connections) {
      names.counters.count('dropped_total{reason="too many connections"}');
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    new Connection(names, timers, socket, where.tls === undefined ? 'tcp' : 'tls');
  };
  const server =
    where.tls === undefined
      ? createServer(onConnection)
      : createTlsServer({ ...where.tls, ALPNProtocols: ['dot'] }, onConnection).on('tlsClientError', () => {
          names.counters.count('tls_errors_total');
        });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: where.address, port: where.port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    server,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** One connection: queries in as they come, answers out as they are ready. */
class Connection {
  private readonly names: NameServer;
  private readonly timers: Timers;
  private readonly socket: Socket;
  private readonly client: Client;
  private received: Buffer = Buffer.alloc(0);
  private idle: TimerHandle | undefined;
  private queries = 0;
  private pending = 0;

  constructor(names: NameServer, timers: Timers, socket: Socket, transport: 'tcp' | 'tls') {
    this.names = names;
    this.timers = timers;
    this.socket = socket;
    this.client = { address: (socket.remoteAddress ?? '').replace(/^::ffff:/, ''), transport };
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.idle?.cancel());
    socket.on('data', (chunk: Buffer) => this.read(chunk));
    socket.on('drain', () => this.resume());
    this.rearm();
  }

  private read(chunk: Buffer): void {
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    this.handleReceived();
  }

  private handleReceived(): void {
    while (this.received.length >= 2 && !this.socket.destroyed) {
      if (this.pending >= limits.connectionPending || this.socket.writableNeedDrain) {
        this.socket.pause();
        return;
      }
      const end = 2 + this.received.readUInt16BE(0);
      if (this.received.length < end) return;
      const packet = this.received.subarray(2, end);
      this.received = this.received.subarray(end);
      this.rearm();
      this.handle(packet);
    }
  }

  private handle(packet: Buffer): void {
    this.queries += 1;
    if (this.queries > limits.connectionQueries) {
      this.socket.end();
      return;
    }
    this.pending += 1;
    const isTaken = this.names.handle(packet, this.client, (answer) => {
      this.pending -= 1;
      if (this.socket.destroyed) return;
      const framed = Buffer.allocUnsafe(2 + answer.length);
      framed.writeUInt16BE(answer.length, 0);
      answer.copy(framed, 2);
      this.socket.write(framed);
      this.resume();
    });
    // Whoever sends what is no query at all does not speak DNS.
    if (!isTaken) this.socket.destroy();
  }

  private resume(): void {
    if (!this.socket.isPaused()) return;
    this.socket.resume();
    this.timers.after(0, () => this.handleReceived());
  }

  private rearm(): void {
    this.idle?.cancel();
    this.idle = this.timers.after(limits.connectionIdleMs, () => this.socket.destroy());
  }
}
