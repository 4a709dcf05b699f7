import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecordReader, encodeRecord } from './record-io.ts';

const utf8 = new TextEncoder();

describe('RecordIO', () => {
  it('counts bytes, not characters', () => {
    expect(new TextDecoder().decode(encodeRecord(utf8.encode('{"ä":1}')))).toBe('8\n{"ä":1}');
  });

  it('gives back what was written, wherever the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 8 }),
        fc.array(fc.nat({ max: 400 }), { maxLength: 12 }),
        (bodies, cuts) => {
          const stream = Buffer.concat(bodies.map(encodeRecord));
          const reader = new RecordReader(1_000);
          const read: Uint8Array[] = [];
          let from = 0;
          for (const cut of [...cuts.map((at) => Math.min(at, stream.length)), stream.length].sort((a, b) => a - b)) {
            read.push(...reader.push(stream.subarray(from, cut)));
            from = cut;
          }
          expect(read.map((body) => [...body])).toEqual(bodies.map((body) => [...body]));
          expect(reader.isBetweenRecords).toBe(true);
        },
      ),
    );
  });

  it.each([
    ['no length', '\n{}'],
    ['a length of nothing', '0\n'],
    ['a length that is none', '-2\n{}'],
    ['a length without end', '1'.repeat(20)],
    ['a longer record than is taken', '1001\n'],
  ])('refuses %s', (_, text) => {
    expect(() => new RecordReader(1_000).push(utf8.encode(text))).toThrow(/This is no RecordIO/);
  });

  it('knows a stream that was cut off inside a record', () => {
    const reader = new RecordReader(1_000);
    reader.push(utf8.encode('5\nab'));
    expect(reader.isBetweenRecords).toBe(false);
  });
});
