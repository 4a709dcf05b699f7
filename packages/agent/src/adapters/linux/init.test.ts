import { expect, it } from 'vitest';
import { findInit } from './runtime.ts';

it('takes the first init that is there, and says when none is', () => {
  expect(findInit(['/nowhere/one', '/bin/sh', '/bin/cat'])).toBe('/bin/sh');
  expect(findInit(['/nowhere/one'])).toBeUndefined();
});
