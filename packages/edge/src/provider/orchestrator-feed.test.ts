import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { silentLogger } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';
import { sampleApp, sampleTask } from '../testing/sample-apps.ts';
import { OrchestratorFeed } from './orchestrator-feed.ts';

/** A busy machine takes its time. */
const PATIENT = { timeout: 20_000 };

describe('the feed of an orchestrator', () => {
  it('lets no answer stand that is older than what an event has said meanwhile', async () => {
    const shop = (serving: boolean): ReturnType<typeof sampleApp> =>
      sampleApp('/shop', {}, { instances: 1, tasks: [sampleTask('/shop', 0, { serving, draining: false })] });
    let events: ServerResponse | undefined;
    const asked: ServerResponse[] = [];
    const server = createServer((request, response) => {
      const path = request.url ?? '';
      if (path.startsWith('/v2/events')) {
        events = response.writeHead(200, { 'content-type': 'text/event-stream' });
        events.write(': hello\n\n');
      } else if (path.startsWith('/v2/apps?')) response.end(JSON.stringify({ apps: [shop(false)] }));
      else asked.push(response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const feed = new OrchestratorFeed({
      urls: [`http://127.0.0.1:${String(port)}`],
      clock: systemClock,
      timers: systemTimers,
      log: silentLogger,
      onChange: () => undefined,
    });
    const tell = (event: object): boolean | undefined =>
      events?.write(`event: any\ndata: ${JSON.stringify({ timestamp: '2026-01-01T00:00:00.000Z', ...event })}\n\n`);
    const isServing = (): boolean | undefined => feed.book.view('/shop', 0)?.instances.some(({ share }) => share > 0);
    try {
      await feed.start();
      tell({ eventType: 'health_status_changed_event', appId: '/shop', instanceId: 'a', version: '1', alive: true });
      await vi.waitFor(() => expect(asked).toHaveLength(1), PATIENT);
      const taskId = sampleTask('/shop', 0).id;
      const news = { runSpecId: '/shop', taskId, instanceId: 'a', serving: true, draining: false, reason: 'healthy' };
      tell({ eventType: 'instance_serving_changed_event', ...news });
      await vi.waitFor(() => expect(isServing()).toBe(true), PATIENT);
      // The answer was made before that event, and took its time.
      asked[0]?.end(JSON.stringify({ app: shop(false) }));
      await vi.waitFor(() => expect(asked).toHaveLength(2), PATIENT);
      asked[1]?.end(JSON.stringify({ app: shop(true) }));
      await vi.waitFor(() => expect(isServing()).toBe(true), PATIENT);
    } finally {
      await feed.stop();
      server.closeAllConnections();
      server.close();
    }
  });
});
