import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAnswerHead, readRequestHead, type AnswerHead, type RequestHead } from './http1-head.ts';

const limits = { headerCount: 20 };
const head = (...lines: readonly string[]): string => lines.map((line) => `${line}\r\n`).join('');
const request = (...lines: readonly string[]): RequestHead => {
  const read = readRequestHead(head(...lines), limits);
  if ('reason' in read) throw new Error(read.reason);
  return read;
};
const answer = (method: string, ...lines: readonly string[]): AnswerHead => {
  const read = readAnswerHead(head(...lines), method, limits);
  if (typeof read === 'string') throw new Error(read);
  return read;
};

describe('the head of a request', () => {
  it('is its first line and its headers, without the spaces around values', () => {
    expect(request('GET /a?b=1 HTTP/1.1', 'Host: x', 'X-Odd:\t a b \t', 'cookie: c')).toMatchObject({
      method: 'GET',
      target: '/a?b=1',
      version: '1.1',
      rawHeaders: ['Host', 'x', 'X-Odd', 'a b', 'cookie', 'c'],
      names: ['host', 'x-odd', 'cookie'],
      framing: { kind: 'none' },
      keepsAlive: true,
      problem: undefined,
    });
  });

  it('says how its body ends', () => {
    const post = (...lines: readonly string[]) => request('POST / HTTP/1.1', 'Host: x', ...lines).framing;
    expect(post('Content-Length: 12')).toEqual({ kind: 'length', length: 12 });
    expect(post('Content-Length: 0')).toEqual({ kind: 'none' });
    expect(post('Transfer-Encoding: Chunked')).toEqual({ kind: 'chunked' });
  });

  it('says whether the connection goes on', () => {
    const keeps = (version: string, ...lines: readonly string[]) =>
      request(`GET / HTTP/${version}`, 'Host: x', ...lines).keepsAlive;
    expect(keeps('1.1')).toBe(true);
    expect(keeps('1.1', 'Connection: x, Close')).toBe(false);
    expect(keeps('1.1', 'Connection: closed')).toBe(true);
    expect(keeps('1.0')).toBe(false);
    expect(keeps('1.0', 'Connection: Keep-Alive')).toBe(true);
  });

  it('asks for another protocol only when both headers say so', () => {
    const isUpgrade = (...lines: readonly string[]) => request('GET / HTTP/1.1', 'Host: x', ...lines).isUpgrade;
    expect(isUpgrade('Upgrade: websocket', 'Connection: keep-alive, Upgrade')).toBe(true);
    expect(isUpgrade('Upgrade: websocket')).toBe(false);
    expect(isUpgrade('Connection: upgrade')).toBe(false);
  });

  it.each([
    ['two hosts', ['Host: y']],
    ['two lengths', ['Content-Length: 1', 'Content-Length: 1']],
    ['a list of lengths', ['Content-Length: 1, 1']],
    ['a length with a sign', ['Content-Length: +1']],
    ['a length in hexadecimal', ['Content-Length: 0x1']],
    ['a length beyond counting', ['Content-Length: 99999999999999999999']],
    ['a length and an encoding', ['Content-Length: 1', 'Transfer-Encoding: chunked']],
    ['an encoding before chunked', ['Transfer-Encoding: gzip, chunked']],
    ['two encodings', ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked']],
    ['an encoding that only looks like one', ['Transfer-Encoding: \u00a0chunked']],
  ])('has a problem with %s, and no body then', (_name, lines) => {
    const read = request('POST / HTTP/1.1', 'Host: x', ...lines);
    expect(read.problem).toBeDefined();
    expect([read.framing.kind, read.keepsAlive]).toEqual(['none', false]);
  });

  it('of HTTP/1.0 has no encodings', () => {
    expect(request('POST / HTTP/1.0', 'Transfer-Encoding: chunked').problem).toBeDefined();
  });

  it.each([
    ['no method', ' / HTTP/1.1'],
    ['a method that is no token', 'G{T / HTTP/1.1'],
    ['a space in the target', 'GET /a b HTTP/1.1'],
    ['a tab in the target', 'GET /a\tb HTTP/1.1'],
    ['no target', 'GET  HTTP/1.1'],
    ['no protocol', 'GET /'],
    ['another protocol', 'GET / HTTPS/1.1'],
    ['a null', 'GET /\0 HTTP/1.1'],
    ['a bare carriage return', 'GET / HTTP/1.1\r'],
    ['a bare line feed', 'GET / HTTP/1.1\nHost: y'],
  ])('is refused with %s', (_name, line) => {
    expect(readRequestHead(head(line, 'Host: x'), limits)).toMatchObject({ status: 400 });
  });

  it.each([
    ['a space before the colon', 'Host : y'],
    ['a folded line', ' folded'],
    ['a line without a colon', 'nothing'],
    ['no name', ': value'],
    ['a name that is none', 'X(y): z'],
    ['a control character in a value', 'X: a\u0001b'],
    ['a carriage return in a value', 'X: a\rb'],
    ['a delete in a value', 'X: a\u007f'],
  ])('is refused with %s among its headers', (_name, line) => {
    expect(readRequestHead(head('GET / HTTP/1.1', 'Host: x', line), limits)).toMatchObject({ status: 400 });
  });

  it('is refused without a host, with too many headers, and of a protocol that is not spoken here', () => {
    expect(readRequestHead(head('GET / HTTP/1.1'), limits)).toMatchObject({ status: 400 });
    const many = Array.from({ length: 21 }, (_, index) => `X-${String(index)}: y`);
    expect(readRequestHead(head('GET / HTTP/1.1', 'Host: x', ...many), limits)).toMatchObject({ status: 431 });
    expect(readRequestHead(head('GET / HTTP/2.0', 'Host: x'), limits)).toMatchObject({ status: 505 });
  });

  it('whatever comes, is read or refused, and says nothing that could end a line', () => {
    const line = fc.string({ unit: fc.constantFrom(...Array.from('Host: xGET/1.0\t\r\n\0,chunkedTransfer-Encoding')) });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
        const read = readRequestHead(head('GET / HTTP/1.1', 'Host: x', ...lines), limits);
        if ('reason' in read) return;
        expect([read.method, read.target, ...read.rawHeaders].join('')).not.toMatch(/[\r\n\0]/);
        expect(read.rawHeaders.length).toBe(read.names.length * 2);
      }),
    );
  });
});

