/** HTTP/1 on both sides of the edge, by bytes. */
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { delay } from '@stadion/base';
import { systemTimers } from '@stadion/base/system';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EdgeStage, echo } from '../../testing/edge-stage.ts';

let stage: EdgeStage;
let servers: Server[];
beforeEach(async () => {
  servers = [];
  stage = await new EdgeStage().start();
});
afterEach(async () => {
  await stage.stop();
  for (const server of servers) server.close();
});

/** A server that answers with bytes. @param onRequest called with all that came on a connection, each time more has */
async function rawServer(onRequest: (text: string, socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    let text = '';
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => onRequest((text += chunk.toString('latin1')), socket));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

/** Routes everything to a server that gives one answer to each connection, and gives how many it has had. */
async function answering(answer: string, ends = false): Promise<{ readonly requests: string[] }> {
  const requests: string[] = [];
  const url = await rawServer((text, socket) => {
    if (!text.endsWith('\r\n\r\n')) return;
    requests.push(text);
    if (ends) socket.end(answer, 'latin1');
    else socket.write(answer, 'latin1');
  });
  stage.route([url]);
  return { requests };
}

const get = (path = '/', ...lines: readonly string[]): string =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;
const last = (path = '/'): string => get(path, 'Connection: close');

describe('a client', () => {
  it('may send requests ahead, and is answered in their order', async () => {
    stage.route([await stage.backend((request, response) => response.end(`<${request.url ?? ''}>`))]);
    const post = 'POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc';
    const answers = await stage.raw(`${get('/a')}${post}\r\n${get('/c')}${last('/d')}`);
    expect(answers.match(/<.*?>/g)).toEqual(['</a>', '</b>', '</c>', '</d>']);
    expect(answers.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(4);
    expect(answers.match(/\r\nConnection: close\r\n/g)).toHaveLength(1);
  });

  it('of HTTP/1.0 gets no chunks, and keeps its connection only where it asks for that', async () => {
    const server = await stage.backend((_request, response) => {
      response.write('one ');
      response.end('two');
    });
    stage.route([server]);
    const answer = await stage.raw('GET / HTTP/1.0\r\n\r\n');
    expect(answer).toMatch(/\r\nConnection: close\r\n\r\none two$/);
    expect(answer).not.toMatch(/transfer-encoding/i);
    stage.route([await stage.backend((_request, response) => response.setHeader('content-length', 2).end('ok'))]);
    const both = await stage.raw('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n');
    expect(both.match(/\r\n\r\nok/g)).toHaveLength(2);
  });

  it('that waits before it sends its body is told to go on once somebody reads it', async () => {
    stage.route([await stage.backend(echo)]);
    const socket = connect(stage.http, '127.0.0.1');
    let heard = '';
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString('latin1');
      if (heard === 'HTTP/1.1 100 Continue\r\n\r\n') socket.write('abc');
    });
    socket.write(
      'POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: 3\r\n\r\n',
    );
    await closed;
    expect(heard).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
    expect(heard).toContain('"body":"abc"');
  });

  it('that is refused before it was told to go on loses its connection: what comes next could be body or request', async () => {
    stage.route([await stage.backend(echo)], { closed: { ipAllowList: { sourceRange: ['10.0.0.0/8'] } } });
    const head = 'POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 500\r\n\r\n';
    const answer = await stage.raw(`${head}${get('/smuggled')}`);
    expect(answer.match(/^HTTP\/1\.1/gm)).toHaveLength(1);
    expect(answer).toMatch(/^HTTP\/1\.1 403/);
  });

  it('keeps its connection when little of a body is left that nobody wants, and not when much is', async () => {
    stage.route([await stage.backend(echo)], { closed: { ipAllowList: { sourceRange: ['10.0.0.0/8'] } } });
    const post = (size: number): string =>
      `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${String(size)}\r\n\r\n${'x'.repeat(size)}`;
    expect((await stage.raw(`${post(10_000)}${last()}`)).match(/^HTTP\/1\.1 403/gm)).toHaveLength(2);
    expect((await stage.raw(`${post(1_000_000)}${last()}`)).match(/^HTTP\/1\.1 403/gm)).toHaveLength(1);
  });

  it('gets no body in answer to HEAD, and the length of what it would be', async () => {
    stage.route([await stage.backend((_request, response) => response.setHeader('content-length', 5).end('hello'))]);
    const answers = await stage.raw(`HEAD / HTTP/1.1\r\nHost: x\r\n\r\n${last()}`);
    expect(answers).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*?content-length: 5\r\n[^]*?\r\n\r\nHTTP\/1\.1 200 OK/i);
    expect(answers.match(/hello/g)).toHaveLength(1);
  });

  it('sends a body in chunks through, and gets trailers', async () => {
    const url = await stage.backend((request, response, body) => {
      response.writeHead(200, { trailer: 'x-sum' });
      response.write(
        `${body.toString()} ${request.headers['transfer-encoding'] ?? request.headers['content-length'] ?? ''}`,
      );
      response.addTrailers({ 'x-sum': '7' });
      response.end();
    });
    stage.route([url]);
    const head = 'POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n';
    const answer = await stage.raw(`${head}3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n`);
    expect(answer).toContain('abcde chunked');
    expect(answer).toMatch(/0\r\nx-sum: 7\r\n\r\n$/);
  });

  it('that asks for a tunnel is refused', async () => {
    stage.route([await stage.backend(echo)]);
    expect(await stage.raw('CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n')).toMatch(/^HTTP\/1\.1 405/);
  });

  it('is dated where the server has not done so', async () => {
    await answering('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    expect(await stage.raw(last())).toMatch(/\r\nDate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n/);
  });
});

