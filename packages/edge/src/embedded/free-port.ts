/** Ports that nobody listens on, for those who have to say the same port more than once: to each worker, to HAProxy. */
import { createServer } from 'node:net';
import type { EntryPointSettings } from './entry-point.ts';

/** The entry point with a real port in place of 0. */
export async function withPort(entry: EntryPointSettings): Promise<EntryPointSettings> {
  if (entry.port !== 0 || entry.path !== undefined) return entry;
  return { ...entry, port: await freePort(entry.host) };
}

function freePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, host, () => {
      const address = server.address();
      server.close(() => resolve(address !== null && typeof address === 'object' ? address.port : 0));
    });
  });
}
