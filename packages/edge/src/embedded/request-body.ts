/** The body of a request: held when it is small, so that the request can be sent again; passed on as it comes otherwise. */
import { limits } from '../limits.ts';
import type { Exchange, Incoming } from './exchange.ts';

/** A body to be sent. */
export type RequestBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'held'; readonly bytes: Buffer }
  | { readonly kind: 'stream'; readonly stream: Incoming }
  /** It is larger than what is allowed. */
  | { readonly kind: 'too-large' }
  /** The client has gone in the middle of it. */
  | { readonly kind: 'broken' };

/** Whether a request says that it has a body. */
export function hasBody(exchange: Exchange): boolean {
  const { incoming } = exchange;
  if ('stream' in incoming) return !incoming.stream.endAfterHeaders;
  const length = exchange.headers['content-length'];
  if (length !== undefined) return length !== '0';
  return exchange.headers['transfer-encoding'] !== undefined;
}

/**
 * The body of a request.
 * @param maxBytes more is refused; 0: no limit
 */
export async function readBody(exchange: Exchange, maxBytes: number): Promise<RequestBody> {
  if (!hasBody(exchange)) return { kind: 'none' };
  const declared = exchange.headers['content-length'];
  const length = typeof declared === 'string' ? Number(declared) : undefined;
  if (maxBytes > 0 && length !== undefined && length > maxBytes) return { kind: 'too-large' };
  const isSmall = length !== undefined && length <= limits.replayBytes;
  // A limit on a body of unknown length can only be kept by holding it.
  if (!isSmall && (maxBytes === 0 || length !== undefined)) {
    exchange.incoming.on('data', (chunk: Buffer) => {
      exchange.bytesIn += chunk.length;
    });
    exchange.incoming.pause();
    return { kind: 'stream', stream: exchange.incoming };
  }
  return await collect(exchange, maxBytes > 0 ? maxBytes : limits.replayBytes);
}

function collect(exchange: Exchange, maxBytes: number): Promise<RequestBody> {
  return new Promise((resolve) => {
    const { incoming } = exchange;
    const chunks: Buffer[] = [];
    let size = 0;
    incoming.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) {
        resolve({ kind: 'too-large' });
        incoming.pause();
        return;
      }
      chunks.push(chunk);
    });
    incoming.once('end', () => {
      exchange.bytesIn = size;
      resolve({
        kind: 'held',
        bytes: chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks),
      });
    });
    incoming.once('error', () => resolve({ kind: 'broken' }));
    incoming.once('close', () => resolve({ kind: 'broken' }));
  });
}
