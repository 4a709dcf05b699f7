/** The answer to a client, over HTTP/1 or HTTP/2, behind one face. Headers are flat lists of names and values. */
import type { Http2ServerResponse, OutgoingHttpHeaders } from 'node:http2';

/** What an answer is written to. */
export interface Reply {
  /** Whether the head has gone. */
  readonly isStarted: boolean;
  /** Whether the client has gone, or all is said. */
  readonly isClosed: boolean;
  start(status: number, headers: readonly string[]): void;
  /** @returns whether more may be written at once */
  write(chunk: Buffer): boolean;
  /** @param trailers names and values, where the protocol has them */
  end(chunk?: Buffer | string, trailers?: readonly string[]): void;
  onDrain(callback: () => void): void;
  /** Called once, when the answer has gone or the client has. */
  onClose(callback: () => void): void;
  /** Breaks the answer off, so that the client sees that it is not whole. */
  abort(): void;
}

/** Over HTTP/2. */
export class Http2Reply implements Reply {
  private readonly response: Http2ServerResponse;

  constructor(response: Http2ServerResponse) {
    this.response = response;
  }

  get isStarted(): boolean {
    return this.response.headersSent;
  }

  get isClosed(): boolean {
    return this.response.stream.destroyed || this.response.writableEnded;
  }

  start(status: number, headers: readonly string[]): void {
    if (this.response.stream.destroyed) return;
    // Trailers, when they are known, are sent by the response object itself.
    this.response.stream.respond({ ':status': status, ...headersOf(headers) }, { waitForTrailers: true });
  }

  write(chunk: Buffer): boolean {
    return this.response.stream.destroyed ? true : this.response.stream.write(chunk);
  }

  end(chunk?: Buffer | string, trailers: readonly string[] = []): void {
    if (this.response.stream.destroyed) return;
    if (trailers.length > 0) this.response.addTrailers(headersOf(trailers));
    if (chunk === undefined) this.response.stream.end();
    else this.response.stream.end(chunk);
  }

  onDrain(callback: () => void): void {
    this.response.stream.once('drain', callback);
  }

  onClose(callback: () => void): void {
    this.response.stream.once('close', callback);
  }

  abort(): void {
    this.response.stream.close(INTERNAL_ERROR);
  }
}

/** NGHTTP2_INTERNAL_ERROR. */
const INTERNAL_ERROR = 2;

/** Names that HTTP/2 has no use for (RFC 9113 section 8.2.2). */
const CONNECTION_NAMES = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);

function headersOf(flat: readonly string[]): OutgoingHttpHeaders {
  const headers: Record<string, string | string[]> = {};
  for (let index = 0; index + 1 < flat.length; index += 2) {
    const name = (flat[index] ?? '').toLowerCase();
    if (CONNECTION_NAMES.has(name)) continue;
    const value = flat[index + 1] ?? '';
    const known = headers[name];
    if (known === undefined) headers[name] = value;
    else if (Array.isArray(known)) known.push(value);
    else headers[name] = name === 'set-cookie' ? [known, value] : `${known}, ${value}`;
  }
  return headers;
}
