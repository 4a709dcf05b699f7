import type { OrchestratorEvent } from '@stadion/contract/orchestrator';
import { VirtualTime } from '@stadion/base/testing';
import { expect, test } from 'vitest';
import { PushChannel } from './push-channel.ts';

const EVENT: OrchestratorEvent = {
  eventType: 'app_terminated_event',
  timestamp: '2026-01-01T00:00:00.000Z',
  appId: '/a',
};

/** A peer whose streams end when a test says so. */
class Peer {
  opened = 0;
  isAway = false;
  end: () => void = () => undefined;

  readonly open = async (): Promise<AsyncIterable<OrchestratorEvent>> => {
    this.opened += 1;
    if (this.isAway) throw new Error('away');
    const ended = new Promise<void>((resolve) => {
      this.end = resolve;
    });
    return (async function* () {
      yield EVENT;
      await ended;
    })();
  };
}

test('events are passed on; after an interruption everything is read again, and the state is told', async () => {
  const time = new VirtualTime();
  const peer = new Peer();
  const channel = new PushChannel(peer.open, time);
  const told: string[] = [];
  channel.onEvent(({ eventType }) => told.push(eventType));
  channel.onResync(() => told.push('resync'));
  channel.onState(() => told.push(channel.state()));
  const stop = channel.start();
  await time.advance(1);
  expect(told).toEqual(['live', 'app_terminated_event']);
  peer.isAway = true;
  peer.end();
  await time.advance(1);
  expect(channel.state()).toBe('lost');
  expect(channel.lostSince()).toBe(time.now() - 1);
  await time.advance(60_000);
  expect(peer.opened).toBeLessThan(16);
  peer.isAway = false;
  channel.hurry();
  await time.advance(1);
  expect(told).toEqual(['live', 'app_terminated_event', 'lost', 'live', 'resync', 'app_terminated_event']);
  stop();
  const { opened } = peer;
  peer.end();
  await time.advance(60_000);
  expect(peer.opened).toBe(opened);
});
