/** One connection to a server that speaks HTTP/1: one request at a time, and kept for the next where the server allows it. */
import type { Socket } from 'node:net';
import { isFieldName, readAnswerHead, type AnswerHead } from '../../core/wire/http1-head.ts';
import { limits } from '../../limits.ts';
import { BodyReader } from '../http1/body-reader.ts';
import { headIn } from '../http1/head-bytes.ts';
import type { BodyListener } from '../incoming.ts';
import { Outbox } from '../outbox.ts';
import type { AttemptListener, Outgoing } from './attempt.ts';
import { answerHeaders } from './headers.ts';
import { Http1Failure } from './http1-errors.ts';

/** What a connection tells the pool that has it. */
export interface ConnectionOwner {
  readonly nowMs: () => number;
  /** It may carry another request. */
  onIdle(connection: ServerConnection): void;
  /** It is no more. */
  onClosed(connection: ServerConnection): void;
}

const NOTHING = Buffer.alloc(0);
/** What a first line may be made of; texts of clients and labels are in it. */
const TARGET = /^[\u0021-\u007e\u0080-\u00ff]+$/;
const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;

/** The connection. */
export class ServerConnection {
  /** Until when it may idle, in milliseconds of the pool's clock; or until when an answer has to begin. */
  deadlineMs = Number.POSITIVE_INFINITY;
  private readonly socket: Socket;
  private readonly owner: ConnectionOwner;
  private readonly outbox: Outbox;
  private isOpen = false;
  private isClosed = false;
  private outgoing: Outgoing | undefined = undefined;
  private listener: AttemptListener | undefined = undefined;
  private head: AnswerHead | undefined = undefined;
  private body: BodyReader | undefined = undefined;
  private input: Buffer = NOTHING;
  private isSending = false;
  private failure: unknown = undefined;

  /** @param connect begins to connect; what comes is given to the function that it is called with */
  constructor(
    connect: (onBytes: (bytes: Buffer) => void) => Socket,
    openEvent: 'connect' | 'secureConnect',
    connectTimeoutMs: number,
    owner: ConnectionOwner,
  ) {
    const socket = connect(this.onData);
    this.socket = socket;
    this.owner = owner;
    this.outbox = new Outbox(socket);
    this.deadlineMs = deadline(owner.nowMs(), connectTimeoutMs);
    socket.setNoDelay(true);
    socket.once(openEvent, this.onOpen);
    socket.on('error', this.onError);
    socket.on('end', this.onEnd);
    socket.on('close', this.onClose);
  }

  /** Whether a request is under way on it. */
  get isBusy(): boolean {
    return this.listener !== undefined;
  }

  /** Sends a request, now or as soon as the connection is open. It must not be busy. */
  send(outgoing: Outgoing, listener: AttemptListener): void {
    this.outgoing = outgoing;
    this.listener = listener;
    if (this.isOpen) this.begin();
  }

  resume(): void {
    this.socket.resume();
  }

  /** Closes the connection; who waits for an answer hears that it failed. */
  destroy(error?: unknown): void {
    this.failure ??= error;
    this.socket.destroy();
    // The end of a socket is told of later; who waits should not.
    this.close();
  }

  /** Fails what has taken too long. */
  check(nowMs: number): void {
    if (nowMs < this.deadlineMs) return;
    if (this.isOpen) this.destroy(new Http1Failure('ANSWER_TIMEOUT', 'the server does not answer'));
    else this.destroy(new Http1Failure('CONNECT_TIMEOUT', 'the server cannot be reached in time'));
  }

  private readonly onOpen = (): void => {
    this.isOpen = true;
    if (this.listener === undefined) {
      this.deadlineMs = this.owner.nowMs() + limits.upstreamIdleMs;
      this.owner.onIdle(this);
    } else this.begin();
  };

  private begin(): void {
    const { outgoing, listener, outbox } = this;
    if (outgoing === undefined || listener === undefined) return;
    const head = headOf(outgoing);
    if (head === undefined) {
      this.destroy(new Http1Failure('BAD_REQUEST', 'the request has a character that no head may have'));
      return;
    }
    this.refreshDeadline();
    listener.onSent();
    // Whoever heard of it may have given up.
    if (this.isClosed) return;
    outbox.add(head);
    if (outgoing.body.kind === 'held') outbox.add(outgoing.body.bytes);
    outbox.flush();
    if (outgoing.body.kind === 'stream') {
      this.isSending = true;
      outgoing.body.stream.read(this.bodyListener(outgoing));
    }
  }

  private bodyListener(outgoing: Outgoing): BodyListener {
    const isChunked = lengthOf(outgoing.headers) === undefined;
    const { outbox, socket } = this;
    const isOurs = (): boolean => this.outgoing === outgoing && !this.isClosed;
    return {
      onData: (piece) => {
        if (!isOurs()) return;
        this.refreshDeadline();
        if (isChunked) outbox.add(`${piece.length.toString(16)}\r\n`);
        outbox.add(piece);
        if (isChunked) outbox.add('\r\n');
        if (outbox.flush() || outgoing.body.kind !== 'stream') return;
        const { stream } = outgoing.body;
        stream.pause();
        socket.once('drain', () => {
          if (isOurs()) stream.resume();
        });
      },
      onEnd: () => {
        if (!isOurs()) return;
        this.isSending = false;
        if (isChunked) outbox.add('0\r\n\r\n');
        outbox.flush();
      },
      onBroken: () => {
        if (isOurs()) this.destroy(new Http1Failure('ABORTED', 'the client has gone'));
      },
    };
  }

