/** Chooses real ports before anything starts, because a role tells others its port as soon as it starts. */
import { createServer, type Server } from 'node:net';

/**
 * Replaces every 0 by a port that is free at this moment.
 * @param address the address that will be listened on
 */
export async function chooseFreePorts(address: string, ports: readonly number[]): Promise<readonly number[]> {
  const holders: Server[] = [];
  try {
    // All are held until all are chosen, so that no two are the same.
    return await Promise.all(
      ports.map(async (port) => {
        if (port !== 0) return port;
        const holder = createServer();
        holders.push(holder);
        return await freePort(holder, address);
      }),
    );
  } finally {
    await Promise.all(holders.map((holder) => new Promise((resolve) => holder.close(resolve))));
  }
}

function freePort(holder: Server, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    holder.once('error', reject);
    holder.listen(0, address, () => {
      const bound = holder.address();
      if (bound === null || typeof bound === 'string') reject(new Error('a listening server has no port'));
      else resolve(bound.port);
    });
  });
}
