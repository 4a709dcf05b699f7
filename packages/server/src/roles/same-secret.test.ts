import { createServer, type AddressInfo } from 'node:net';
import { createServer as createHttpServer, type Server } from 'node:http';
import { systemTimers } from '@stadion/base/system';
import { afterEach, describe, expect, it } from 'vitest';
import { assertSameSecret } from './same-secret.ts';

const plain = { fetch, believesBySecret: false, timers: systemTimers };
let server: Server | undefined;
afterEach(() => {
  server?.close();
});

async function leaderThatAnswers(status: number): Promise<{ orchestrator: string }> {
  const made = createHttpServer((_request, response) => response.writeHead(status).end('{}')).listen(0, '127.0.0.1');
  server = made;
  await new Promise((resolve) => made.once('listening', resolve));
  return { orchestrator: `http://127.0.0.1:${String((made.address() as AddressInfo).port)}` };
}

describe('a server whose secret the leader does not take', () => {
  it('is told so, and what to do', async () => {
    const refused = assertSameSecret(await leaderThatAnswers(401), plain);
    await expect(refused).rejects.toMatchObject({ code: 'secret-differs' });
    await expect(refused).rejects.toThrow(/does not take the secret.*--secret-file/);
  });

  it('is one whose certificate is of another authority, too', async () => {
    const cause = Object.assign(new Error('no'), { code: 'SELF_SIGNED_CERT_IN_CHAIN' });
    const failing = (): Promise<never> => Promise.reject(new TypeError('fetch failed', { cause }));
    const leader = { orchestrator: 'https://h:1' };
    const asking = { fetch: failing, believesBySecret: true, timers: systemTimers };
    await expect(assertSameSecret(leader, asking)).rejects.toMatchObject({ code: 'secret-differs' });
    // Without TLS here, or with authorities that were given, it says nothing about the secret.
    await expect(assertSameSecret(leader, { ...asking, believesBySecret: false })).resolves.toBeUndefined();
  });

  it.each([200, 403, 503])('is no one whom it answers (%i)', async (status) => {
    await expect(assertSameSecret(await leaderThatAnswers(status), plain)).resolves.toBeUndefined();
  });

  it('is no one who cannot reach it', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => closed.once('listening', resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    await expect(
      assertSameSecret({ orchestrator: `http://127.0.0.1:${String(port)}` }, plain),
    ).resolves.toBeUndefined();
  });
});
