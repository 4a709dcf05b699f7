import { EditorState } from '@codemirror/state';
import { expect, it } from 'vitest';
import { isTyped, puttingText } from './put-text.ts';

it('tells what somebody types from what is put in', () => {
  const state = EditorState.create({ doc: '{"id": "/old"}' });
  const put = state.update(puttingText(state, '{"id": "/new"}'));
  expect(put.state.doc.toString()).toBe('{"id": "/new"}');
  expect(isTyped([put])).toBe(false);
  const typed = put.state.update({ changes: { from: 0, insert: ' ' } });
  expect(isTyped([typed])).toBe(true);
  expect(isTyped([put, typed])).toBe(true);
  expect(isTyped([state.update({ selection: { anchor: 1 } })])).toBe(false);
});
