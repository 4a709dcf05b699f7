import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { toJson } from './documents.ts';
import { LiveDisplay } from './live-display.ts';
import { painter, wantsColours } from './style.ts';
import { tableLines } from './table.ts';
import { toYaml } from './yaml.ts';

describe('tables', () => {
  it('are aligned by what one sees, not by characters', () => {
    const lines = tableLines(
      ['A', 'B'],
      [
        ['日本', 1],
        [{ text: 'x', style: 'good' }, 2],
      ],
      painter(false),
    );
    expect(lines).toEqual(['A     B', '日本  1', 'x     2']);
  });

  it('are aligned the same with colours', () => {
    const rows = [[{ text: 'x', style: 'good' as const }, 2]];
    const coloured = tableLines(['LONG', 'B'], rows, painter(true));
    expect(coloured.map((line) => stringWidth(line))).toEqual(
      tableLines(['LONG', 'B'], rows, painter(false)).map((line) => stringWidth(line)),
    );
    expect(coloured[1]).toContain('\u001b[32mx');
  });
});

describe('documents', () => {
  it('are the same value again when they are read', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        // JSON has no negative zero.
        const exact: unknown = JSON.parse(JSON.stringify(value));
        expect(JSON.parse(toJson(value))).toEqual(exact);
        expect(parse(toYaml(exact))).toEqual(exact);
      }),
    );
  });
});

describe('colours', () => {
  it('follow NO_COLOR, then FORCE_COLOR, then the terminal', () => {
    expect(wantsColours({}, true)).toBe(true);
    expect(wantsColours({}, false)).toBe(false);
    expect(wantsColours({ TERM: 'dumb' }, true)).toBe(false);
    expect(wantsColours({ FORCE_COLOR: '1' }, false)).toBe(true);
    expect(wantsColours({ FORCE_COLOR: '1', NO_COLOR: '1' }, true)).toBe(false);
  });
});

describe('a live display', () => {
  function display(isTerminal: boolean): { readonly live: LiveDisplay; readonly written: () => string } {
    let written = '';
    const live = new LiveDisplay({ isTerminal, columns: 10, write: (text) => (written += text) });
    return { live, written: () => written };
  }

  it('replaces its lines on a terminal, each cut to one row', () => {
    const { live, written } = display(true);
    live.update(['one', 'a line that is too long']);
    live.update(['two']);
    expect(written()).toBe('one\na line t…\n\u001b[2A\u001b[0Jtwo\n');
  });

  it('prints changes once elsewhere', () => {
    const { live, written } = display(false);
    for (const line of ['one', 'one', 'two']) live.update([line, '  part']);
    expect(written()).toBe('one; part\ntwo; part\n');
  });

  it('keeps what is printed above what changes', () => {
    const { live, written } = display(true);
    live.update(['busy']);
    live.print('news');
    live.update(['busy']);
    expect(written()).toBe('busy\n\u001b[1A\u001b[0Jnews\nbusy\n');
  });
});
