/** Ports that nobody listens on, for those who have to say the same port more than once: to each worker, to HAProxy. */
import { createServer } from 'node:net';
import { PlatformError, errorCode } from '@stadion/base';
import type { EntryPointSettings } from './entry-point.ts';

/** The entry point with a real port in place of 0. */
export async function withPort(entry: EntryPointSettings): Promise<EntryPointSettings> {
  if (entry.port !== 0 || entry.path !== undefined) return entry;
  return { ...entry, port: await freePort(entry.host) };
}

/** Below those that the system gives to outgoing connections, one of which could take a port before it is listened on. */
const FIRST = 20_000;
/** Above are the ports of tasks. */
const LAST = 30_999;
const TRIES = 50;
const COUNT = LAST - FIRST + 1;
/** More than one process needs. */
const APART = 97;
/** Where to look next: processes begin apart from each other, and no two of one process get the same. */
let next = (process.pid * APART) % COUNT;

async function freePort(host: string): Promise<number> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = FIRST + next;
    next = (next + 1) % COUNT;
    if (await canListen(host, port)) return port;
  }
  throw new PlatformError(
    'edge-listen-EADDRINUSE',
    `No free port was found between ${String(FIRST)} and ${String(LAST)} on ${host}. Name a port instead of 0.`,
  );
}

function canListen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => {
      if (errorCode(error) === 'EADDRINUSE') resolve(false);
      else reject(error);
    });
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
