import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WINDOW_BYTES_MAX, appended, bounds, bytesOf, emptyWindow, linesOf, prepended } from './file-window.ts';

const encoder = new TextEncoder();

test('whatever the text, so many bytes are counted as it was made from', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      fc.pre(!text.includes('\ufffd'));
      const { length } = encoder.encode(text);
      expect(bytesOf(text, length)).toBe(length);
    }),
  );
  expect(bytesOf('a\ufffdb', 3)).toBe(3);
});

test('a window grows at both ends without a gap', () => {
  const end = appended(emptyWindow(6), 'né\n', 4);
  expect(bounds(end)).toEqual({ from: 6, to: 10 });
  const whole = prepended(end, 'one\ntw', 0);
  expect(bounds(whole)).toEqual({ from: 0, to: 10 });
  expect(linesOf(whole)).toEqual(['one', 'twné']);
});

test('what begins in the middle of a line begins with the next', () => {
  expect(linesOf(appended({ stretches: [{ from: 3, to: 3, text: '' }], size: 9 }, 'd\nwhole\n', 8))).toEqual(['whole']);
});

test('what is far away is forgotten, at the end away from where one reads', () => {
  const piece = 'x'.repeat(WINDOW_BYTES_MAX / 2);
  let window = emptyWindow(0);
  for (let count = 0; count < 4; count += 1) window = appended(window, piece, piece.length);
  expect(bounds(window)).toEqual({ from: WINDOW_BYTES_MAX, to: 2 * WINDOW_BYTES_MAX });
  window = prepended(window, piece, WINDOW_BYTES_MAX / 2);
  expect(bounds(window)).toEqual({ from: WINDOW_BYTES_MAX / 2, to: 1.5 * WINDOW_BYTES_MAX });
});
