import { silentLogger } from '@stadion/base';
import { describe, expect, it } from 'vitest';
import { SecretCertificates } from './secret-certificates.ts';
import { selfSigned } from './self-signed.ts';

async function pem(name: string): Promise<string> {
  const { certificate, key } = await selfSigned([name], Date.UTC(2026, 0, 1), 1);
  return `${certificate}\n${key}`;
}

describe('SecretCertificates', () => {
  it('gives what the secrets hold, and keeps what it gave while they hold nothing that can be used', async () => {
    const values = new Map([['tls/shop', await pem('shop.test')]]);
    const complaints: string[] = [];
    const secrets = new SecretCertificates(
      {
        names: ['tls/shop', 'tls/api'],
        lookMs: 1_000,
        find: async (name) => {
          const value = values.get(name);
          return value === undefined ? { ok: false, message: `There is no ${name}.` } : { ok: true, value };
        },
      },
      { ...silentLogger, error: (fields) => complaints.push(String((fields as { problem?: string }).problem)) },
    );
    const looked = async () => (await secrets.look()).map(({ names, source }) => [source, ...names]);
    expect(await looked()).toEqual([['secret:tls/shop', 'shop.test']]);
    expect(await looked()).toHaveLength(1);
    expect(complaints).toEqual(['There is no tls/api.']);
    values.set('tls/api', await pem('api.test'));
    values.set('tls/shop', 'no certificate');
    expect(await looked()).toEqual([
      ['secret:tls/shop', 'shop.test'],
      ['secret:tls/api', 'api.test'],
    ]);
    values.set('tls/shop', await pem('new.test'));
    values.set('tls/api', (await pem('api.test')).split('-----BEGIN PRIVATE')[0] ?? '');
    expect(await looked()).toEqual([
      ['secret:tls/shop', 'new.test'],
      ['secret:tls/api', 'api.test'],
    ]);
    expect(complaints.slice(1)).toEqual([
      expect.stringContaining('no certificate'),
      expect.stringContaining('no private key'),
    ]);
  });
});
