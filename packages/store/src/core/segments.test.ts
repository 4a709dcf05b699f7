import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutIntoParts, decodeSegment, encodeEntry, partNames, segmentsOf, type SegmentEntry } from './segments.ts';

describe('segments of a journal', () => {
  test('give back every entry, whatever its key and value', () => {
    const entry = fc.record({
      key: fc.string({ minLength: 1, unit: 'binary' }).filter((key) => !/\p{Surrogate}/u.test(key)),
      version: fc.integer({ min: 1 }),
      text: fc.jsonValue().map((value) => JSON.stringify(value)),
    });
    const deletion = entry.map(({ key }) => ({ key, version: 0, text: undefined }));
    fc.assert(
      fc.property(fc.array(fc.oneof(entry, deletion)), fc.integer({ min: 1, max: 50 }), (entries, partBytes) => {
        const bytes = Buffer.from(entries.map((each: SegmentEntry) => encodeEntry(each)).join(''));
        const parts = cutIntoParts(bytes, partBytes);
        expect(decodeSegment(Buffer.concat(parts))).toEqual(entries);
      }),
    );
  });

  test('count from their last part on, and are put in order by what they cover', () => {
    const [first, second] = [partNames({ from: 1, to: 4 }, 2), partNames({ from: 5, to: 5 }, 3)];
    const names = [...second.slice(0, 2), ...first.reverse(), 'something-else'];
    expect(segmentsOf(names)).toEqual({
      segments: [{ from: 1, to: 4, parts: [...first].reverse() }],
      incomplete: second.slice(0, 2),
    });
  });

  test.each([
    ['1\t"a"\t1', 'its last line has no end'],
    ['1\t"a"\t1\n\n', 'its line 2 is not an entry'],
    ['1\t"a"\n', 'its line 1 is not an entry'],
    ['0\t"a"\t1\n', 'its line 1 is not an entry'],
    ['x\t"a"\t1\n', 'its line 1 is not an entry'],
    ['1\ta\t1\n', 'its line 1 is not an entry'],
  ])('that are damaged say where: %j', (text, problem) => {
    expect(decodeSegment(Buffer.from(text))).toBe(problem);
  });
});
