import fc from 'fast-check';
import { isIP } from 'node:net';
import { describe, expect, test } from 'vitest';
import { formatAddress, isInSubnet, parseAddress, parseSubnet } from './ip-address.ts';

describe('addresses', () => {
  test.each([
    ['10.0.0.1', '10.0.0.1'],
    ['::', '::'],
    ['::1', '::1'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['fd00::', 'fd00::'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['64:ff9b::10.0.0.1', '64:ff9b::a00:1'],
  ])('%s is %s', (text, canonical) => {
    const bytes = parseAddress(text);
    expect(bytes === undefined ? undefined : formatAddress(bytes)).toBe(canonical);
  });

  test('agree with the system on what is one', () => {
    const odd = fc.stringMatching(/^[0-9a-f:.]{1,20}$/);
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), odd), (text) => {
        expect(parseAddress(text) !== undefined).toBe(isIP(text) !== 0);
      }),
    );
  });

  test('survive being written and read', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const bytes = parseAddress(text)!;
        expect(parseAddress(formatAddress(bytes))).toEqual(bytes);
        expect(isIP(formatAddress(bytes))).not.toBe(0);
      }),
    );
  });
});

test('a subnet has its own addresses only', () => {
  const subnet = parseSubnet('10.16.0.0/12')!;
  expect(isInSubnet(parseAddress('10.31.255.255')!, subnet)).toBe(true);
  expect(isInSubnet(parseAddress('10.32.0.0')!, subnet)).toBe(false);
  expect(isInSubnet(parseAddress('fd00::1')!, subnet)).toBe(false);
  expect(isInSubnet(parseAddress('fd12::1')!, parseSubnet('fc00::/7')!)).toBe(true);
  expect([parseSubnet('10.0.0.0/33'), parseSubnet('x/8'), parseSubnet('::/129')]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
