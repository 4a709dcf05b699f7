import type { AppDefinition } from '@stadion/contract/orchestrator';
import type { NearestFit } from '@stadion/contract/orchestrator-extensions';
import { expect, test } from 'vitest';
import { amountsInWords, amountsThatFit, lackInWords, readAmounts, withAmounts } from './nearest-fit.ts';

const app = { cpus: 4, mem: 1024, disk: 0, gpus: 2 } as AppDefinition;
const lacking = (lacks: NearestFit['lacks']): NearestFit => ({ agentId: 'a', hostname: 'one', lacks });

test('an app that lacks something fits with that much less of it, and nothing else changed', () => {
  expect(amountsThatFit(app, lacking({ cpus: 2.5 }))).toEqual({ cpus: 1.5 });
  expect(amountsThatFit(app, lacking({ cpus: 3.9, mem: 0.5 }))).toEqual({ cpus: 0.1, mem: 1023 });
  expect(amountsThatFit(app, lacking({ gpus: 2 }))).toEqual({ gpus: 0 });
});

test('an app without cores or memory, or with less than nothing, is none', () => {
  expect(amountsThatFit(app, lacking({ cpus: 4 }))).toBeUndefined();
  expect(amountsThatFit(app, lacking({ mem: 1024 }))).toBeUndefined();
  expect(amountsThatFit(app, lacking({ disk: 10 }))).toBeUndefined();
});

test('amounts are told in words', () => {
  expect(lackInWords(lacking({ cpus: 1, gpus: 1 }))).toBe('1 core, 1 GPU');
  expect(amountsInWords({ cpus: 1.5, mem: undefined })).toBe('1.5 cores');
});

test('what a URL says is taken as far as it is an amount', () => {
  expect(readAmounts({ cpus: 1.5, mem: -1, disk: 'much', tab: 3 })).toEqual({
    cpus: 1.5,
    mem: undefined,
    disk: undefined,
  });
  expect(withAmounts({ id: '/a', cpus: 4 }, { cpus: 1.5, mem: undefined })).toEqual({ id: '/a', cpus: 1.5 });
});
