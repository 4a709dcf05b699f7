import { X509Certificate, createPrivateKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { selfSigned } from './self-signed.ts';

describe('a certificate of its own', () => {
  it('is for its names and addresses, by its key, from an hour ago for two years', async () => {
    const nowMs = Date.UTC(2026, 10, 26, 12);
    const { certificate, key } = await selfSigned(['localhost', '*.apps.test', '10.0.0.7', '::1'], nowMs, 0xffffffff);
    const read = new X509Certificate(certificate);
    expect(
      ['localhost', 'shop.apps.test', 'a.shop.apps.test'].map((name) => read.checkHost(name) !== undefined),
    ).toEqual([true, true, false]);
    expect(['10.0.0.7', '::1', '10.0.0.8'].map((address) => read.checkIP(address) !== undefined)).toEqual([
      true,
      true,
      false,
    ]);
    expect(read.checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(read.verify(read.publicKey)).toBe(true);
    expect([read.ca, read.serialNumber]).toEqual([false, '01FFFFFFFF']);
    expect([Date.parse(read.validFrom), Date.parse(read.validTo)]).toEqual([
      Date.UTC(2026, 10, 26, 11),
      nowMs + 730 * 86_400_000,
    ]);
  });
});
