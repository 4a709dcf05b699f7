/**
 * One listener: HTTP/1, HTTP/2 with and without TLS, WebSockets, TCP by server name, and PROXY headers. It looks at the
 * first bytes of each connection, and only then decides who speaks.
 */
import { every, type Clock, type Logger, type TimerHandle, type Timers } from '@stadion/base';
import { createServer as createHttp2Server, type Http2Server } from 'node:http2';
import { connect, createServer as createNetServer, type Server as NetServer, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer, type TLSSocket } from 'node:tls';
import type { AddressSet } from '../core/policy/address-ranges.ts';
import { readClientHello } from '../core/wire/client-hello.ts';
import { proxyHeader, readProxyHeader } from '../core/wire/proxy-header.ts';
import { limits } from '../limits.ts';
import type { CertificateStore } from './certificates.ts';
import { ClientAddresses } from './client-addresses.ts';
import { plainAddress, type Origin } from './exchange.ts';
import { lookAtFirstBytes } from './first-bytes.ts';
import type { Proxy } from './proxy.ts';
import { ClientConnection, LOOK_MS } from './http1/client-connection.ts';
import { Http2Incoming, type Incoming } from './incoming.ts';
import { watchResets } from './reset-watch.ts';
import { Http2Reply, type Reply } from './reply.ts';
import { UpgradeReply } from './upgrade-reply.ts';
import { join } from './upstream/upgrades.ts';

/** How an entry point listens. Plain JSON. */
export interface EntryPointSettings {
  readonly name: string;
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly isTls: boolean;
  /** The port that clients see, where it is another one. */
  readonly publicPort?: number;
  /** A path of a socket to listen on instead of a port, for a proxy in front that says in PROXY headers who asks. */
  readonly path?: string;
  /** An open socket that listens already, instead of host and port: of the process that made the workers, or HAProxy. */
  readonly descriptor?: number;
  /** The name by which routers know it, where it is another one. */
  readonly as?: string;
  /** Clients came over TLS, which a proxy in front has ended. */
  readonly isTlsEnded?: boolean;
}

/** What entry points have in common. */
export interface EntryPointParts {
  readonly proxy: Proxy;
  readonly certificates: CertificateStore;
  readonly challenges: CertificateStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  /** Peers whose X-Forwarded headers are believed. */
  readonly trusted: AddressSet;
  /** Peers whose PROXY headers are believed. */
  readonly proxyProtocolFrom: AddressSet;
  /** The authority of client certificates (PEM), where they are asked for. */
  readonly clientAuthority: string | undefined;
  /** Answers to ACME's HTTP-01, by token. */
  readonly challengeAnswer: (token: string) => string | undefined;
}

/** ACME's protocol of TLS-ALPN-01 (RFC 8737). */
const ACME_TLS = 'acme-tls/1';
const CHALLENGE_PATH = '/.well-known/acme-challenge/';

/** The entry point. */
export class EntryPoint {
  readonly settings: EntryPointSettings;
  private readonly parts: EntryPointParts;
  private readonly listener: NetServer;
  private readonly http2: Http2Server;
  private readonly secure: TlsServer;
  private readonly challenge: TlsServer;
  private readonly sockets = new Set<Socket>();
  private readonly speakers = new Set<ClientConnection>();
  private readonly clients: ClientAddresses;
  private looking: TimerHandle | undefined = undefined;
  /** Where the session comes from that is being begun. */
  private beginning: Origin | undefined = undefined;
  private boundPort = 0;
  private isDraining = false;

