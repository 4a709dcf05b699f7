import { getEventListeners } from 'node:events';
import { VirtualTime } from '@stadion/base/testing';
import { describe, expect, it } from 'vitest';
import { Bell, waitFor } from './waiting.ts';

describe('a bell', () => {
  it('ends a wait at once, and the next one when nobody waited', async () => {
    const time = new VirtualTime();
    const { signal } = new AbortController();
    const bell = new Bell();
    const waiting = bell.wait(time, 1000, signal);
    bell.ring();
    await waiting;
    bell.ring();
    await bell.wait(time, 1000, signal);
    expect(time.now()).toBe(new VirtualTime().now());
  });

  it('gives the reason of a signal, aborted before or during the wait', async () => {
    const time = new VirtualTime();
    const controller = new AbortController();
    const waiting = new Bell().wait(time, 1000, controller.signal);
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(new Bell().wait(time, 1000, controller.signal)).rejects.toThrow('enough');
  });
});

describe('a signal that many waits share', () => {
  it('is left without listeners, however they end', async () => {
    const time = new VirtualTime();
    const { signal } = new AbortController();
    const bell = new Bell();
    for (let round = 0; round < 50; round += 1) {
      const waits = [bell.wait(time, 10, signal), waitFor(time, 10, signal)];
      if (round % 2 === 0) bell.ring();
      await time.advance(10);
      await Promise.all(waits);
    }
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});
