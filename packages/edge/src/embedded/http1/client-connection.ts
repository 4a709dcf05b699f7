/**
 * One connection of a client that speaks HTTP/1: one request after another. Requests that are sent ahead wait; a body comes as
 * fast as it is read.
 */
import type { Socket } from 'node:net';
import { readRequestHead, type HeadRefusal, type RequestHead } from '../../core/wire/http1-head.ts';
import { limits } from '../../limits.ts';
import type { BodyListener, Incoming, IncomingBody } from '../incoming.ts';
import { Outbox } from '../outbox.ts';
import type { Reply } from '../reply.ts';
import { BodyReader } from './body-reader.ts';
import { ClientReply, type ReplyConnection } from './client-reply.ts';
import { ClientRequest } from './client-request.ts';
import { headIn, withoutBlankLines } from './head-bytes.ts';

/** Who is handed what comes in. */
export interface ClientHandler {
  /** The time of day. */
  readonly nowMs: () => number;
  /** Whether connections end with their next answer. */
  readonly isDraining: () => boolean;
  readonly request: (incoming: Incoming, reply: Reply) => void;
  /** The client asks for a WebSocket: the connection is the handler's from now on. @param rest what came after the head */
  readonly upgrade: (incoming: Incoming, socket: Socket, rest: Buffer) => void;
}

const NOTHING = Buffer.alloc(0);
const TOO_LARGE: HeadRefusal = { status: 431, reason: 'a head that is too large' };
/** Bytes of requests that were sent ahead, before the connection is not read any further. */
const AHEAD_MAX = 64 * 1024;
/** Bytes of a body that nobody wants, for which a connection is kept. */
const PASSED_OVER_MAX = 64 * 1024;

/** The connection. */
export class ClientConnection implements ReplyConnection, IncomingBody {
  readonly outbox: Outbox;
  isGone = false;
  private readonly socket: Socket;
  private readonly handler: ClientHandler;
  private input: Buffer = NOTHING;
  private reply: ClientReply | undefined = undefined;
  private body: BodyReader | undefined = undefined;
  private bodyListener: BodyListener | undefined = undefined;
  private isBodyPaused = false;
  /** Whether the client has been told to send its body, or did not ask. */
  private isBodyAsked = true;
  private mayKeepAlive = true;
  /** The answer is written and no other will be: what still comes is thrown away. */
  private isEnding = false;
  private isAdvancing = false;
  /** How many looks ({@link look}) the connection has been waiting for the client. */
  private looks = 0;

  /** Takes a connection over; who had it before has put back what it read. */
  constructor(socket: Socket, handler: ClientHandler) {
    this.socket = socket;
    this.handler = handler;
    this.outbox = new Outbox(socket);
    socket.setNoDelay(true);
    socket.on('data', this.onData);
    socket.on('error', this.onError);
    socket.on('end', this.onEnd);
    socket.on('close', this.onClosed);
    socket.resume();
  }

  /** Whether another request may follow the one that is being answered. */
  get keepsAlive(): boolean {
    return this.mayKeepAlive && !this.handler.isDraining();
  }

  closeAfterReply(): void {
    this.mayKeepAlive = false;
  }

