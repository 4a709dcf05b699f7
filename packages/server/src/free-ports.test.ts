import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { chooseFreePorts } from './free-ports.ts';

describe('ports chosen before anything listens', () => {
  it('are different from each other, free, and the given ones where they are given', async () => {
    const ports = await chooseFreePorts('127.0.0.1', [0, 5050, 0, 0]);
    expect(ports[1]).toBe(5050);
    expect(new Set(ports).size).toBe(4);
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(ports[0], '127.0.0.1', resolve);
    });
    await new Promise((resolve) => server.close(resolve));
  });

  it('cannot be chosen on an address that this machine does not have', async () => {
    await expect(chooseFreePorts('203.0.113.1', [0])).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
  });
});
