import { expect, it } from 'vitest';
import { readAmounts, writeAmounts } from './amounts.ts';

it('reads amounts by name, and says what is none', () => {
  expect(readAmounts('cpus=4,mem=8192.5')).toEqual({ cpus: { value: 4 }, mem: { value: 8192.5 } });
  expect(readAmounts('cpus=0 gpus=1')).toEqual({ cpus: { value: 0 }, gpus: { value: 1 } });
  expect(readAmounts('')).toEqual({});
  expect(readAmounts('memory=1')).toContain('none of cpus=…, mem=…');
  expect(readAmounts('cpus=-1')).toContain('needs a number');
  expect(readAmounts('cpus')).toContain('needs a number');
  expect(readAmounts('cpus=1,cpus=2')).toContain('twice');
  expect(readAmounts('toString=1')).toContain('none of');
});

it('writes them as they are read', () => {
  expect(writeAmounts({ cpus: 4, mem: 10 })).toBe('cpus=4 mem=10');
  expect(writeAmounts({})).toBe('-');
});
