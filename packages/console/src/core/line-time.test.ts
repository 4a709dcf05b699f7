import { expect, test } from 'vitest';
import { timeOfLine } from './line-time.ts';

test.each([
  ['2026-11-26T05:39:31.565Z INFO request', '2026-11-26T05:39:31.565Z'],
  ['2026-11-26 05:39:31,5 WARN it', '2026-11-26T05:39:31.500Z'],
  ['[2026-11-26T05:39:31.565123+02:00] it', '2026-11-26T03:39:31.565Z'],
  ['2026-11-26 05:39:31 +0200 it', '2026-11-26T03:39:31.000Z'],
  ['10.0.0.1 - - [26/Nov/2026:05:39:31 -0100] "GET / HTTP/1.1" 200', '2026-11-26T06:39:31.000Z'],
  ['{"level":30,"time":1795671571565,"msg":"it"}', '2026-11-26T05:39:31.565Z'],
])('%s', (line, expected) => {
  expect(new Date(timeOfLine(line) ?? 0).toISOString()).toBe(expected);
});

test('a line that does not say when it was written has no time', () => {
  expect(timeOfLine('   at line 10')).toBeUndefined();
  expect(timeOfLine('2026-13-45T99:99:99Z')).toBeUndefined();
  expect(timeOfLine('12345 requests')).toBeUndefined();
  expect(timeOfLine(`${'x'.repeat(200)} 2026-11-26T05:39:31Z`)).toBeUndefined();
});
