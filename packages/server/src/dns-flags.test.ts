import { expect, test } from 'vitest';
import { readSplits, readZones } from './dns-flags.ts';

test('zones of further clusters', () => {
  expect(readZones(' eu.mesos=http://10.1.0.1:5050,10.1.0.2:5050  us=https://m/ ', 'mesos')).toEqual([
    { domain: 'eu.mesos', masters: ['http://10.1.0.1:5050', 'http://10.1.0.2:5050'] },
    { domain: 'us', masters: ['https://m'] },
  ]);
  expect(readZones('', 'mesos')).toEqual([]);
});

test.each([
  ['EU=http://m:1', "'EU' is not a domain"],
  ['eu', "'eu' has no master"],
  ['eu=http://', 'is not the address of a master'],
  ['mesos=http://m:1', "'mesos' is there twice"],
  ['a=http://m:1 a=http://n:1', "'a' is there twice"],
])('zones that are refused: %s', (text, problem) => {
  expect(() => readZones(text, 'mesos')).toThrow(problem);
});

test('who sees which addresses', () => {
  const isNetwork = (text: string): boolean => text.includes('/');
  expect(readSplits('10.1.0.0/16,10.2.0.0/16=10.1.0.0/16 ::1/128=fd00::/8', isNetwork)).toEqual([
    { clients: ['10.1.0.0/16', '10.2.0.0/16'], prefer: ['10.1.0.0/16'] },
    { clients: ['::1/128'], prefer: ['fd00::/8'] },
  ]);
  expect(() => readSplits('10.1.0.0/16', isNetwork)).toThrow('says only half');
  expect(() => readSplits('x=10.1.0.0/16', isNetwork)).toThrow("'x' is not a network");
});
