/** Real servers for the edge to send to, and ways to ask it that `fetch` does not have. */
import { createHash } from 'node:crypto';
import { createServer, request, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';

/** What a server behind the edge does. */
export type Behaviour = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

/** Answers what it was asked. */
export const echo: Behaviour = (request, response, body) => {
  response.setHeader('content-type', 'application/json');
  const { method, url, headers } = request;
  response.end(JSON.stringify({ method, url, headers, body: body.toString('latin1') }));
};

/** The servers. */
export class Backends {
  private readonly servers: HttpServer[] = [];

  /** Starts one. @returns its URL */
  async start(behaviour: Behaviour): Promise<string> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => behaviour(request, response, Buffer.concat(chunks)));
    });
    server.on('upgrade', (request, socket) => {
      socket.on('error', () => socket.destroy());
      const key = request.headers['sec-websocket-key'] ?? '';
      const accept = createHash('sha1').update(`${key}${WEBSOCKET_ID}`).digest('base64');
      const head = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket'];
      socket.write(`${[...head, `Sec-WebSocket-Accept: ${accept}`].join('\r\n')}\r\n\r\n`);
      socket.pipe(socket);
    });
    this.servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.servers.map(
        (server) =>
          new Promise((resolve) => {
            server.close(resolve);
            server.closeAllConnections();
          }),
      ),
    );
  }
}

/** RFC 6455 section 1.3. */
const WEBSOCKET_ID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** An answer. */
export interface Heard {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Asks on a connection of its own, with whichever Host. @param headers `host` is a.test unless given */
export function askFor(
  port: number,
  path: string,
  {
    method = 'GET',
    headers = {},
    body = '',
  }: { readonly method?: string; readonly headers?: object; readonly body?: string | Buffer } = {},
): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const own = { host: 'a.test', ...(body.length === 0 ? {} : { 'content-length': body.length }), ...headers };
    const call = request({ port, host: '127.0.0.1', path, method, headers: own, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.once('error', reject);
      answer.once('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          body: Buffer.concat(chunks).toString('latin1'),
        }),
      );
    });
    call.once('error', reject);
    call.end(body);
  });
}

/** Sends bytes as they are and gives what comes back until the edge closes. */
export function askRaw(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
    socket.on('close', () => resolve(answer));
    socket.on('error', () => resolve(answer));
    socket.write(text, 'latin1');
  });
}
