import { expect, test } from 'vitest';
import { tlsProblem, type TlsConnection } from './tls-refusal.ts';

const plain: TlsConnection = { isEncrypted: false, certificate: 'none', isFromThisMachine: false, asks: 'other' };
const encrypted = { ...plain, isEncrypted: true };
const ofCluster = { ...encrypted, certificate: 'good' } as const;

test('people come as they like while TLS is offered, and by TLS alone where it is required', () => {
  expect(tlsProblem(plain, false)).toBeUndefined();
  expect(tlsProblem(encrypted, false)).toBeUndefined();
  expect(tlsProblem(plain, true)).toMatch(/https:/);
  expect(tlsProblem(encrypted, true)).toBeUndefined();
  expect(tlsProblem({ ...plain, isFromThisMachine: true }, true)).toBeUndefined();
});

test('secrets go encrypted to machines of the cluster only, links too where they are encrypted or have to be', () => {
  expect(tlsProblem({ ...plain, asks: 'secret' }, false)).toMatch(/only over TLS/);
  expect(tlsProblem({ ...encrypted, asks: 'secret' }, false)).toMatch(/show a certificate/);
  expect(tlsProblem({ ...ofCluster, asks: 'secret' }, true)).toBeUndefined();
  expect(tlsProblem({ ...plain, asks: 'link' }, false)).toBeUndefined();
  expect(tlsProblem({ ...encrypted, asks: 'link' }, false)).toMatch(/show a certificate/);
  expect(tlsProblem({ ...plain, asks: 'link' }, true)).toMatch(/https:/);
  expect(tlsProblem({ ...ofCluster, asks: 'link' }, true)).toBeUndefined();
});

test('a certificate that is not good is refused whatever is asked, and told why', () => {
  const wrong = { ...encrypted, certificate: { reason: 'certificate has expired' } };
  for (const isRequired of [true, false]) expect(tlsProblem(wrong, isRequired)).toMatch(/certificate has expired/);
  expect(tlsProblem({ ...wrong, isFromThisMachine: true }, false)).toMatch(/expired/);
});
