import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { roomIn } from './stream-room.ts';

it('waits for room or for the end, whichever comes first, and leaves nothing behind', async () => {
  for (const free of [(stream: PassThrough) => stream.resume(), (stream: PassThrough) => stream.destroy()]) {
    const stream = new PassThrough({ highWaterMark: 1 });
    const before = [stream.listenerCount('drain'), stream.listenerCount('close')];
    expect(stream.write('more than there is room for')).toBe(false);
    const room = roomIn(stream);
    free(stream);
    await room;
    expect([stream.listenerCount('drain'), stream.listenerCount('close')]).toEqual(before);
  }
});
