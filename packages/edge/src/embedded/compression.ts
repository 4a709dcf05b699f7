/** Compresses answers that gain from it, for clients that take it. */
import { constants, createBrotliCompress, createGzip, type BrotliCompress, type Gzip } from 'node:zlib';
import type { Exchange } from './exchange.ts';
import type { Reply } from './reply.ts';
import { headerIn, setHeader } from './upstream/headers.ts';
import { addVary } from './steps/headers.ts';

const COMPRESSIBLE =
  /^(text\/(?!event-stream)|application\/(json|javascript|xml|wasm|.*\+(json|xml))|image\/svg\+xml)/i;
const BROTLI_QUALITY = 4;

/** A compressor that stands between a server's answer and the reply; it has changed the headers already. */
export class Compression {
  private readonly stream: Gzip | BrotliCompress;

  /** @param resume called when more may be written */
  private constructor(
    stream: Gzip | BrotliCompress,
    reply: Reply,
    resume: () => void,
    trailers: () => readonly string[],
  ) {
    this.stream = stream;
    stream.on('data', (chunk: Buffer) => {
      if (reply.write(chunk)) return;
      stream.pause();
      reply.onDrain(() => stream.resume());
    });
    stream.on('drain', resume);
    stream.on('end', () => reply.end(undefined, trailers()));
    stream.on('error', () => reply.abort());
  }

  /**
   * The compressor for an answer, or nothing when it is better sent as it is.
   * @param minBytes smaller bodies are not worth it
   */
  static begin(
    exchange: Exchange,
    status: number,
    headers: string[],
    minBytes: number,
    resume: () => void,
    trailers: () => readonly string[],
  ): Compression | undefined {
    const type = headerIn(headers, 'content-type') ?? '';
    const length = headerIn(headers, 'content-length');
    const hasNoBody = exchange.method === 'HEAD' || status === 204 || status === 304 || status === 206;
    if (hasNoBody || !COMPRESSIBLE.test(type) || headerIn(headers, 'content-encoding') !== undefined) return undefined;
    if (/no-transform/i.test(headerIn(headers, 'cache-control') ?? '')) return undefined;
    addVary(headers, 'Accept-Encoding');
    const accepted = (exchange.header('accept-encoding') ?? '').toLowerCase();
    if (length !== undefined && Number(length) < minBytes) return undefined;
    const encoding = /\bbr\b(?!\s*;\s*q=0(\.0*)?\b)/.test(accepted)
      ? 'br'
      : /\bgzip\b(?!\s*;\s*q=0(\.0*)?\b)/.test(accepted)
        ? 'gzip'
        : undefined;
    if (encoding === undefined) return undefined;
    setHeader(headers, 'content-length', '');
    setHeader(headers, 'Content-Encoding', encoding);
    const etag = headerIn(headers, 'etag');
    if (etag !== undefined && !etag.startsWith('W/')) setHeader(headers, 'ETag', `W/${etag}`);
    // An answer of unknown length may be one that is watched as it grows: each piece goes out at once.
    const isStreamed = length === undefined;
    const stream =
      encoding === 'gzip'
        ? createGzip({ flush: isStreamed ? constants.Z_SYNC_FLUSH : constants.Z_NO_FLUSH })
        : createBrotliCompress({
            flush: isStreamed ? constants.BROTLI_OPERATION_FLUSH : constants.BROTLI_OPERATION_PROCESS,
            params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY },
          });
    return new Compression(stream, exchange.reply, resume, trailers);
  }

  /** @returns whether more may be written at once */
  write(chunk: Buffer): boolean {
    return this.stream.write(chunk);
  }

  end(): void {
    this.stream.end();
  }

  destroy(): void {
    this.stream.destroy();
  }
}