  /** Who is told of a piece may give the rest up. */
  private hasClosed(): boolean {
    return this.isClosed;
  }

  private refreshDeadline(): void {
    if (this.outgoing === undefined || this.head !== undefined) return;
    this.deadlineMs = deadline(this.owner.nowMs(), this.outgoing.policy.answerTimeoutMs);
  }

  private readonly onData = (chunk: Buffer): void => {
    // Nobody has asked: what comes is no answer to what will be.
    if (this.listener === undefined) {
      this.destroy();
      return;
    }
    this.input = this.input.length === 0 ? chunk : Buffer.concat([this.input, chunk]);
    while (this.input.length > 0 && this.body === undefined) if (!this.readHead()) return;
    this.readBody();
  };

  /** @returns whether there may be more to read */
  private readHead(): boolean {
    const { input, outgoing, listener } = this;
    const found = headIn(input, limits.headerBytes);
    if (found === 'more') return false;
    const head =
      found === 'too-large'
        ? 'a head that is too large'
        : readAnswerHead(found.text, outgoing?.method ?? 'GET', limits);
    if (found === 'too-large' || typeof head === 'string' || head.status === SWITCHING) {
      const reason = typeof head === 'string' ? head : 'a change of protocol that nobody asked for';
      this.destroy(new Http1Failure('BAD_ANSWER', `the server has answered with ${reason}`));
      return false;
    }
    const rest = input.subarray(found.end);
    this.input = rest.length === 0 ? NOTHING : rest;
    // Interim answers (100, 103) say nothing that a client behind the edge needs.
    if (head.status < 200) return true;
    this.head = head;
    const body = new BodyReader(head.framing);
    this.body = body;
    this.deadlineMs = Number.POSITIVE_INFINITY;
    if (listener?.onHead(head.status, answerHeaders(head)) === false) this.socket.pause();
    // An answer without a body is at its end with its head.
    if (body.isDone && this.input.length === 0) this.complete();
    return true;
  }

  private readBody(): void {
    const { body, listener } = this;
    if (body === undefined || listener === undefined || this.isClosed) return;
    const bytes = this.input;
    this.input = NOTHING;
    const end = body.read(bytes, 0, (piece) => {
      if (!listener.onChunk(piece)) this.socket.pause();
    });
    if (this.hasClosed()) return;
    if (typeof end === 'string') {
      this.destroy(new Http1Failure('BAD_ANSWER', `the server has answered with ${end}`));
    } else if (body.isDone) this.complete(end < bytes.length);
  }

  /** The answer is all there. @param hasMore the server has said more than was asked */
  private complete(hasMore = false): void {
    const { listener, head, body } = this;
    const mayStay = head?.keepsAlive === true && !this.isSending && !hasMore && !this.isClosed;
    this.listener = undefined;
    this.outgoing = undefined;
    this.head = undefined;
    this.body = undefined;
    if (mayStay) {
      this.deadlineMs = this.owner.nowMs() + idleMs(head.keepAliveSeconds);
      if (this.socket.isPaused()) this.socket.resume();
      this.owner.onIdle(this);
    } else this.destroy();
    listener?.onEnd(body?.trailers ?? []);
  }

  private readonly onError = (error: Error): void => {
    this.failure ??= error;
  };

  private readonly onEnd = (): void => {
    if (this.body?.endsWithConnection === true && !this.isClosed) this.complete();
    this.socket.destroy();
    this.close();
  };

  private readonly onClose = (): void => this.close();

  private close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    const { listener, outgoing } = this;
    this.listener = undefined;
    this.owner.onClosed(this);
    if (listener === undefined) return;
    const { host, port } = outgoing?.server ?? { host: '', port: 0 };
    listener.onFailure(
      this.failure ?? new Http1Failure('CLOSED', `the server ${host}:${String(port)} has closed the connection`),
    );
  }
}

const SWITCHING = 101;

/** @param timeoutMs 0: no limit */
function deadline(nowMs: number, timeoutMs: number): number {
  return timeoutMs === 0 ? Number.POSITIVE_INFINITY : nowMs + timeoutMs;
}

/** How long a connection may idle: a second less than the server says, so that a request does not meet its end. */
function idleMs(seconds: number | undefined): number {
  if (seconds === undefined) return limits.upstreamIdleMs;
  return Math.min(Math.max(0, seconds * 1000 - 1000), limits.upstreamIdleMaxMs);
}

/** The head as it is sent; undefined when it cannot be. */
function headOf({ method, target, headers, body }: Outgoing): string | undefined {
  if (!TARGET.test(target) || !METHOD.test(method)) return undefined;
  let head = `${method} ${target} HTTP/1.1\r\n`;
  let hasLength = false;
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? '';
    const value = headers[index + 1] ?? '';
    if (!VALUE.test(value) || !isFieldName(name)) return undefined;
    if (name.length === CONTENT_LENGTH && name.toLowerCase() === 'content-length') hasLength = true;
    head += `${name}: ${value}\r\n`;
  }
  if (body.kind === 'stream' && !hasLength) head += 'Transfer-Encoding: chunked\r\n';
  // A chunked body that was held has a length now.
  else if (body.kind === 'held' && !hasLength) head += `Content-Length: ${String(body.bytes.length)}\r\n`;
  return `${head}\r\n`;
}

const CONTENT_LENGTH = 14;

function lengthOf(headers: readonly string[]): string | undefined {
  for (let index = 0; index + 1 < headers.length; index += 2) {
    if (headers[index]?.toLowerCase() === 'content-length') return headers[index + 1];
  }
  return undefined;
}
