import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PATTERN_SIZE_MAX } from './limits.ts';
import { readPattern } from './pattern.ts';

function matches(source: string, text: string): boolean {
  const pattern = readPattern(source);
  if (!pattern.ok) throw new Error(pattern.message);
  return pattern.matches(text);
}

describe('a pattern of LIKE', () => {
  it.each([
    ['rack-[0-9]+', 'rack-12', true],
    ['rack-[0-9]+', 'my-rack-12', false],
    ['r1|r2', 'r2', true],
    ['r1|r2', 'r2x', false],
    ['(?i)RACK', 'rack', true],
    ['(\\d{1,3}\\.){3}\\d{1,3}', '10.0.0.255', true],
    ['[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}', '7d2c0a1e-4bb1-11eb-8e53-0242ac110002', true],
    ['[]{1000}]+', '{1000}]', true],
    ['', '', true],
  ])('%s and %s: %s', (source, text, expected) => {
    expect(matches(source, text)).toBe(expected);
  });

  it.each(['(', '[', 'a**', '(?=a)b', '(a)\\1'])('%s is refused with a sentence', (source) => {
    expect(readPattern(source)).toMatchObject({ ok: false, message: expect.stringContaining('not a valid') });
  });

  it.each([
    'a{1000}',
    '(a{30}){30}',
    '((a?){50}){20}',
    '(ab|cd){300}',
    `${'x'.repeat(PATTERN_SIZE_MAX)}y`,
    '(((a{9}){9}){9}',
  ])('%s is refused for its size', (source) => {
    expect(readPattern(source)).toMatchObject({ ok: false, message: expect.stringContaining('too large') });
  });

  it('never holds anybody up, however it is made', () => {
    const text = `${'a'.repeat(5_000)}!`;
    for (const source of ['(a+)+$', '(a|aa)+', '(a*)*b', '(.*.*.*)*x', '(a|a?)+']) {
      expect(matches(source, text)).toBe(false);
    }
  });

  it('means what JavaScript means by it', () => {
    const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '(a|b)', '(ab)', '\\d', '(a{2})', '(b{1,2})');
    const piece = fc.tuple(atom, fc.constantFrom('', '?', '*', '+')).map(([one, suffix]) => one + suffix);
    const sources = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join(''));
    const texts = fc.array(fc.constantFrom('a', 'b', '1'), { maxLength: 8 }).map((characters) => characters.join(''));
    fc.assert(
      fc.property(sources, texts, (source, text) => {
        expect(matches(source, text)).toBe(new RegExp(`^(?:${source})$`).test(text));
      }),
      { numRuns: 500 },
    );
  });
});
