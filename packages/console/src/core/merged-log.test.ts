import { expect, test } from 'vitest';
import { shownLines, wroteWithin } from './log-view.ts';
import { unread, withMore } from './log-text.ts';
import { merged, type LogSource, type MergedLine } from './merged-log.ts';

const read = (text: string) => withMore(unread(0), text, text.length, undefined, 1_000);
const source = (taskId: string, startedAt: number): LogSource => ({
  taskId,
  agentId: 'agent',
  path: `/${taskId}`,
  name: taskId,
  startedAt,
});
const texts = (lines: readonly MergedLine[]): string[] => lines.map(({ text }) => text);

test('lines of many logs stand in the order in which they say they were written, those that do not behind the one before', () => {
  const lines = merged(
    [source('one', 0), source('two', 0)],
    new Map([
      ['one', read('1970-01-01T00:00:01Z first\n  more of it\n1970-01-01T00:00:05Z last\n')],
      ['two', read('1970-01-01T00:00:03Z middle\n')],
    ]),
  );
  expect(texts(lines).map((text) => text.trim().split(' ').at(-1))).toEqual(['first', 'it', 'middle', 'last']);
  expect(lines[1]?.at).toBe(1_000);
});

test('a clock that goes back does not turn a log around', () => {
  const log = read('1970-01-01T00:00:09Z a\n1970-01-01T00:00:02Z b\n');
  expect(texts(merged([source('one', 0)], new Map([['one', log]]))).map((text) => text.at(-1))).toEqual(['a', 'b']);
});

test('around each line that is found stand lines of its own log, each once, and a gap is told', () => {
  const log = read(
    ['a', 'b', 'FOUND 1', 'c', 'FOUND 2', 'd', 'e', 'f', 'g', 'FOUND 3'].map((line) => `${line}\n`).join(''),
  );
  const other = read('other\n');
  const lines = merged(
    [source('one', 0), source('two', 1)],
    new Map([
      ['one', log],
      ['two', other],
    ]),
  );
  const shown = shownLines(lines, { isFound: ({ text }) => text.startsWith('FOUND'), context: 1 });
  expect(
    shown.map(({ line, isContext, isAfterGap }) => `${isAfterGap ? '-- ' : ''}${isContext ? '~' : ''}${line.text}`),
  ).toEqual(['~b', 'FOUND 1', '~c', 'FOUND 2', '~d', '-- ~g', 'FOUND 3']);
});

test('lines outside of a time are left out; those that do not tell are kept', () => {
  const log = read('no time yet\n1970-01-01T00:00:01Z a\n1970-01-01T00:00:05Z b\n');
  const lines = merged([source('one', 0)], new Map([['one', log]]));
  const shown = shownLines(lines, { since: 2_000, until: 6_000, context: 0 });
  expect(texts(shown.map(({ line }) => line))).toEqual(['no time yet', '1970-01-01T00:00:05Z b']);
  expect(wroteWithin({ ...source('one', 0), endedAt: 1_000 }, { since: 2_000 })).toBe(false);
  expect(wroteWithin(source('one', 0), { since: 2_000 })).toBe(true);
});