describe('the head of an answer', () => {
  it('says how its body ends', () => {
    expect(answer('GET', 'HTTP/1.1 200 OK', 'Content-Length: 3').framing).toEqual({ kind: 'length', length: 3 });
    expect(answer('GET', 'HTTP/1.1 200 OK', 'Content-Length: 3', 'Content-Length: 3').framing.kind).toBe('length');
    expect(answer('GET', 'HTTP/1.1 200 OK').framing.kind).toBe('until-close');
    expect(answer('GET', 'HTTP/1.1 200', 'Transfer-Encoding: chunked', 'Content-Length: 3').framing.kind).toBe(
      'chunked',
    );
    expect(answer('GET', 'HTTP/1.1 200 OK', 'Transfer-Encoding: gzip').framing.kind).toBe('until-close');
    expect(answer('HEAD', 'HTTP/1.1 200 OK', 'Content-Length: 3').framing.kind).toBe('none');
    for (const status of ['204', '304', '103']) {
      expect(answer('GET', `HTTP/1.1 ${status} X`, 'Content-Length: 3').framing.kind).toBe('none');
    }
  });

  it('says whether the connection goes on, and how long', () => {
    expect(answer('GET', 'HTTP/1.1 204 X', 'Keep-Alive: timeout=5, max=3')).toMatchObject({
      keepsAlive: true,
      keepAliveSeconds: 5,
    });
    expect(answer('GET', 'HTTP/1.1 204 X', 'Connection: close').keepsAlive).toBe(false);
    expect(answer('GET', 'HTTP/1.0 204 X').keepsAlive).toBe(false);
    expect(answer('GET', 'HTTP/1.0 204 X', 'Connection: keep-alive').keepsAlive).toBe(true);
    expect(answer('GET', 'HTTP/1.1 200 X').keepsAlive).toBe(false);
  });

  it.each([
    ['another protocol', ['HTTP/2 200 OK']],
    ['no status', ['HTTP/1.1 OK']],
    ['a status of two digits', ['HTTP/1.1 20 OK']],
    ['two lengths that differ', ['HTTP/1.1 200 OK', 'Content-Length: 3', 'Content-Length: 4']],
    ['a length that is none', ['HTTP/1.1 200 OK', 'Content-Length: x']],
    ['a folded line', ['HTTP/1.1 200 OK', 'X: a', ' b']],
  ])('is refused with %s', (_name, lines) => {
    expect(readAnswerHead(head(...lines), 'GET', limits)).toBeTypeOf('string');
  });
});
