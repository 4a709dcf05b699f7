import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineSplitter, lastLinesStart } from './log-lines.ts';

const text = fc.array(fc.constantFrom('a', 'b', '\n', '\r\n', 'long')).map((parts) => parts.join(''));

describe('log lines', () => {
  it('are the same however the text is cut', () => {
    fc.assert(
      fc.property(text, fc.array(fc.nat(5)), (whole, cuts) => {
        const splitter = new LineSplitter();
        const lines = [];
        let rest = whole;
        for (const cut of cuts) {
          lines.push(...splitter.push(rest.slice(0, cut)));
          rest = rest.slice(cut);
        }
        lines.push(...splitter.push(rest), ...splitter.flush());
        const expected = whole.split('\n').map((line) => line.replace(/\r$/, ''));
        if (whole.endsWith('\n') || whole === '') expected.pop();
        expect(lines).toEqual(expected);
      }),
    );
  });

  it('are cut when they never end', () => {
    const lines = new LineSplitter().push('x'.repeat(200_000));
    expect(lines.map(({ length }) => length)).toEqual([65_536, 65_536, 65_536]);
  });

  it('are found from the end', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 5 }), (whole, count) => {
        const lines = whole.split('\n');
        if (lines.at(-1) === '') lines.pop();
        const start = lastLinesStart(whole, count);
        const found = start === undefined ? lines : whole.slice(start).replace(/\n$/, '').split('\n');
        expect(found).toEqual(lines.slice(-count));
      }),
    );
  });
});
