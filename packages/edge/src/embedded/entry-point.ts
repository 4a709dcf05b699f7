/**
 * One listener: HTTP/1, HTTP/2 with and without TLS, WebSockets, TCP by server name, and PROXY headers. It looks at the
 * first bytes of each connection, and only then decides who speaks.
 */
import type { Logger, Timers } from '@stadion/base';
import {
  createServer as createHttpServer,
  ServerResponse,
  type IncomingMessage,
  type Server as HttpServer,
} from 'node:http';
import {
  createSecureServer,
  createServer as createHttp2Server,
  type Http2SecureServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import { Server as NetServer, Socket, connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import type { AddressSet } from '../core/policy/address-ranges.ts';
import { readClientHello } from '../core/wire/client-hello.ts';
import { proxyHeader, readProxyHeader } from '../core/wire/proxy-header.ts';
import { limits } from '../limits.ts';
import type { CertificateStore } from './certificates.ts';
import { ClientAddresses } from './client-addresses.ts';
import { plainAddress, type Origin } from './exchange.ts';
import { lookAtFirstBytes } from './first-bytes.ts';
import type { Proxy } from './proxy.ts';
import { watchResets } from './reset-watch.ts';
import { Http1Reply, Http2Reply } from './reply.ts';
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
  private readonly http: HttpServer;
  private readonly speakHttp1: (socket: Socket) => void;
  private readonly plain2: Http2Server;
  private readonly secure: Http2SecureServer;
  private readonly challenge: TlsServer;
  private readonly sockets = new Set<Socket>();
  private readonly clients: ClientAddresses;
  private boundPort = 0;
  private isDraining = false;

  constructor(settings: EntryPointSettings, parts: EntryPointParts) {
    this.settings = settings;
    this.parts = parts;
    this.clients = new ClientAddresses(settings.path !== undefined);
    this.http = createHttpServer({
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headTimeoutMs,
      requestTimeout: 0,
      keepAliveTimeout: limits.clientIdleMs,
      connectionsCheckingInterval: 1_000,
      requireHostHeader: true,
      insecureHTTPParser: false,
      noDelay: true,
    });
    this.http.maxHeadersCount = limits.headerCount;
    this.http.maxConnections = limits.connections;
    const [listener] = this.http.listeners('connection');
    this.speakHttp1 = (socket) => {
      listener?.call(this.http, socket);
    };
    this.http.removeAllListeners('connection');
    this.http.on('connection', (socket: Socket) => this.accept(socket));
    this.serveHttp1(this.http);
    const settings2 = { maxConcurrentStreams: limits.streamsPerConnection, enableConnectProtocol: false };
    this.plain2 = createHttp2Server({
      settings: settings2,
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
    this.secure = createSecureServer({
      ...contextFor(parts.certificates),
      allowHTTP1: true,
      settings: settings2,
      minVersion: 'TLSv1.2',
      maxSessionInvalidFrames: 10,
      maxSessionRejectedStreams: 10,
      ...(authority === undefined ? {} : { ca: authority, requestCert: true, rejectUnauthorized: true }),
    });
    // Clients that name no host (by address) get the first certificate; nobody's callback is asked for those.
    parts.certificates.followFallback(({ certificate, key }) => {
      this.secure.setSecureContext({
        cert: certificate,
        key,
        minVersion: 'TLSv1.2',
        ...(authority === undefined ? {} : { ca: authority }),
      });
    });
    // Not one of node:http2, which would say its own protocols only.
    this.challenge = createTlsServer({ ...contextFor(parts.challenges), ALPNProtocols: [ACME_TLS] }, (socket) => {
      socket.on('error', () => undefined);
      socket.end();
    });
    this.challenge.on('tlsClientError', () => undefined);
    this.serveHttp2(this.plain2);
    this.serveHttp2(this.secure);
    this.serveHttp1(this.secure);
    // This server is handed its connections instead of listening; its own checks of slow heads begin with this event.
    this.secure.emit('listening');
  }

  get port(): number {
    return this.settings.publicPort ?? this.boundPort;
  }

  /** @throws the system's error, e.g. EADDRINUSE */
  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.http.once('error', reject);
      const { host, port, path } = this.settings;
      const where = path === undefined ? { host, port } : { path };
      this.http.listen({ ...where, backlog: BACKLOG }, () => {
        this.http.off('error', reject);
        this.http.on('error', (error) => this.parts.log.error({ error: error.message }, 'a listener has failed'));
        const address = this.http.address();
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
    // Not the one of node:http, which closes idle connections as well.
    NetServer.prototype.close.call(this.http);
    for (const server of [this.plain2, this.secure]) server.emit('drain-sessions');
  }

  close(): void {
    this.drain();
    for (const socket of this.sockets) socket.destroy();
    this.http.closeAllConnections();
    this.secure.removeAllListeners();
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
      if (isPreface) return { consumed: 0, then: () => this.plain2.emit('connection', socket) };
      return { consumed: 0, then: () => this.speakPlain(socket) };
    };
    if (this.mayBeTcp() && !this.settings.isTls) {
      // A server that speaks first would be waited for in vain: a plain TCP router needs no first bytes.
      if (this.passThrough(socket, '')) return;
    }
    lookAtFirstBytes(socket, this.parts.timers, decide, () => undefined);
  }

  private speakPlain(socket: Socket): void {
    this.speakHttp1(socket);
    socket.resume();
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

  private serveHttp1(server: HttpServer | Http2SecureServer): void {
    const isSecure = server === this.secure;
    const scheme = isSecure ? 'https' : 'http';
    if (!isSecure) {
      server.on('request', (request: IncomingMessage, response: ServerResponse) =>
        this.serve(request, response, scheme),
      );
    }
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, rest: Buffer) =>
      this.upgrade(request, socket, rest, scheme),
    );
    server.on('clientError', (error: Error & { readonly code?: string }, socket: Duplex) => refuse(error, socket));
    server.on('tlsClientError', () => undefined);
  }

  private serveHttp2(server: Http2Server | Http2SecureServer): void {
    const scheme = server === this.secure ? 'https' : 'http';
    server.on(
      'request',
      (request: IncomingMessage | Http2ServerRequest, response: ServerResponse | Http2ServerResponse) => {
        if (!('stream' in request)) this.serve(request, response as ServerResponse, scheme);
        else {
          // A stream that is reset tells its own exchange; without a listener it would end the process.
          request.stream.on('error', () => undefined);
          const reply = new Http2Reply(response as Http2ServerResponse);
          this.parts.proxy.handle(request, reply, this.originOf(request.socket, scheme));
        }
      },
    );
    server.on('sessionError', () => undefined);
    server.on('session', (session) => {
      session.on('error', () => undefined);
      session.setTimeout(limits.clientIdleMs, () => session.close());
      watchResets(session, this.parts.timers);
      const drain = (): void => session.close();
      server.once('drain-sessions', drain);
      session.once('close', () => server.off('drain-sessions', drain));
    });
  }

  private serve(request: IncomingMessage, response: ServerResponse, scheme: 'http' | 'https'): void {
    if (this.isDraining) response.shouldKeepAlive = false;
    const token =
      request.url?.startsWith(CHALLENGE_PATH) === true ? request.url.slice(CHALLENGE_PATH.length) : undefined;
    const answer = token === undefined ? undefined : this.parts.challengeAnswer(token);
    if (answer !== undefined) {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      response.end(answer);
      return;
    }
    this.parts.proxy.handle(request, new Http1Reply(response), this.originOf(request.socket, scheme));
  }

  private upgrade(request: IncomingMessage, socket: Duplex, rest: Buffer, scheme: 'http' | 'https'): void {
    socket.on('error', () => socket.destroy());
    if (!(socket instanceof Socket)) {
      socket.destroy();
      return;
    }
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once('finish', () => socket.end());
    const isWebSocket = request.headers.upgrade?.toLowerCase() === 'websocket' && request.method === 'GET';
    const hasBody =
      request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined;
    const origin = this.originOf(request.socket, scheme);
    const reply = new Http1Reply(response);
    // No other protocol is changed to: a client could talk past the edge (h2c smuggling). The wish is passed over.
    if (isWebSocket && !hasBody) {
      response.detachSocket(socket);
      this.parts.proxy.upgrade(request, new UpgradeReply(socket), origin, socket, rest);
    } else if (hasBody) {
      response.writeHead(400, { connection: 'close' });
      response.end('This request is refused: only WebSockets may change the protocol.\n');
    } else this.parts.proxy.handle(request, reply, origin);
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

function refuse(error: Error & { readonly code?: string }, socket: Duplex): void {
  const status =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request';
  if (socket.writable && error.code !== 'ECONNRESET') {
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  } else socket.destroy();
}
