import { posix } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ancestorIds, appIdErrors, parentId, resolveId } from './app-id.ts';
import { APP_ID_LENGTH_MAX } from './limits.ts';

test.each([
  ['web', '/web'],
  ['/a/b', '/a/b'],
  ['//a//b/', '/a/b'],
  ['/a/./b', '/a/b'],
  ['/a/../b', '/b'],
  ['../../etc/passwd', '/etc/passwd'],
  ['..', '/'],
  ['', '/'],
])('resolves %s to %s', (raw, resolved) => {
  expect(resolveId(raw)).toBe(resolved);
});

test('resolves relative ids against a base', () => {
  expect(resolveId('../db', '/shop/web')).toBe('/shop/db');
  expect(resolveId('/db', '/shop/web')).toBe('/db');
});

test.each(['web', 'a-b', 'a.b', '/a/b/c', '0', 'tasks/x', '../web'])('admits %s', (raw) => {
  expect(appIdErrors(raw)).toEqual([]);
});

test.each([
  '',
  '/',
  '..',
  '/a/..',
  'a/.',
  'Web',
  'a_b',
  '-a',
  'a-',
  'a.',
  '.a',
  'a/restart',
  'tasks',
  'versions',
  'ü',
  'a b',
])('refuses %j', (raw) => {
  expect(appIdErrors(raw)).not.toEqual([]);
});

test('refuses an id that is too long to become a file name', () => {
  expect(appIdErrors('a'.repeat(APP_ID_LENGTH_MAX))).toEqual([]);
  expect(appIdErrors('a'.repeat(APP_ID_LENGTH_MAX + 1))).toHaveLength(1);
});

test('never climbs above the root', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('..', '.', '', 'a', 'b'), { maxLength: 12 }), (segments) => {
      const id = resolveId(segments.join('/'));
      expect(id).toMatch(/^\/(?:[ab](?:\/[ab])*)?$/);
    }),
  );
});

/** The rule as Marathon writes it, and paths as the file system has them. */
const MARATHON_SEGMENT = /^(([a-z0-9]|[a-z0-9][a-z0-9\-]*[a-z0-9])\.)*([a-z0-9]|[a-z0-9][a-z0-9\-]*[a-z0-9])$/;
const RESERVED = ['restart', 'tasks', 'versions', '.', '..'];

function isIdInMarathon(raw: string): boolean {
  const given = raw.split('/').filter((segment) => segment !== '');
  const resolved = posix.resolve('/', raw).split('/').slice(1);
  if (given.length === 0 || resolved.join('') === '') return false;
  return resolved.every((segment) => MARATHON_SEGMENT.test(segment)) && !RESERVED.includes(given.at(-1) ?? '');
}

test('resolves and admits exactly what Marathon does', () => {
  const segment = fc.oneof(
    fc.constantFrom(...RESERVED, 'a', '0', '', 'tasks1'),
    fc.string({ unit: fc.constantFrom('a', 'z', '0', '9', '-', '.', '_', 'A', ' ', 'ü', '\n'), maxLength: 6 }),
  );
  const raw = fc
    .tuple(fc.constantFrom('', '/'), fc.array(segment, { maxLength: 5 }))
    .map(([start, segments]) => start + segments.join('/'));
  fc.assert(
    fc.property(raw, (id) => {
      expect(resolveId(id)).toBe(posix.resolve('/', id));
      expect(resolveId(id, '/x/y')).toBe(posix.resolve('/x/y', id));
      expect(appIdErrors(id).length === 0).toBe(isIdInMarathon(id));
    }),
    { numRuns: 2000 },
  );
});

test('knows the groups above an id', () => {
  expect(ancestorIds('/a/b/c')).toEqual(['/a/b', '/a']);
  expect(ancestorIds('/a')).toEqual([]);
  expect(parentId('/a/b')).toBe('/a');
  expect(parentId('/a')).toBe('/');
  expect(parentId('/')).toBe('/');
});