  onDrain(callback: () => void): void {
    this.socket.once('drain', callback);
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** Called about once a second: closes on clients that are waited for in vain. */
  look(): void {
    // An answer on its way to a slow client is waited for, as long as it takes.
    if (this.isEnding ? !this.socket.writableFinished : this.reply !== undefined) return;
    this.looks += 1;
    const waitsMs = this.isEnding
      ? limits.lingerMs
      : this.input.length > 0
        ? limits.headTimeoutMs
        : limits.clientIdleMs;
    if (this.looks * LOOK_MS <= waitsMs) return;
    if (this.input.length > 0 && !this.isEnding) this.refuse(408);
    else this.socket.destroy();
  }

  read(listener: BodyListener): void {
    this.bodyListener = listener;
    if (!this.isBodyAsked && this.reply?.isStarted === false) {
      this.isBodyAsked = true;
      this.outbox.add('HTTP/1.1 100 Continue\r\n\r\n');
      this.outbox.flush();
    }
    this.advance();
  }

  pause(): void {
    this.isBodyPaused = true;
    this.socket.pause();
  }

  resume(): void {
    this.isBodyPaused = false;
    this.advance();
  }

  replyEnded(): void {
    // The server may have answered before it had all of the body. A little that is left is passed over.
    const isLong = this.body !== undefined && !(this.isBodyAsked && this.body.remainingMax <= PASSED_OVER_MAX);
    if (!this.mayKeepAlive || isLong) {
      this.end();
      return;
    }
    if (this.body !== undefined) this.bodyListener = IGNORE;
    this.isBodyPaused = false;
    this.finish();
    if (!this.isAdvancing) this.advance();
  }

  private readonly onData = (chunk: Buffer): void => {
    if (this.isEnding) return;
    if (this.input.length === 0) this.looks = 0;
    this.input = this.input.length === 0 ? chunk : Buffer.concat([this.input, chunk]);
    this.advance();
  };

  private readonly onError = (): void => {
    this.socket.destroy();
  };

  /** The client says nothing more. Nobody who waits for an answer ends like that, as node:http has it too. */
  private readonly onEnd = (): void => {
    // What is written still goes out, and the connection with it.
    if (!this.isEnding) this.socket.destroy();
  };

  private readonly onClosed = (): void => {
    this.isGone = true;
    const { reply, bodyListener, body } = this;
    this.bodyListener = undefined;
    reply?.clientGone();
    if (body !== undefined && !body.isDone) bodyListener?.onBroken();
  };

  /** Goes on with what has come. */
  private advance(): void {
    if (this.isAdvancing || this.isGone || this.isEnding) return;
    this.isAdvancing = true;
    for (;;) {
      if (this.body !== undefined && !this.readBody()) break;
      if (!this.isIdle()) break;
      if (!this.readHead()) break;
    }
    this.isAdvancing = false;
    this.balance();
  }

  /** Whether the next request may be read. */
  private isIdle(): boolean {
    return this.reply === undefined && !this.isEnding && !this.isGone;
  }

  /** Reads from the socket only what somebody will take. */
  private balance(): void {
    if (this.isGone) return;
    const isFull = this.reply !== undefined && this.input.length > AHEAD_MAX;
    if (this.isBodyPaused || (isFull && !this.isEnding)) this.socket.pause();
    else if (this.socket.isPaused()) this.socket.resume();
  }

  /** @returns whether the body is done */
  private readBody(): boolean {
    const { body, bodyListener } = this;
    if (body === undefined) return true;
    if (bodyListener === undefined || this.isBodyPaused) return false;
    if (this.input.length > 0) {
      const bytes = this.input;
      this.input = NOTHING;
      const end = body.read(bytes, 0, (piece) => bodyListener.onData(piece));
      if (typeof end === 'string') {
        this.bodyListener = undefined;
        this.body = undefined;
        this.refuse(400);
        bodyListener.onBroken();
        return false;
      }
      this.input = end < bytes.length ? bytes.subarray(end) : NOTHING;
    }
    if (!body.isDone) return false;
    this.body = undefined;
    this.bodyListener = undefined;
    bodyListener.onEnd();
    this.finish();
    return true;
  }

  /** @returns whether there may be more to do at once */
  private readHead(): boolean {
    this.input = withoutBlankLines(this.input);
    if (this.input.length === 0) return false;
    const found = headIn(this.input, limits.headerBytes);
    if (found === 'more') return false;
    const head = found === 'too-large' ? TOO_LARGE : readRequestHead(found.text, limits);
    if (found === 'too-large' || 'reason' in head) {
      this.refuse('reason' in head ? head.status : TOO_LARGE.status);
      return false;
    }
    const rest = this.input.subarray(found.end);
    this.input = rest.length === 0 ? NOTHING : rest;
    if (head.method === 'CONNECT') this.refuse(405);
    else if (head.isUpgrade) this.upgrade(head);
    else this.take(head);
    return true;
  }

  private take(head: RequestHead): void {
    const { socket, handler } = this;
    this.mayKeepAlive = head.keepsAlive;
    this.isBodyAsked = !head.expectsContinue;
    this.looks = 0;
    const reply = new ClientReply(this, head.method, head.version, handler.nowMs);
    this.reply = reply;
    const hasBody = head.framing.kind !== 'none';
    if (hasBody) this.body = new BodyReader(head.framing);
    handler.request(new ClientRequest(head, hasBody ? this : undefined, socket), reply);
  }

  /** No other protocol is changed to: a client could talk past the edge (h2c smuggling). The wish is passed over. */
  private upgrade(head: RequestHead): void {
    const wanted = head.rawHeaders[head.names.indexOf('upgrade') * 2 + 1]?.toLowerCase();
    const hasBody = head.framing.kind !== 'none' || head.names.includes('content-length');
    if (hasBody) {
      this.refuse(400, 'This request is refused: only WebSockets may change the protocol.\n');
    } else if (wanted !== 'websocket' || head.method !== 'GET') {
      this.take({ ...head, keepsAlive: false });
    } else {
      const { socket, handler, input } = this;
      // What came after the head is of the other protocol, and no request.
      this.isGone = true;
      this.input = NOTHING;
      socket.pause();
      socket.off('data', this.onData);
      socket.off('end', this.onEnd);
      socket.off('close', this.onClosed);
      handler.upgrade(new ClientRequest(head, undefined, socket), socket, input);
    }
  }

  /** An exchange is over when its answer is written and its body read. */
  private finish(): void {
    if (this.body !== undefined || this.reply?.isClosed !== true) return;
    this.reply = undefined;
    this.looks = 0;
  }

  /** Answers what cannot be passed on, and closes. */
  private refuse(status: number, text = ''): void {
    if (this.reply?.isStarted === true) {
      this.socket.destroy();
      return;
    }
    const { reply } = this;
    this.mayKeepAlive = false;
    const refusal = new ClientReply(this, 'GET', '1.1', this.handler.nowMs);
    refusal.start(status, ['Content-Length', String(text.length)]);
    refusal.end(text);
    reply?.clientGone();
  }

  /** Closes after what is written. What still comes is read a while, or it would take the answer away on its arrival. */
  private end(): void {
    this.isEnding = true;
    this.looks = 0;
    this.input = NOTHING;
    const { body, bodyListener } = this;
    this.body = undefined;
    this.bodyListener = undefined;
    if (body !== undefined && !body.isDone) bodyListener?.onBroken();
    this.socket.end();
    if (this.socket.isPaused()) this.socket.resume();
  }
}

/** Between two calls of {@link ClientConnection.look}. */
export const LOOK_MS = 1_000;

const IGNORE: BodyListener = { onData: () => undefined, onEnd: () => undefined, onBroken: () => undefined };
