/** A request as it comes in, over HTTP/1 or HTTP/2, behind one face. */
import type { Http2ServerRequest } from 'node:http2';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import { headProblem } from './request-head.ts';

/** Headers keyed by lower case names; those that came more than once are joined, but for Set-Cookie. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Who hears of a body. */
export interface BodyListener {
  onData(piece: Buffer): void;
  onEnd(): void;
  /** The client has gone in the middle of it. */
  onBroken(): void;
}

/** The body of a request, which begins to come when somebody reads it. */
export interface IncomingBody {
  read(listener: BodyListener): void;
  pause(): void;
  resume(): void;
}

/** The request. */
export interface Incoming {
  readonly method: string;
  /** As it stands in the first line. */
  readonly target: string;
  readonly httpVersion: string;
  /** Names as they came and values, by turns. */
  readonly rawHeaders: readonly string[];
  /** The names in lower case, half as many. */
  readonly names: readonly string[];
  readonly headers: Headers;
  /** The value of one header (its name in lower case), joined where it came more than once. */
  header(name: string): string | undefined;
  /** Undefined: it has none. */
  readonly body: IncomingBody | undefined;
  /** What is wrong with it in a way that two servers may read differently. */
  readonly problem: string | undefined;
  /** The certificate of the client, where it has shown one. */
  peerCertificate(): PeerCertificate | undefined;
}

/** The certificate that the other end of a connection has shown. */
export function certificateOf(socket: object): PeerCertificate | undefined {
  const certificate = (socket as Partial<TLSSocket>).getPeerCertificate?.();
  return (certificate as Partial<PeerCertificate> | undefined)?.raw === undefined ? undefined : certificate;
}

/** A request over HTTP/2. */
export class Http2Incoming implements Incoming {
  readonly method: string;
  readonly target: string;
  readonly httpVersion = '2.0';
  readonly rawHeaders: readonly string[];
  readonly names: readonly string[];
  readonly headers: Headers;
  readonly body: IncomingBody | undefined;
  readonly problem: string | undefined;
  private readonly request: Http2ServerRequest;

  constructor(request: Http2ServerRequest) {
    this.request = request;
    this.method = request.method;
    this.target = request.url;
    this.rawHeaders = request.rawHeaders;
    // HTTP/2 has names in lower case only.
    this.names = request.rawHeaders.filter((_text, index) => index % 2 === 0);
    this.headers = request.headers;
    this.problem = headProblem(request);
    this.body = request.stream.endAfterHeaders ? undefined : new Http2Body(request);
  }

  header(name: string): string | undefined {
    const value = this.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  peerCertificate(): PeerCertificate | undefined {
    return certificateOf(this.request.socket);
  }
}

class Http2Body implements IncomingBody {
  private readonly request: Http2ServerRequest;

  constructor(request: Http2ServerRequest) {
    this.request = request;
  }

  read(listener: BodyListener): void {
    const { request } = this;
    let isOver = false;
    const end = (tell: () => void): void => {
      if (isOver) return;
      isOver = true;
      tell();
    };
    request.on('data', (piece: Buffer) => {
      if (!isOver) listener.onData(piece);
    });
    request.once('end', () => end(() => listener.onEnd()));
    const broken = (): void => end(() => listener.onBroken());
    request.once('error', broken);
    request.once('aborted', broken);
    request.once('close', broken);
  }

  pause(): void {
    this.request.pause();
  }

  resume(): void {
    this.request.resume();
  }
}
