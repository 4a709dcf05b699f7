import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { endsOf, ownAddressTowards } from './own-address.ts';

const hosts = (zk: string): readonly string[] => endsOf({ masters: [], zk }).map(({ host }) => host);

describe('where a machine that joins has to get to', () => {
  it('is ZooKeeper at its usual port where the URL has none', () => {
    expect(hosts('zk://10.0.0.1,10.0.0.2:2199/stadion')).toEqual(['10.0.0.1:2181', '10.0.0.2:2199']);
  });

  it('is read the same with a password and with TLS', () => {
    expect(hosts('zks://anna:geheim@a:2281/stadion')).toEqual(['a:2281']);
    expect(hosts('zk://anna:geheim@[fd00::1]/stadion')).toEqual(['[fd00::1]:2181']);
  });

  it('is a master first', () => {
    const ends = endsOf({ masters: ['http://10.0.0.1:5050'], zk: 'zk://10.0.0.2/stadion' });
    expect(ends.map(({ host }) => host)).toEqual(['10.0.0.1:5050', '10.0.0.2:2181']);
  });
});

describe('the own address', () => {
  it('is the one that the way to the first that answers leaves from', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const zk = `zk://127.0.0.1:1,127.0.0.1:${String(port)}/stadion`;
      expect(await ownAddressTowards({ masters: [], zk })).toBe('127.0.0.1');
    } finally {
      server.close();
    }
  });

  it('is told where nobody answers, with what to do', async () => {
    await expect(ownAddressTowards({ masters: [], zk: 'zk://127.0.0.1:1/stadion' })).rejects.toThrow(
      /127\.0\.0\.1:1: .*--bind-address/,
    );
  });
});
