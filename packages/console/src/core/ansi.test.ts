import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LINE_CHARACTERS_MAX, logPieces, plainLine } from './ansi.ts';

const ESC = '\u001b';

describe('a line of a log', () => {
  test('keeps its colours as looks', () => {
    expect(logPieces(`${ESC}[32mGET${ESC}[0m /x ${ESC}[1;31m500${ESC}[39m!`)).toEqual([
      { text: 'GET', color: 2 },
      { text: ' /x ' },
      { text: '500', color: 1, isBold: true },
      { text: '!', isBold: true },
    ]);
  });

  test('loses everything else that steers a terminal', () => {
    expect(plainLine(`a${ESC}[2Jb${ESC}]0;title\u0007c${ESC}[38;5;196md${ESC}[48;2;1;2;3me`)).toBe('abcde');
    expect(plainLine('10%\r50%\r100%\r')).toBe('100%');
  });

  test('shows what turns the direction of text', () => {
    expect(plainLine('safe\u202egpj.exe')).toBe('safe\\u202egpj.exe');
  });

  test('is cut where it is too long, and says so', () => {
    const pieces = logPieces('x'.repeat(1_000_000));
    expect(pieces[0]?.text).toHaveLength(LINE_CHARACTERS_MAX);
    expect(pieces[1]?.text).toContain('996000 more characters');
  });

  test('never holds a character that controls anything', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (line) => {
        const text = plainLine(line.replaceAll('\n', ''));
        expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u200e\u200f\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
  });
});
