import { expect, test } from 'vitest';
import { isFromThisMachine, isOpenPath } from './admission.ts';

test('this machine is known by its addresses, over IPv6 sockets too', () => {
  expect(isFromThisMachine({ remoteAddress: '127.0.0.1', localAddress: '127.0.0.1' })).toBe(true);
  expect(isFromThisMachine({ remoteAddress: '::1', localAddress: '::1' })).toBe(true);
  expect(isFromThisMachine({ remoteAddress: '::ffff:10.0.0.1', localAddress: '10.0.0.1' })).toBe(true);
  expect(isFromThisMachine({ remoteAddress: '10.0.0.2', localAddress: '10.0.0.1' })).toBe(false);
  expect(isFromThisMachine({ remoteAddress: undefined, localAddress: undefined })).toBe(false);
});

test('only signs of life, the way to the leader, and executors with tokens of their own come in without', () => {
  for (const path of ['/health', '/ping?x=1', '/master/redirect', '/slave(1)/api/v1/executor']) {
    expect(isOpenPath(path)).toBe(true);
  }
  for (const path of ['/', '/v2/apps', '/health/', '//health', '/state?/health']) expect(isOpenPath(path)).toBe(false);
});
