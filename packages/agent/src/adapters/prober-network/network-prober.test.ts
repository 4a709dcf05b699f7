import { createServer, type Server } from 'node:http';
import { systemTimers } from '@stadion/base/system';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProbeAnswer } from '../../core/probe.ts';
import { createNetworkProber } from './network-prober.ts';

let server: Server;
let port: number;
const prober = createNetworkProber({ timers: systemTimers });

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === '/hangs') return;
    if (request.url === '/moved') response.writeHead(302, { location: '/hangs' }).end();
    else response.writeHead(request.url === '/sick' ? 503 : 200, { 'content-type': 'text/x' }).end('body');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});

afterAll(async () => {
  await prober.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function http(
  path: string,
  more: { wantsBody?: boolean; timeoutMs?: number; port?: number } = {},
): Promise<ProbeAnswer> {
  return prober.probe({
    kind: 'http',
    scheme: 'http',
    addresses: ['127.0.0.2', '127.0.0.1'],
    port,
    path,
    timeoutMs: 5000,
    wantsBody: false,
    ...more,
  });
}

describe('an HTTP probe', () => {
  it('tells the status, on the address where somebody listens', async () => {
    expect(await http('/')).toEqual({ kind: 'http', status: 200, contentType: 'text/x', body: '' });
    expect(await http('sick')).toMatchObject({ status: 503 });
  });

  it('follows no redirect', async () => {
    expect(await http('/moved')).toMatchObject({ status: 302 });
  });

  it('brings the body when somebody wants it', async () => {
    expect(await http('/', { wantsBody: true })).toMatchObject({ body: 'body' });
  });

  it('fails when nobody answers in time, nobody listens, or the path is impossible', async () => {
    expect(await http('/hangs', { timeoutMs: 50 })).toEqual({ kind: 'failed', cause: 'no answer within 0.05 s' });
    expect(await http('/', { port: 1 })).toMatchObject({ kind: 'failed' });
    expect(await http('/a b\n')).toMatchObject({ kind: 'failed' });
  });
});

describe('a TCP probe', () => {
  it('connects or fails', async () => {
    const addresses = ['127.0.0.1'];
    expect(await prober.probe({ kind: 'tcp', addresses, port, timeoutMs: 1000 })).toEqual({ kind: 'tcp' });
    expect(await prober.probe({ kind: 'tcp', addresses, port: 1, timeoutMs: 1000 })).toMatchObject({ kind: 'failed' });
  });
});
