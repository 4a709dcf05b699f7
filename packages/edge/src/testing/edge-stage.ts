/** A proxy with real listeners and real servers behind it, in this process, for tests. */
import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { silentLogger } from '@stadion/base';
import { SystemRandom, systemClock, systemTimers } from '@stadion/base/system';
import { defaultDialectOptions } from '../core/dialects/options.ts';
import { parseRanges, AddressSet } from '../core/policy/address-ranges.ts';
import { parseStaticFile } from '../core/static-file.ts';
import { selfSigned } from '../certs/self-signed.ts';
import { CertificateStore } from '../embedded/certificates.ts';
import { EntryPoint } from '../embedded/entry-point.ts';
import { Proxy } from '../embedded/proxy.ts';

/** What a server behind the edge does. */
export type Behaviour = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

/** Answers what it was asked. */
export const echo: Behaviour = (request, response, body) => {
  response.setHeader('content-type', 'application/json');
  const { method, url, headers } = request;
  response.end(JSON.stringify({ method, url, headers, body: body.toString('latin1') }));
};

/** The stage. */
export class EdgeStage {
  readonly proxy: Proxy;
  readonly certificates = new CertificateStore();
  http = 0;
  https = 0;
  private readonly entryPoints: EntryPoint[] = [];
  private readonly backends: HttpServer[] = [];

  constructor() {
    this.proxy = new Proxy({
      clock: systemClock,
      timers: systemTimers,
      random: new SystemRandom(),
      log: silentLogger,
      hostname: 'edge-host',
      portOf: (name) => (name === 'https' ? this.https : this.http),
      workers: () => 1,
      secret: 'secret',
      onDone: () => undefined,
    });
  }

  /** Listens. @param trusted peers whose X-Forwarded and PROXY headers are believed */
  async start(trusted: readonly string[] = []): Promise<this> {
    const ranges = parseRanges(trusted);
    const believed = new AddressSet(ranges.ok ? ranges.value : []);
    this.certificates.set([await selfSigned(['localhost', 'secure.test'], systemClock.now(), 7)]);
    for (const isTls of [false, true]) {
      const entryPoint = new EntryPoint(
        { name: isTls ? 'https' : 'http', host: '127.0.0.1', port: 0, isTls },
        {
          proxy: this.proxy,
          clock: systemClock,
          certificates: this.certificates,
          challenges: new CertificateStore(),
          timers: systemTimers,
          log: silentLogger,
          trusted: believed,
          proxyProtocolFrom: believed,
          clientAuthority: undefined,
          challengeAnswer: () => undefined,
        },
      );
      this.entryPoints.push(entryPoint);
      const port = await entryPoint.listen();
      if (isTls) this.https = port;
      else this.http = port;
    }
    return this;
  }

  /** Starts a server behind the edge. @returns its URL */
  async backend(behaviour: Behaviour): Promise<string> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => behaviour(request, response, Buffer.concat(chunks)));
    });
    server.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      socket.pipe(socket);
    });
    this.backends.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Takes over routes in the shape of a file. */
  routes(file: object): void {
    const fragment = parseStaticFile(file, defaultDialectOptions);
    if (fragment.problems.length > 0) throw new Error(JSON.stringify(fragment.problems));
    this.proxy.apply({ source: 'file', fragment });
  }

  /** One router for everything to some servers, with middlewares. */
  route(servers: readonly string[], middlewares: object = {}, service: object = {}, rule = 'PathPrefix(`/`)'): void {
    this.routes({
      http: {
        routers: { all: { rule, service: 'all', middlewares: Object.keys(middlewares) } },
        middlewares,
        services: { all: { loadBalancer: { servers: servers.map((url) => ({ url })), ...service } } },
      },
    });
  }

  /** Asks over HTTP/1. */
  ask(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.http}${path}`, { redirect: 'manual', ...init });
  }

  /** Sends bytes as they are and gives what comes back until the edge closes. */
  raw(text: string, port = this.http): Promise<string> {
    return new Promise((resolve) => {
      const socket: Socket = connect(port, '127.0.0.1');
      let answer = '';
      socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
      socket.on('close', () => resolve(answer));
      socket.on('error', () => resolve(answer));
      socket.write(text, 'latin1');
    });
  }

  async stop(): Promise<void> {
    for (const entryPoint of this.entryPoints) entryPoint.close();
    this.proxy.close();
    for (const server of this.backends) {
      server.closeAllConnections();
      server.close();
    }
  }
}
