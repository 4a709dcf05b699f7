import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutIntoParts, decodeSegment, encodeSegment } from './segment-codec.ts';

describe('the text of a segment', () => {
  test('gives back every entry, whatever its key and value', () => {
    const entry = fc.record({
      key: fc.string({ minLength: 1, unit: 'binary' }).filter((key) => !/\p{Surrogate}/u.test(key)),
      version: fc.integer({ min: 1 }),
      text: fc.jsonValue().map((value) => JSON.stringify(value)),
    });
    const deletion = entry.map(({ key }) => ({ key, version: 0, text: undefined }));
    fc.assert(
      fc.property(fc.array(fc.oneof(entry, deletion)), fc.integer({ min: 1, max: 50 }), (entries, partBytes) => {
        const parts = cutIntoParts(encodeSegment(entries), partBytes);
        expect(decodeSegment(Buffer.concat(parts))).toEqual(entries);
      }),
    );
  });

  test.each([
    ['1\t"a"\t1', 'its last line has no end'],
    ['1\t"a"\t1\n\n', 'its line 2 is not an entry'],
    ['1\t"a"\n', 'its line 1 is not an entry'],
    ['0\t"a"\t1\n', 'its line 1 is not an entry'],
    ['x\t"a"\t1\n', 'its line 1 is not an entry'],
    ['1\ta\t1\n', 'its line 1 is not an entry'],
  ])('that is damaged says where: %j', (text, problem) => {
    expect(decodeSegment(Buffer.from(text))).toBe(problem);
  });
});
