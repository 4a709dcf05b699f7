import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeSessionTarget, encodeSessionTarget, type SessionTarget } from './task-session.ts';

test('a target is what was written, whatever the task is called', () => {
  const target = fc.record({
    taskId: fc.string({ minLength: 1, unit: 'grapheme' }),
    kind: fc.constantFrom<SessionTarget['kind'][]>('exec', 'attach', 'port'),
    words: fc.array(fc.string({ unit: 'grapheme' })),
  });
  fc.assert(
    fc.property(target, ({ taskId, kind, words }) => {
      const query = new URLSearchParams(words.map((word): [string, string] => ['argv', word]));
      const read = decodeSessionTarget(encodeSessionTarget({ taskId, kind, query }));
      expect([read?.taskId, read?.kind, read?.query.getAll('argv')]).toEqual([taskId, kind, words]);
    }),
  );
});

test('whatever stands in a request line is read, or is none', () => {
  const texts = [
    '',
    '/',
    '//',
    'http://[',
    '/v2/tasks/%zz/exec?argv=x',
    '/v2/tasks//exec',
    '/v2/tasks/a/b/exec',
    '/v2/tasks/a/other',
    '*',
  ];
  for (const text of texts) expect([text, decodeSessionTarget(text)]).toEqual([text, undefined]);
  fc.assert(fc.property(fc.string(), (text) => void decodeSessionTarget(`/v2/tasks/${text}/exec?${text}`)));
});
