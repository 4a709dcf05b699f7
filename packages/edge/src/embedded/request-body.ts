/** The body of a request: held when it is small, so that the request can be sent again; passed on as it comes otherwise. */
import { limits } from '../limits.ts';
import type { Exchange } from './exchange.ts';
import type { BodyListener, IncomingBody } from './incoming.ts';

/** A body to be sent. */
export type RequestBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'held'; readonly bytes: Buffer }
  | { readonly kind: 'stream'; readonly stream: IncomingBody }
  /** It is larger than what is allowed. */
  | { readonly kind: 'too-large' }
  /** The client has gone in the middle of it. */
  | { readonly kind: 'broken' };

const NONE: RequestBody = { kind: 'none' };

/**
 * Reads the body of a request.
 * @param maxBytes more is refused; 0: no limit
 * @param then called with it, at once where nothing has to be waited for
 */
export function readBody(exchange: Exchange, maxBytes: number, then: (body: RequestBody) => void): void {
  const { body } = exchange.incoming;
  if (body === undefined) {
    then(NONE);
    return;
  }
  const declared = exchange.header('content-length');
  const length = declared === undefined ? undefined : Number(declared);
  if (maxBytes > 0 && length !== undefined && length > maxBytes) {
    then({ kind: 'too-large' });
    return;
  }
  const isSmall = length !== undefined && length <= limits.replayBytes;
  // A limit on a body of unknown length can only be kept by holding it.
  if (!isSmall && (maxBytes === 0 || length !== undefined)) then({ kind: 'stream', stream: counted(exchange, body) });
  else collect(exchange, body, maxBytes > 0 ? maxBytes : limits.replayBytes, then);
}

/** The body, whose bytes are counted as they pass. */
function counted(exchange: Exchange, body: IncomingBody): IncomingBody {
  return {
    read: (listener) =>
      body.read({
        onData: (piece) => {
          exchange.bytesIn += piece.length;
          listener.onData(piece);
        },
        onEnd: () => listener.onEnd(),
        onBroken: () => listener.onBroken(),
      }),
    pause: () => body.pause(),
    resume: () => body.resume(),
  };
}

function collect(exchange: Exchange, body: IncomingBody, maxBytes: number, then: (body: RequestBody) => void): void {
  const pieces: Buffer[] = [];
  let size = 0;
  let isOver = false;
  const finish = (outcome: RequestBody): void => {
    if (isOver) return;
    isOver = true;
    then(outcome);
  };
  const listener: BodyListener = {
    onData: (piece) => {
      size += piece.length;
      if (size <= maxBytes) pieces.push(piece);
      else finish({ kind: 'too-large' });
    },
    onEnd: () => {
      exchange.bytesIn = size;
      const [only] = pieces;
      finish({ kind: 'held', bytes: pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces) });
    },
    onBroken: () => finish({ kind: 'broken' }),
  };
  body.read(listener);
}
