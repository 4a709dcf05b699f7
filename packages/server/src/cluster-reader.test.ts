import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { VirtualTime } from '@stadion/base/testing';
import { createClusterReader } from './cluster-reader.ts';

it('asks the master about agents that have no address any more, where they may be said to be gone', async () => {
  const orders: string[] = [];
  const master = createServer((request, response) => {
    if (request.url === '/slaves') response.end(JSON.stringify({ slaves: [], recovered_slaves: [] }));
    else {
      let text = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      request.once('end', () => {
        orders.push(text);
        response.writeHead(text.includes('silent') ? 200 : 404).end();
      });
    }
  }).listen(0, '127.0.0.1');
  await once(master, 'listening');
  const { port } = master.address() as AddressInfo;
  const noHistory = () => ({ intervalSeconds: 60, samples: [] });
  const parts = { secret: undefined, tls: undefined };
  const reader = createClusterReader(() => `http://127.0.0.1:${String(port)}`, new VirtualTime(), noHistory, parts);
  const { signal } = new AbortController();
  const gone = (id: string) => ({ type: 'MARK_AGENT_GONE', mark_agent_gone: { agent_id: { value: id } } });
  try {
    expect(await reader.order('silent', gone('silent'), signal)).toBe(true);
    expect(await reader.order('nobody', gone('nobody'), signal)).toBe(false);
    expect(orders).toHaveLength(2);
    expect(await reader.order('silent', { type: 'DRAIN_AGENT' }, signal)).toBe(false);
    expect(orders).toHaveLength(2);
  } finally {
    master.closeAllConnections();
    master.close();
  }
});
