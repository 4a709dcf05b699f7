import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Framing } from '../../core/wire/http1-head.ts';
import { BodyReader } from './body-reader.ts';

/** Reads a text in pieces. @param sizes of the pieces, over and over */
function read(framing: Framing, text: string, sizes: readonly number[] = [text.length]) {
  const reader = new BodyReader(framing);
  const bytes = Buffer.from(text, 'latin1');
  let body = '';
  let rest = '';
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const piece = bytes.subarray(at, at + Math.max(1, sizes[turn % sizes.length] ?? 1));
    at += piece.length;
    const end = reader.read(piece, 0, (part) => (body += part.toString('latin1')));
    if (typeof end === 'string') return { problem: end, body };
    rest += piece.toString('latin1', end);
  }
  return { body, rest, isDone: reader.isDone, trailers: reader.trailers };
}

const chunked: Framing = { kind: 'chunked' };

describe('a body', () => {
  it('of a known length ends there, and what follows is left', () => {
    expect(read({ kind: 'length', length: 3 }, 'abcdef')).toMatchObject({ body: 'abc', rest: 'def', isDone: true });
  });

  it('in chunks ends with an empty one, and what follows is left', () => {
    const text = '3;note="x"\r\nabc\r\n0A\r\n0123456789\r\n0\r\nX-Sum: 1\r\nContent-Length: 9\r\n\r\nGET';
    expect(read(chunked, text)).toEqual({ body: 'abc0123456789', rest: 'GET', isDone: true, trailers: ['X-Sum', '1'] });
  });

  it('without either goes on until the connection ends', () => {
    expect(read({ kind: 'until-close' }, 'abc')).toMatchObject({ body: 'abc', rest: '', isDone: false });
  });

  it('is the same however it is cut', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 8 });
    const pieces = fc.array(fc.string({ minLength: 1, maxLength: 20 }), { maxLength: 6 });
    fc.assert(
      fc.property(pieces, sizes, (parts, cuts) => {
        const latin = parts.map((part) => Buffer.from(part).toString('latin1'));
        const text = `${latin.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('')}0\r\n\r\nrest`;
        expect(read(chunked, text, cuts)).toEqual({ body: latin.join(''), rest: 'rest', isDone: true, trailers: [] });
      }),
    );
  });

  it.each([
    ['a size that is none', 'zz\r\nabc'],
    ['a negative size', '-1\r\nabc'],
    ['a size with a prefix', '0x3\r\nabc\r\n'],
    ['a size beyond counting', 'fffffffffffff\r\n'],
    ['no size', '\r\nabc'],
    ['a bare line feed', '3\nabc\r\n'],
    ['a chunk that is longer than it says', '3\r\nabcd\r\n'],
    ['a chunk that ends with a bare line feed', '3\r\nabc\n0\r\n\r\n'],
    ['an extension without end', `3;${'x'.repeat(300)}`],
    ['an extension with a control character', '3;\u0000\r\nabc\r\n'],
    ['a trailer that is none', '0\r\nnothing\r\n\r\n'],
    ['a trailer with a space before its colon', '0\r\nX : y\r\n\r\n'],
    ['trailers without end', `0\r\n${'X: y\r\n'.repeat(5_000)}`],
  ])('in chunks is refused with %s, in whatever pieces', (_name, text) => {
    expect(read(chunked, text)).toHaveProperty('problem');
    expect(read(chunked, text, [1])).toHaveProperty('problem');
  });
});
