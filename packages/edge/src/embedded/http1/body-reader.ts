/** Bodies of HTTP/1 messages as they come in, in pieces of whatever size (RFC 9112 sections 6 and 7). */
import type { Framing } from '../../core/wire/http1-head.ts';

/** Characters of the line before a chunk, with its extensions, which nobody needs. */
const CHUNK_LINE_MAX = 256;
/** Bytes of all trailers. */
const TRAILERS_MAX = 16 * 1024;
const CHUNK_SIZE = /^([0-9a-fA-F]{1,12})[ \t]*(?:;[\t\u0020-\u007e\u0080-\u00ff]*)?$/;
const TRAILER = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([\t\u0020-\u007e\u0080-\u00ff]*)$/;
/** What trailers may not say (RFC 9110 section 6.5.1): where a message ends, and who is meant. */
const NO_TRAILERS: ReadonlySet<string> = new Set([
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'host',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

type State = 'data' | 'size' | 'after-chunk' | 'trailers' | 'done';

/** Reads one body. */
export class BodyReader {
  /** Names and values, once all is read. */
  readonly trailers: string[] = [];
  private readonly kind: Framing['kind'];
  private state: State;
  /** Bytes that are to come of the body, or of this chunk. */
  private remaining: number;
  /** A line that has begun. */
  private line = '';
  private trailerBytes = 0;

  constructor(framing: Framing) {
    this.kind = framing.kind;
    this.remaining = framing.kind === 'length' ? framing.length : 0;
    this.state = framing.kind === 'none' ? 'done' : framing.kind === 'chunked' ? 'size' : 'data';
  }

  /** Whether all of it has been read. */
  get isDone(): boolean {
    return this.state === 'done';
  }

  /** How many bytes may still come. */
  get remainingMax(): number {
    if (this.kind === 'length' || this.isDone) return this.remaining;
    return Number.POSITIVE_INFINITY;
  }

  /** Whether the end of the connection is the end of the body. */
  get endsWithConnection(): boolean {
    return this.kind === 'until-close';
  }

  /**
   * Reads on.
   * @param onPiece called with what belongs to the body, as views of `bytes`
   * @returns the offset after what was read, which is less than all only once the body is done; or what is wrong with it
   */
  read(bytes: Buffer, start: number, onPiece: (piece: Buffer) => void): number | string {
    let at = start;
    while (at < bytes.length && this.state !== 'done') {
      if (this.state === 'data') {
        at = this.readData(bytes, at, onPiece);
        continue;
      }
      const end = bytes.indexOf(0x0a, at);
      this.line += bytes.toString('latin1', at, end < 0 ? bytes.length : end);
      if (this.line.length > (this.state === 'trailers' ? TRAILERS_MAX : CHUNK_LINE_MAX)) return 'a line without end';
      if (end < 0) return bytes.length;
      at = end + 1;
      const { line } = this;
      this.line = '';
      if (!line.endsWith('\r')) return 'a line with half an end';
      const problem = this.readLine(line.slice(0, -1));
      if (problem !== undefined) return problem;
    }
    return at;
  }

  private readData(bytes: Buffer, start: number, onPiece: (piece: Buffer) => void): number {
    if (this.kind === 'until-close') {
      onPiece(start === 0 ? bytes : bytes.subarray(start));
      return bytes.length;
    }
    const size = Math.min(this.remaining, bytes.length - start);
    this.remaining -= size;
    if (this.remaining === 0) this.state = this.kind === 'chunked' ? 'after-chunk' : 'done';
    onPiece(bytes.subarray(start, start + size));
    return start + size;
  }

  private readLine(line: string): string | undefined {
    if (this.state === 'after-chunk') {
      this.state = 'size';
      return line === '' ? undefined : 'a chunk that is longer than it says';
    }
    if (this.state === 'size') {
      const digits = CHUNK_SIZE.exec(line)?.[1];
      if (digits === undefined) return 'a chunk without a size';
      this.remaining = Number.parseInt(digits, 16);
      this.state = this.remaining === 0 ? 'trailers' : 'data';
      return undefined;
    }
    if (line === '') {
      this.state = 'done';
      return undefined;
    }
    this.trailerBytes += line.length;
    const [, name = '', value = ''] = TRAILER.exec(line) ?? [];
    if (name === '' || this.trailerBytes > TRAILERS_MAX) return 'a trailer that cannot be read';
    if (!NO_TRAILERS.has(name.toLowerCase())) this.trailers.push(name, value.trim());
    return undefined;
  }
}
