import { expect, test } from 'vitest';
import { parseLogsSearch } from './logs-search.ts';
import { choice, choices, text, texts } from './search-params.ts';

test('what a query says is read, numbers as texts', () => {
  const search = { q: 12, name: 'web', states: 'a', list: ['a', 3, 'b'] };
  expect({ ...text(search, 'q'), ...text(search, 'name') }).toStrictEqual({ q: '12', name: 'web' });
  expect(texts(search, 'list')).toStrictEqual({ list: ['a', 'b'] });
  expect(choices(search, 'states', ['a', 'b'])).toStrictEqual({ states: ['a'] });
  expect(choice(search, 'name', ['web', 'api'])).toStrictEqual({ name: 'web' });
});

test('what is not there is nothing; what is not understood is undefined, so that it is not put back', () => {
  expect({ ...text({}, 'q'), ...texts({}, 'l'), ...choice({}, 'c', ['a']) }).toStrictEqual({});
  expect(text({ q: { deep: 1 } }, 'q')).toStrictEqual({ q: undefined });
  expect(texts({ l: [1, 2] }, 'l')).toStrictEqual({ l: undefined });
  expect(choices({ c: ['x'] }, 'c', ['a'])).toStrictEqual({ c: undefined });
  expect(choice({ c: 'x' }, 'c', ['a'])).toStrictEqual({ c: undefined });
  expect(parseLogsSearch({ context: 1, file: 'passwd' })).toStrictEqual({ context: undefined, file: undefined });
  expect(parseLogsSearch({ context: 2 })).toStrictEqual({ context: '2' });
});
