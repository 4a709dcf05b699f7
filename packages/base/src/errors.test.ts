import { describe, expect, it } from 'vitest';
import { AssertionError, assert } from './assert.ts';
import { PlatformError, describeError, errorCode } from './errors.ts';

describe('errors', () => {
  it('are told apart by code, Node’s own included', () => {
    expect(errorCode(new PlatformError('store-locked', 'The store is locked.'))).toBe('store-locked');
    expect(errorCode(Object.assign(new Error('no such file'), { code: 'ENOENT' }))).toBe('ENOENT');
    expect(errorCode('text')).toBeUndefined();
  });

  it('are described with their causes, each once', () => {
    const inner = new Error('disk full');
    const outer = new PlatformError('store-full', 'Could not save', { cause: inner });
    expect(describeError(outer)).toBe('Could not save: disk full');
  });

  it('an assertion builds its message only when it fails', () => {
    let built = 0;
    assert(true, () => {
      built += 1;
      return 'never';
    });
    expect(built).toBe(0);
    expect(() => {
      assert(false, 'broken');
    }).toThrow(AssertionError);
  });
});
