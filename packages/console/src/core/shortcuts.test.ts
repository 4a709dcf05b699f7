import { expect, test } from 'vitest';
import { editorOf, shortcutOf, SHORTCUTS, type PressedKey } from './shortcuts.ts';

const pressed = (key: string, more: Partial<PressedKey> = {}): PressedKey => ({
  key,
  code: '',
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...more,
});

test('keys that Marathon has lead where they do there', () => {
  expect(shortcutOf(pressed('c'), '', false)).toEqual({ kind: 'go', to: '/new' });
  expect(shortcutOf(pressed('C', { shiftKey: true }), '', false)).toEqual({ kind: 'show', what: 'group' });
  // Which sign a comma becomes with Shift, the layout of the keyboard says.
  for (const key of ['<', ';']) {
    const about = shortcutOf(pressed(key, { shiftKey: true, code: 'Comma' }), '', false);
    expect(about).toEqual({ kind: 'go', to: '/cluster' });
  }
  expect(shortcutOf(pressed('?', { shiftKey: true, code: 'Slash' }), '', false)).toEqual({
    kind: 'show',
    what: 'keys',
  });
  expect(shortcutOf(pressed('d'), 'g', false)).toEqual({ kind: 'go', to: '/deployments' });
});

test('a large letter without Shift is none of them, nor is what goes into a field', () => {
  expect(shortcutOf(pressed('C'), '', false)).toBeUndefined();
  expect(shortcutOf(pressed('C', { shiftKey: true }), '', true)).toBeUndefined();
  expect(shortcutOf(pressed('c'), '', true)).toBeUndefined();
  expect(shortcutOf(pressed('k', { ctrlKey: true }), '', true)).toEqual({ kind: 'show', what: 'palette' });
});

test('no two have the same keys', () => {
  const keys = SHORTCUTS.map((shortcut) => shortcut.keys.join(' '));
  expect(new Set(keys).size).toBe(keys.length);
});

test('the editor of what a page shows is that of its app or pod, if it shows one', () => {
  expect(['/app/shop/web', '/pod/pair', '/apps', '/app', '/node/app'].map(editorOf)).toEqual([
    '/edit/shop/web',
    '/edit-pod/pair',
    undefined,
    undefined,
    undefined,
  ]);
});
