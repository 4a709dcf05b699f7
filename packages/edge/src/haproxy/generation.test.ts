import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { delay } from '@stadion/base';
import { systemTimers } from '@stadion/base/system';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FastPath } from '../core/haproxy/fast-path.ts';
import { Running } from '../core/haproxy/running.ts';
import { Generation } from './generation.ts';

const missing = (process.env['STADION_MISSING_PARTS'] ?? '').split(',');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stadion-generation-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe.skipIf(missing.includes('haproxy'))('a process of HAProxy that finishes', () => {
  it('has finished with its ports when it says so, not when it is told', async () => {
    const [configuration, socket] = [join(folder, 'haproxy.cfg'), join(folder, 'runtime.sock')];
    const port = String(await freePort());
    await writeFile(
      configuration,
      `global\n  stats socket ${socket}\ndefaults\n  mode http\n  timeout client 5s\n` +
        `frontend http\n  bind 127.0.0.1:${port}\nfrontend other\n  bind 127.0.0.1:${String(await freePort())}\n`,
    );
    const generation = new Generation({
      ...{ program: 'haproxy', configuration, socket, before: undefined, descriptors: [], timers: systemTimers },
      frontends: ['http', 'other'],
      running: new Running(new FastPath(), { http: join(folder, 'http.map'), https: join(folder, 'https.map') }),
      ...{ onLine: () => undefined, onRefused: () => undefined },
    });
    await generation.launch();
    const isAccepting = (): Promise<boolean> =>
      fetch(`http://127.0.0.1:${port}/`).then(
        () => true,
        () => false,
      );
    expect(await isAccepting()).toBe(true);
    process.kill(generation.pid, 'SIGSTOP');
    let isDeaf = false;
    const finished = generation.finish().then(() => (isDeaf = true));
    // A turn of the loop each: what would be said at once would have been said.
    for (let turn = 0; turn < 10; turn += 1) await delay(systemTimers, 0);
    expect(isDeaf).toBe(false);
    process.kill(generation.pid, 'SIGCONT');
    await finished;
    expect(await isAccepting()).toBe(false);
    await generation.end(5_000);
    expect(generation.hasExited).toBe(true);
  });
});
