import { expect, test } from 'vitest';
import { groupProblem } from './new-group.ts';

test.each(['/shop', '/shop/web-2', '/a.b/c'])('%s can be the id of a group', (id) => {
  expect(groupProblem(id)).toBeUndefined();
});

test.each([
  ['', 'begins with a slash'],
  ['shop', 'begins with a slash'],
  ['/', 'behind each slash'],
  ['/shop/', 'behind each slash'],
  ['/shop//web', 'behind each slash'],
  ['/Shop', 'Shop is no name'],
  ['/shop/-web', '-web is no name'],
  ['/shop/..', '.. is no name'],
])('%s cannot, and it is said why', (id, why) => {
  expect(groupProblem(id)).toContain(why);
});