  constructor(settings: EntryPointSettings, parts: EntryPointParts) {
    this.settings = settings;
    this.parts = parts;
    this.clients = new ClientAddresses(settings.path !== undefined);
    // Half of a connection may end before the other: a TCP route needs both.
    this.listener = createNetServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.accept(socket));
    this.listener.maxConnections = limits.connections;
    this.http2 = createHttp2Server({
      settings: { maxConcurrentStreams: limits.streamsPerConnection, enableConnectProtocol: false },
      maxSessionInvalidFrames: 10,
      maxSessionRejectedStreams: 10,
    });
    const authority = parts.clientAuthority;
    const contextFor = (store: CertificateStore) => ({
      SNICallback: (
        name: string,
        callback: (error: Error | null, context?: ReturnType<CertificateStore['contextFor']>) => void,
      ) => callback(null, store.contextFor(name)),
    });
    const options = {
      ...contextFor(parts.certificates),
      allowHalfOpen: true,
      ALPNProtocols: ['h2', 'http/1.1'],
      minVersion: 'TLSv1.2' as const,
      ...(authority === undefined ? {} : { ca: authority, requestCert: true, rejectUnauthorized: true }),
    };
    this.secure = createTlsServer(options, (socket) => this.speakHttp(socket, 'https'));
    // Clients that name no host (by address) get the first certificate; nobody's callback is asked for those.
    parts.certificates.followFallback(({ certificate, key }) => {
      this.secure.setSecureContext({
        cert: certificate,
        key,
        minVersion: 'TLSv1.2',
        ...(authority === undefined ? {} : { ca: authority }),
      });
    });
    this.challenge = createTlsServer({ ...contextFor(parts.challenges), ALPNProtocols: [ACME_TLS] }, (socket) => {
      socket.on('error', () => undefined);
      socket.end();
    });
    this.challenge.on('tlsClientError', () => undefined);
    this.secure.on('tlsClientError', () => undefined);
    this.serveHttp2(this.http2);
  }

  get port(): number {
    return this.settings.publicPort ?? this.boundPort;
  }

  /** @throws the system's error, e.g. EADDRINUSE */
  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      const { listener } = this;
      listener.once('error', reject);
      const { host, port, path, descriptor } = this.settings;
      const where = path !== undefined ? { path } : descriptor !== undefined ? { fd: descriptor } : { host, port };
      listener.listen({ ...where, backlog: BACKLOG }, () => {
        listener.off('error', reject);
        listener.on('error', (error) => this.parts.log.error({ error: error.message }, 'a listener has failed'));
        const address = listener.address();
        this.looking = every(this.parts.timers, LOOK_MS, () => {
          for (const speaker of this.speakers) speaker.look();
        });
        this.boundPort = address !== null && typeof address === 'object' ? address.port : 0;
        resolve(this.boundPort);
      });
    });
  }

  /** How many connections are open. */
  get connections(): number {
    return this.sockets.size;
  }

  /**
   * Takes no new connections; what is under way goes on, and each connection ends with its next answer. One that is idle is
   * left open for now: its client may be about to send, and a POST that meets a closed connection is lost.
   */
  drain(): void {
    if (this.isDraining) return;
    this.isDraining = true;
    this.listener.close();
    this.http2.emit('drain-sessions');
  }

  close(): void {
    this.drain();
    this.looking?.cancel();
    for (const socket of this.sockets) socket.destroy();
  }

  private accept(socket: Socket): void {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    const { proxyProtocolFrom } = this.parts;
    const mayHaveHeader = this.settings.path !== undefined || proxyProtocolFrom.has(plainAddress(socket.remoteAddress));
    if (mayHaveHeader && (this.settings.path !== undefined || proxyProtocolFrom.size > 0)) this.readHeader(socket);
    else this.chooseProtocol(socket);
  }

  private readHeader(socket: Socket): void {
    const decide = (bytes: Buffer): 'more' | { readonly consumed: number; readonly then: () => void } => {
      const header = readProxyHeader(bytes);
      if (header === 'more') return 'more';
      if (header === 'bad') return { consumed: 0, then: () => socket.destroy() };
      if (header === 'none') return { consumed: 0, then: () => this.chooseProtocol(socket) };
      const then = (): void => {
        this.clients.name(socket, header.clientIp);
        this.chooseProtocol(socket);
      };
      return { consumed: header.length, then };
    };
    lookAtFirstBytes(socket, this.parts.timers, decide, () => undefined);
  }

  private chooseProtocol(socket: Socket): void {
    const decide = (bytes: Buffer): 'more' | { readonly consumed: 0; readonly then: () => void } => {
      if (this.settings.isTls || bytes[0] === TLS_HANDSHAKE) {
        const hello = readClientHello(bytes);
        if (hello === 'more') return 'more';
        if (hello === 'other') return { consumed: 0, then: () => socket.destroy() };
        return { consumed: 0, then: () => this.speakTls(socket, hello.serverName, hello.protocols) };
      }
      const isPreface = PREFACE.startsWith(bytes.toString('latin1', 0, PREFACE.length));
      if (isPreface && bytes.length < PREFACE.length) return 'more';
      if (isPreface) return { consumed: 0, then: () => this.speakHttp2(socket, this.originOf(socket, 'http')) };
      return { consumed: 0, then: () => this.speakHttp1(socket, this.originOf(socket, 'http')) };
    };
    if (this.mayBeTcp() && !this.settings.isTls) {
      // A server that speaks first would be waited for in vain: a plain TCP router needs no first bytes.
      if (this.passThrough(socket, '')) return;
    }
    lookAtFirstBytes(socket, this.parts.timers, decide, () => undefined);
  }

  private mayBeTcp(): boolean {
    return this.parts.proxy.hasTcpRoutes;
  }

  private speakTls(socket: Socket, serverName: string, protocols: readonly string[]): void {
    if (protocols.includes(ACME_TLS)) {
      this.challenge.emit('connection', socket);
      return;
    }
    if (this.mayBeTcp() && this.passThrough(socket, serverName)) return;
    if (!this.settings.isTls) socket.destroy();
    else this.secure.emit('connection', socket);
  }

  /** Joins a connection to a server of a TCP router. @returns whether one has taken it */
  private passThrough(socket: Socket, serverName: string): boolean {
    const origin = this.originOf(socket, 'http');
    const found = this.parts.proxy.tcpServer(serverName, origin);
    if (found === undefined) return false;
    const upstream = connect({ host: found.server.host, port: found.server.port });
    if (found.proxyProtocol !== 0) {
      upstream.write(
        proxyHeader(found.proxyProtocol, {
          clientIp: origin.clientIp,
          clientPort: socket.remotePort ?? 0,
          localIp: plainAddress(socket.localAddress),
          localPort: socket.localPort ?? 0,
        }),
      );
    }
    void join(socket, upstream);
    return true;
  }

  /** A TLS connection whose protocol has been agreed upon. */
  private speakHttp(socket: TLSSocket, scheme: 'https'): void {
    const origin = this.originOf(socket, scheme);
    if (socket.alpnProtocol === 'h2') this.speakHttp2(socket, origin);
    else this.speakHttp1(socket, origin);
  }

  private speakHttp1(socket: Socket, origin: Origin): void {
    const { proxy, clock } = this.parts;
    const speaker = new ClientConnection(socket, {
      nowMs: () => clock.now(),
      isDraining: () => this.isDraining,
      request: (incoming, reply) => this.serve(incoming, reply, origin),
      upgrade: (incoming, client, rest) => {
        this.speakers.delete(speaker);
        proxy.upgrade(incoming, new UpgradeReply(client), origin, client, rest);
      },
    });
    this.speakers.add(speaker);
    socket.once('close', () => this.speakers.delete(speaker));
  }

  private speakHttp2(socket: Socket, origin: Origin): void {
    // The session begins within this call.
    this.beginning = origin;
    this.http2.emit('connection', socket);
    this.beginning = undefined;
  }

  private serveHttp2(server: Http2Server): void {
    const origins = new WeakMap<object, Origin>();
    server.on('session', (session) => {
      if (this.beginning !== undefined) origins.set(session, this.beginning);
      session.on('error', () => undefined);
      session.setTimeout(limits.clientIdleMs, () => session.close());
      watchResets(session, this.parts.timers);
      const drain = (): void => session.close();
      server.once('drain-sessions', drain);
      session.once('close', () => server.off('drain-sessions', drain));
    });
    server.on('request', (request, response) => {
      // A stream that is reset tells its own exchange; without a listener it would end the process.
      request.stream.on('error', () => undefined);
      const { session } = request.stream;
      const origin = session === undefined ? undefined : origins.get(session);
      // A session that has gone meanwhile is answered by nobody.
      if (origin !== undefined) this.serve(new Http2Incoming(request), new Http2Reply(response), origin);
    });
    server.on('sessionError', () => undefined);
  }

  private serve(incoming: Incoming, reply: Reply, origin: Origin): void {
    const { target } = incoming;
    const token = target.startsWith(CHALLENGE_PATH) ? target.slice(CHALLENGE_PATH.length) : undefined;
    const answer = token === undefined ? undefined : this.parts.challengeAnswer(token);
    if (answer === undefined) {
      this.parts.proxy.handle(incoming, reply, origin);
      return;
    }
    reply.start(200, ['content-type', 'application/octet-stream', 'content-length', String(answer.length)]);
    reply.end(answer);
  }

  private originOf(socket: Socket, scheme: 'http' | 'https'): Origin {
    const clientIp = this.clients.of(socket);
    const { name, as = name, isTlsEnded } = this.settings;
    return {
      entryPoint: as,
      scheme: isTlsEnded === true ? 'https' : scheme,
      port: this.port,
      clientIp,
      isTrusted: this.parts.trusted.has(clientIp),
    };
  }
}

const BACKLOG = 4_096;
const TLS_HANDSHAKE = 22;
/** The first line of HTTP/2 (RFC 9113 section 3.4). */
const PREFACE = 'PRI * HTTP/2.0\r\n';
