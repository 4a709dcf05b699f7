import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { ClusterAuthority, endOfCertificate } from './cluster-authority.ts';
import { Secret } from './secret.ts';

const NOW = Date.parse('2027-03-01T00:00:00Z');
const WISH = { names: ['node-1', '10.0.0.1', '::1'], nowMs: NOW, lifetimeMs: 86_400_000 };

test('machines with the same secret are of the same authority, others are not', async () => {
  const [one, two, other] = await Promise.all(
    ['one secret of theirs', 'one secret of theirs', 'another secret'].map((text) =>
      ClusterAuthority.of(new Secret(text)),
    ),
  );
  const leaf = new X509Certificate((await one?.issue(WISH))?.certificate ?? '');
  const keyOf = (authority: ClusterAuthority | undefined) =>
    new X509Certificate(authority?.certificate ?? '').publicKey;
  expect(leaf.verify(keyOf(one))).toBe(true);
  expect(leaf.verify(keyOf(two))).toBe(true);
  expect(leaf.verify(keyOf(other))).toBe(false);
});

test('a certificate says what it is for, and until when', async () => {
  const authority = await ClusterAuthority.of(new Secret('one secret of theirs'));
  const { certificate } = await authority.issue(WISH);
  const leaf = new X509Certificate(certificate);
  expect(leaf.checkHost('node-1')).toBe('node-1');
  expect(leaf.checkIP('10.0.0.1')).toBe('10.0.0.1');
  expect(leaf.ca).toBe(false);
  expect(new X509Certificate(authority.certificate).ca).toBe(true);
  expect(endOfCertificate(certificate)).toBe(NOW + WISH.lifetimeMs);
});
