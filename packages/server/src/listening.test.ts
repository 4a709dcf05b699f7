import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { listen } from './listening.ts';

const opened: FastifyInstance[] = [];

function listening(port: number, flag: string): { readonly http: FastifyInstance; readonly url: Promise<string> } {
  const http = Fastify({ forceCloseConnections: true });
  http.post('/v2/apps', () => ({ done: true }));
  opened.push(http);
  return { http, url: listen(http, { address: '127.0.0.1', port, flag, api: 'agent', ownNames: new Set() }) };
}

describe('a server on its port', () => {
  afterEach(async () => {
    for (const http of opened.splice(0)) await http.close();
  });

  it('serves programs and refuses what other people’s pages send, whatever the room', async () => {
    const { http, url } = listening(0, '--some-port');
    const host = new URL(await url).host;
    const post = (headers: Record<string, string>) =>
      http.inject({ method: 'POST', url: '/v2/apps', headers: { host, ...headers } });
    expect((await post({})).statusCode).toBe(200);
    const refused = await post({ origin: 'http://evil.example' });
    expect(refused.statusCode).toBe(403);
    expect(refused.json()).toEqual({ message: expect.stringContaining('evil.example') as string });
    expect((await post({ host: 'evil.example' })).statusCode).toBe(403);
  });

  it('names the flag to change when its port is taken', async () => {
    const port = Number(new URL(await listening(0, '--first-port').url).port);
    await expect(listening(port, '--second-port').url).rejects.toMatchObject({
      code: 'port-taken',
      message: expect.stringContaining('--second-port') as string,
    });
  });
});
