/** The answer to one request over HTTP/1. */
import { STATUS_CODES } from 'node:http';
import { isFieldName } from '../../core/wire/http1-head.ts';
import type { Outbox } from '../outbox.ts';
import type { Reply } from '../reply.ts';

/** What an answer needs of its connection. */
export interface ReplyConnection {
  readonly outbox: Outbox;
  /** Whether the client has gone. */
  readonly isGone: boolean;
  /** Whether the connection may carry another request after this answer. */
  readonly keepsAlive: boolean;
  /** It may not. */
  closeAfterReply(): void;
  /** All of the answer has been written. */
  replyEnded(): void;
  onDrain(callback: () => void): void;
  destroy(): void;
}

/** Pieces of an answer wait for each other up to this size. */
const TOGETHER_MAX = 32 * 1024;
/** What a header may say (RFC 9110 section 5.5). */
const VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;
const FIRST_LINES = new Map(
  Object.entries(STATUS_CODES).map(([status, reason]) => [Number(status), `HTTP/1.1 ${status} ${reason ?? ''}\r\n`]),
);

/** The answer. */
export class ClientReply implements Reply {
  private readonly connection: ReplyConnection;
  private readonly isHead: boolean;
  private readonly isOld: boolean;
  private readonly nowMs: () => number;
  private hasStarted = false;
  private hasEnded = false;
  private hasNoBody = false;
  private isChunked = false;
  private isFlushing = false;
  private whenClosed: (() => void) | undefined = undefined;

  /** @param nowMs the time of day, for Date */
  constructor(connection: ReplyConnection, method: string, version: string, nowMs: () => number) {
    this.connection = connection;
    this.isHead = method === 'HEAD';
    this.isOld = version === '1.0';
    this.nowMs = nowMs;
  }

  get isStarted(): boolean {
    return this.hasStarted;
  }

  get isClosed(): boolean {
    return this.hasEnded || this.connection.isGone;
  }

  start(status: number, headers: readonly string[]): void {
    if (this.hasStarted) return;
    this.hasStarted = true;
    const isEmpty = status === 204 || status === 304;
    this.hasNoBody = this.isHead || isEmpty;
    let head = FIRST_LINES.get(status) ?? `HTTP/1.1 ${String(status)} \r\n`;
    let hasLength = false;
    let hasDate = false;
    for (let index = 0; index + 1 < headers.length; index += 2) {
      const name = headers[index] ?? '';
      const value = headers[index + 1] ?? '';
      switch (name.length) {
        case 4:
          hasDate ||= name.toLowerCase() === 'date';
          break;
        case 10:
          if (name.toLowerCase() !== 'connection') break;
          if (value === 'close') this.connection.closeAfterReply();
          continue;
        case 14:
          if (name.toLowerCase() !== 'content-length') break;
          if (status === 204) continue;
          hasLength = true;
          break;
        case 17:
          if (name.toLowerCase() === 'transfer-encoding') continue;
          break;
      }
      // What steps have made of texts of clients and labels has not been looked at yet.
      if (!VALUE.test(value) || !isFieldName(name)) continue;
      head += `${name}: ${value}\r\n`;
    }
    if (!hasDate) head += dateLine(this.nowMs());
    if (!hasLength && !this.hasNoBody) {
      if (this.isOld) this.connection.closeAfterReply();
      else {
        this.isChunked = true;
        head += 'Transfer-Encoding: chunked\r\n';
      }
    }
    if (!this.connection.keepsAlive) {
      // It stays so, whatever is decided while the answer is under way.
      this.connection.closeAfterReply();
      head += 'Connection: close\r\n';
    } else if (this.isOld) head += 'Connection: keep-alive\r\n';
    this.connection.outbox.add(`${head}\r\n`);
    this.flushSoon();
  }

  write(chunk: Buffer): boolean {
    if (this.hasNoBody || this.hasEnded || chunk.length === 0) return true;
    const { outbox } = this.connection;
    if (this.isChunked) outbox.add(`${chunk.length.toString(16)}\r\n`);
    outbox.add(chunk);
    if (this.isChunked) outbox.add('\r\n');
    if (outbox.waiting > TOGETHER_MAX || outbox.isFull) return outbox.flush();
    this.flushSoon();
    return true;
  }

  end(chunk?: Buffer | string, trailers: readonly string[] = []): void {
    if (this.hasEnded) return;
    if (chunk !== undefined) this.write(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
    this.hasEnded = true;
    const { outbox } = this.connection;
    if (this.isChunked) {
      let last = '0\r\n';
      for (let index = 0; index + 1 < trailers.length; index += 2) {
        const [name = '', value = ''] = trailers.slice(index, index + 2);
        if (isFieldName(name) && VALUE.test(value)) last += `${name}: ${value}\r\n`;
      }
      outbox.add(`${last}\r\n`);
    }
    outbox.flush();
    this.connection.replyEnded();
  }

  onDrain(callback: () => void): void {
    this.connection.onDrain(callback);
  }

  onClose(callback: () => void): void {
    this.whenClosed = callback;
  }

  abort(): void {
    this.connection.outbox.flush();
    this.connection.destroy();
  }

  /** The client has gone before the answer was at its end. */
  clientGone(): void {
    const { whenClosed } = this;
    this.whenClosed = undefined;
    if (!this.hasEnded) whenClosed?.();
  }

  /** What comes in this turn of the loop leaves together; nothing waits longer. */
  private flushSoon(): void {
    if (this.isFlushing) return;
    this.isFlushing = true;
    process.nextTick(() => {
      this.isFlushing = false;
      if (!this.hasEnded) this.connection.outbox.flush();
    });
  }
}

let dateSecond = -1;
let dateText = '';

/** A proxy dates what is not dated (RFC 9110 section 6.6.1). Written once a second. */
function dateLine(nowMs: number): string {
  const second = Math.floor(nowMs / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = `Date: ${new Date(nowMs).toUTCString()}\r\n`;
  }
  return dateText;
}
