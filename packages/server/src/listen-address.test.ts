import type { PlatformError } from '@stadion/base';
import { describe, expect, it } from 'vitest';
import { assertListenable } from './listen-address.ts';

const refusal = (address: string): unknown => {
  try {
    assertListenable({ bindAddress: address });
    return undefined;
  } catch (error) {
    return error;
  }
};

describe('an address to listen on', () => {
  it.each(['127.0.0.1', '127.9.9.9', '::1', 'localhost'])('%s is fine: only this machine reaches it', (address) => {
    expect(refusal(address)).toBeUndefined();
  });

  it.each(['0.0.0.0', '::', '10.0.0.1', '192.168.1.1', '::ffff:10.0.0.1', '128.0.0.1'])(
    '%s is refused, and the sentence says what to do',
    (address) => {
      const error = refusal(address);
      expect(error).toMatchObject({ code: 'listen-address-open' });
      expect((error as PlatformError).message).toContain('ssh -L');
    },
  );

  it('beyond loopback is fine where strangers must show a secret', () => {
    expect(() => {
      assertListenable({ bindAddress: '10.0.0.1', secretFile: 'secret' });
    }).not.toThrow();
  });

  it.each(['', 'example.com', '127.0.0.1:80', '127.1'])('%j is no address at all', (address) => {
    expect(refusal(address)).toMatchObject({ code: 'listen-address-invalid' });
  });
});
