/** Connections to servers over HTTP/2 (h2c, which gRPC needs): one per server, with as many streams as are wanted. */
import {
  connect,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import type { Server, ServicePolicy } from '../../core/model.ts';
import type { IncomingBody } from '../incoming.ts';
import type { Attempt, AttemptListener, Outgoing } from './attempt.ts';

/** The sessions of all servers. */
export class Http2Sessions {
  private readonly sessions = new Map<string, ClientHttp2Session>();

  /** Sends a request over the server's session, which is opened when there is none. */
  send(outgoing: Outgoing, listener: AttemptListener): Attempt {
    const { server, policy, body } = outgoing;
    const session = this.sessionTo(server, policy);
    const hasBody = body.kind === 'held' || body.kind === 'stream';
    let isOver = false;
    const fail = (error: unknown): void => {
      if (isOver) return;
      isOver = true;
      listener.onFailure(error);
    };
    const stream = session.request(headersOf(outgoing), { endStream: !hasBody });
    let trailers: readonly string[] = [];
    stream.on('ready', () => listener.onSent());
    stream.on('response', (headers) => {
      if (!listener.onHead(headers[':status'] ?? 502, flatten(headers))) stream.pause();
    });
    stream.on('trailers', (headers: IncomingHttpHeaders) => {
      trailers = flatten(headers);
    });
    stream.on('data', (chunk: Buffer) => {
      if (!listener.onChunk(chunk)) stream.pause();
    });
    stream.on('end', () => {
      // Trailers come with the end; the listener is told once both are here.
      stream.once('close', () => {
        if (isOver) return;
        isOver = true;
        if (stream.rstCode === constants.NGHTTP2_NO_ERROR) listener.onEnd(trailers);
        else listener.onFailure(new Error(`the server has reset the stream (${String(stream.rstCode)})`));
      });
    });
    stream.on('error', fail);
    stream.on('close', () => {
      if (stream.rstCode !== constants.NGHTTP2_NO_ERROR || !stream.readableEnded) {
        fail(new Error('the stream was closed'));
      }
    });
    if (body.kind === 'held') stream.end(body.bytes);
    else if (body.kind === 'stream') pour(body.stream, stream);
    return {
      resume: () => void stream.resume(),
      abort: () => stream.close(constants.NGHTTP2_CANCEL),
    };
  }

  /** Lets the session to a server finish what it has. */
  release(server: Server): void {
    const session = this.sessions.get(server.id);
    this.sessions.delete(server.id);
    session?.close();
  }

  close(): void {
    for (const session of this.sessions.values()) session.destroy();
    this.sessions.clear();
  }

  private sessionTo(server: Server, policy: ServicePolicy): ClientHttp2Session {
    const known = this.sessions.get(server.id);
    if (known !== undefined && !known.closed && !known.destroyed) return known;
    const host = server.host.includes(':') ? `[${server.host}]` : server.host;
    const session = connect(`http://${host}:${String(server.port)}`);
    session.setTimeout(0);
    const timer = policy.connectTimeoutMs;
    session.socket.setTimeout(timer, () => {
      if (session.connecting) session.destroy(new Error('the server does not answer'));
    });
    const forget = (): void => {
      if (this.sessions.get(server.id) === session) this.sessions.delete(server.id);
    };
    // Streams tell of their own failure; without a listener a session's would end the process.
    session.on('error', forget);
    session.on('goaway', forget);
    session.on('close', forget);
    this.sessions.set(server.id, session);
    return session;
  }
}

/** Sends a body as fast as the server takes it. */
function pour(body: IncomingBody, stream: ClientHttp2Stream): void {
  body.read({
    onData: (piece) => {
      if (stream.destroyed || stream.write(piece)) return;
      body.pause();
      stream.once('drain', () => body.resume());
    },
    onEnd: () => void stream.end(),
    onBroken: () => stream.close(constants.NGHTTP2_CANCEL),
  });
}

function headersOf({ method, target, headers, exchange }: Outgoing): OutgoingHttpHeaders {
  const result: Record<string, string | string[]> = {
    ':method': method,
    ':path': target,
    ':scheme': exchange.origin.scheme,
    ':authority': headers[1] ?? exchange.authority,
  };
  for (let index = 2; index + 1 < headers.length; index += 2) {
    const name = (headers[index] ?? '').toLowerCase();
    const value = headers[index + 1] ?? '';
    const known = result[name];
    if (known === undefined) result[name] = value;
    else if (Array.isArray(known)) known.push(value);
    else result[name] = [known, value];
  }
  // The one word of TE that goes beyond a connection, and gRPC insists on it.
  if (exchange.header('te') === 'trailers') result['te'] = 'trailers';
  return result;
}

function flatten(headers: IncomingHttpHeaders): string[] {
  const flat: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(':') || value === undefined) continue;
    for (const one of [value].flat()) flat.push(name, one);
  }
  return flat;
}
