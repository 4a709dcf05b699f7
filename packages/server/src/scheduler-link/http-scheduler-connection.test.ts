import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { silentLogger } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';
import type { SchedulerCall } from '@stadion/contract/mesos';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { httpSchedulerConnection } from './http-scheduler-connection.ts';

const time = { ...systemClock, ...systemTimers };
const subscribe: Extract<SchedulerCall, { type: 'SUBSCRIBE' }> = {
  type: 'SUBSCRIBE',
  subscribe: { framework_info: { user: 'nobody', name: 'test' } },
};
const receiver = { onEvent: () => undefined, onClosed: () => undefined };

const servers: Server[] = [];

/** A master that keeps what it is asked and says nothing. */
async function silentMaster(): Promise<{ url: string; asked: IncomingMessage[]; stop: () => Promise<void> }> {
  const asked: IncomingMessage[] = [];
  const server = createServer((request) => asked.push(request));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = (): Promise<void> => {
    return new Promise((resolve) => {
      server.close(() => {
        resolve();
      });
      server.closeAllConnections();
    });
  };
  return { url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`, asked, stop };
}

afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

describe('a connection that is closed before a master has answered', () => {
  it('hangs up, and asks no other master: that would take the framework from whoever has it by then', async () => {
    const [first, second] = await Promise.all([silentMaster(), silentMaster()]);
    const masters = (): string[] => [first.url, second.url];
    const connection = httpSchedulerConnection({ masters, secret: undefined, tls: undefined, time, log: silentLogger });
    connection.subscribe(subscribe, receiver);
    await vi.waitFor(() => {
      expect(first.asked).toHaveLength(1);
    });
    const hungUp = new Promise((resolve) => first.asked[0]?.socket.once('close', resolve));
    connection.close();
    await hungUp;
    // A connection of somebody else is taken after all that was on its way before.
    connection.subscribe(subscribe, receiver);
    await first.stop();
    await vi.waitFor(() => {
      expect(second.asked.length).toBeGreaterThan(0);
    });
    expect(second.asked).toHaveLength(1);
    connection.close();
  });
});
