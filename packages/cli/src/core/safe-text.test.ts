import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { safeDocument, safeLogLine, safeText } from './safe-text.ts';

/** Control characters, written so that this file has none itself. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/u;

/** Texts with many of the characters that matter. */
const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom('\u001b', '[', ']', '\u009b', '\u009d', '\u0007', '\\', ';', 'm', 'J', '1', '\r', '\u202e'),
    fc.string({ maxLength: 1 }),
  ),
});

describe('safe text', () => {
  it('never contains a control character, whatever came in', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(safeText(text)).not.toMatch(CONTROL);
        expect(safeLogLine(text.replaceAll('\t', ''), false)).not.toMatch(CONTROL);
      }),
    );
  });

  it('lets colours through in logs, and nothing else that is an escape sequence', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const shown = safeLogLine(text.replaceAll('\t', ''), true).replace(/\u001b\[[0-9;:]*m/gu, '');
        expect(shown).not.toMatch(CONTROL);
      }),
    );
  });

  it('leaves ordinary text of any script as it is', () => {
    expect(safeText('Grüße, 東京 🚀')).toBe('Grüße, 東京 🚀');
    expect(safeText('a\u001bb\u009bc\u202ed\ne')).toBe('a\\x1bb\\x9bc\\u202ed\\ne');
  });

  it('keeps JSON the same value', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(JSON.parse(safeDocument(JSON.stringify({ text }))).text).toBe(text);
      }),
    );
  });
});
