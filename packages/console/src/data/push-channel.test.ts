import type { ResumedEvents } from '@stadion/contract/client';
import { VirtualTime } from '@stadion/base/testing';
import { expect, test } from 'vitest';
import { PushChannel } from './push-channel.ts';

/** A peer whose streams end when a test says so. It remembers events, or has forgotten them. */
class Peer {
  readonly asked: (string | undefined)[] = [];
  isAway = false;
  remembers = false;
  end: () => void = () => undefined;

  readonly open = async ({ after }: { readonly after?: string }): Promise<ResumedEvents> => {
    this.asked.push(after);
    if (this.isAway) throw new Error('away');
    const ended = new Promise<void>((resolve) => {
      this.end = resolve;
    });
    const id = `run-${String(this.asked.length)}`;
    const events = (async function* () {
      yield { event: { eventType: 'event_stream_attached', timestamp: '', remoteAddress: '' } as const };
      yield { id, event: { eventType: 'app_terminated_event', timestamp: '', appId: '/a' } as const };
      await ended;
    })();
    return { isComplete: this.remembers && after !== undefined, [Symbol.asyncIterator]: () => events };
  };
}

function scene() {
  const time = new VirtualTime();
  const peer = new Peer();
  const channel = new PushChannel(peer.open, time);
  const told: string[] = [];
  channel.onEvent(({ id }) => id !== undefined && told.push(id));
  channel.onResync(() => told.push('resync'));
  channel.onState(() => told.push(channel.state()));
  return { time, peer, channel, told };
}

test('events are passed on; when the peer has forgotten what was missed everything is read again', async () => {
  const { time, peer, channel, told } = scene();
  const stop = channel.start();
  await time.advance(1);
  expect(told).toEqual(['live', 'run-1']);
  peer.isAway = true;
  peer.end();
  await time.advance(1);
  expect(channel.state()).toBe('lost');
  expect(channel.lostSince()).toBe(time.now() - 1);
  await time.advance(60_000);
  expect(peer.asked.length).toBeLessThan(16);
  peer.isAway = false;
  channel.hurry();
  await time.advance(1);
  expect(told).toEqual(['live', 'run-1', 'lost', 'live', 'resync', `run-${String(peer.asked.length)}`]);
  stop();
  const { length } = peer.asked;
  peer.end();
  await time.advance(60_000);
  expect(peer.asked.length).toBe(length);
});

test('it goes on behind the last event that was heard, and then nothing needs to be read again', async () => {
  const { time, peer, channel, told } = scene();
  const stop = channel.start();
  await time.advance(1);
  peer.remembers = true;
  peer.end();
  await time.advance(1_000);
  expect(peer.asked).toEqual([undefined, 'run-1']);
  expect(told).toEqual(['live', 'run-1', 'lost', 'live', 'run-2']);
  stop();
});