describe('requests on one connection', () => {
  interface Sent {
    readonly path: string;
    readonly body: string | undefined;
    /** Sizes of its chunks, over and over; empty: it has a length. */
    readonly chunks: readonly number[];
  }
  const sent = fc.record({
    path: fc.stringMatching(/^[a-z]{1,8}$/),
    body: fc.option(fc.string({ unit: fc.constantFrom(...Array.from('ab0\r\n: GET/1')), maxLength: 300 }), {
      nil: undefined,
    }),
    chunks: fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 4 }),
  });

  function bytesOf({ path, body, chunks }: Sent): string {
    if (body === undefined) return get(`/${path}`);
    const head = `POST /${path} HTTP/1.1\r\nHost: x\r\n`;
    if (chunks.length === 0) return `${head}Content-Length: ${String(body.length)}\r\n\r\n${body}`;
    let text = `${head}Transfer-Encoding: chunked\r\n\r\n`;
    for (let at = 0, turn = 0; at < body.length; turn += 1) {
      const piece = body.slice(at, at + (chunks[turn % chunks.length] ?? 1));
      text += `${piece.length.toString(16)}\r\n${piece}\r\n`;
      at += piece.length;
    }
    return `${text}0\r\n\r\n`;
  }

  it('arrive as they were sent, however they are cut, and are answered in their order', async () => {
    let arrived: string[] = [];
    const url = await stage.backend((request, response, body) => {
      arrived.push(`${request.method ?? ''} ${request.url ?? ''} ${body.toString()}`);
      response.end(`<${request.url ?? ''}>`);
    });
    stage.route([url]);
    const cuts = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(fc.array(sent, { minLength: 1, maxLength: 6 }), cuts, async (requests, sizes) => {
        arrived = [];
        const answers = await sendCut(`${requests.map(bytesOf).join('')}${last('/last')}`, sizes);
        const wanted = requests.map(
          ({ path, body }) => `${body === undefined ? 'GET' : 'POST'} /${path} ${body ?? ''}`,
        );
        expect(arrived).toEqual([...wanted, 'GET /last ']);
        expect(answers.match(/<.*?>/g)).toEqual([...requests.map(({ path }) => `</${path}>`), '</last>']);
      }),
      { numRuns: 40 },
    );
  });

  /** Writes a text in pieces, each in a turn of its own, and gives what comes back until the edge closes. */
  async function sendCut(text: string, sizes: readonly number[]): Promise<string> {
    const socket = connect({ port: stage.http, host: '127.0.0.1', noDelay: true });
    let answer = '';
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
    for (let at = 0, turn = 0; at < text.length; turn += 1) {
      const end = at + (sizes[turn % sizes.length] ?? 1);
      socket.write(text.slice(at, end), 'latin1');
      at = end;
      await delay(systemTimers, 0);
    }
    await closed;
    return answer;
  }
});

describe('a server', () => {
  it('keeps a connection for one request after another', async () => {
    let connections = 0;
    const url = await rawServer((text, socket) => {
      if (text.split('\r\n\r\n').length === 2) connections += 1;
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
    stage.route([url]);
    for (let count = 0; count < 5; count += 1) expect(await stage.raw(last())).toContain('ok');
    expect(connections).toBe(1);
  });

  it('says more than it was asked: nobody is given that', async () => {
    const second = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison';
    const { requests } = await answering(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok${second}`);
    const answers = await stage.raw(`${get()}${last()}`);
    expect(answers).not.toContain('poison');
    expect(answers.match(/\r\n\r\nok/g)).toHaveLength(2);
    expect(requests).toHaveLength(2);
  });

  it('says its length twice: the encoding counts, and the length stays behind', async () => {
    await answering('HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n');
    const answer = await stage.raw(last());
    expect(answer).toContain('2\r\nok\r\n0\r\n\r\n');
    expect(answer).not.toContain('99');
  });

  it('ends its answer with its connection', async () => {
    await answering('HTTP/1.1 200 OK\r\n\r\nall of it', true);
    expect(await stage.raw(last())).toMatch(/9\r\nall of it\r\n0\r\n\r\n$/);
  });

  it('says first that it is at it: the client waits for the answer', async () => {
    await answering('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    const answer = await stage.raw(last());
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(answer).toMatch(/\r\n\r\nok$/);
  });

  it('breaks an answer off: the client sees that it is not whole', async () => {
    await answering('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf', true);
    const answer = await stage.raw(last());
    expect(answer).toMatch(/content-length: 10\r\n[^]*half$/i);
    await answering('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n', true);
    expect(await stage.raw(last())).not.toMatch(/0\r\n\r\n$/);
  });

  it.each([
    ['is no HTTP', 'SSH-2.0-OpenSSH\r\n\r\n'],
    ['has a length that is none', 'HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nok'],
    ['changes the protocol', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n'],
    ['has a head without end', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}`],
    ['has a header with a line break in it', 'HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 0\r\n\r\n'],
  ])('whose answer %s cannot be reached', async (_name, answer) => {
    await answering(answer);
    expect(await stage.raw(last())).toMatch(/^HTTP\/1\.1 502/);
  });

  it('answers before it has all of a body: the client hears it, and nothing else comes on that connection', async () => {
    const heads: string[] = [];
    const url = await rawServer((text, socket) => {
      if (heads.length > 0 || !text.includes('\r\n\r\n')) return;
      heads.push(text);
      socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nno!');
    });
    stage.route([url]);
    const head = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 400000\r\n\r\n';
    const answers = await stage.raw(`${head}${'x'.repeat(200_000)}`);
    expect(answers).toMatch(/^HTTP\/1\.1 413 [^]*no!$/);
    expect(answers.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });
});
