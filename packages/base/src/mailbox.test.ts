import { describe, expect, it } from 'vitest';
import { Mailbox } from './mailbox.ts';
import { VirtualTime } from './virtual-time.ts';

describe('a mailbox', () => {
  it('never delivers inside the call that posts', async () => {
    const time = new VirtualTime();
    const seen: number[] = [];
    const mailbox = new Mailbox<number>(time, (message) => seen.push(message));
    mailbox.post(1);
    mailbox.post(2);
    expect(seen).toEqual([]);
    await time.advance(0);
    expect(seen).toEqual([1, 2]);
  });

  it('keeps the order when the receiver posts again', async () => {
    const time = new VirtualTime();
    const seen: number[] = [];
    const mailbox = new Mailbox<number>(time, (message) => {
      seen.push(message);
      if (message < 5) mailbox.post(message + 10);
    });
    for (let message = 0; message < 5; message += 1) mailbox.post(message);
    await time.advance(0);
    expect(seen).toEqual([0, 1, 2, 3, 4, 10, 11, 12, 13, 14]);
  });

  it('gives the event loop back when a turn grows long, and loses nothing', async () => {
    const time = new VirtualTime();
    let clock = 0;
    const slow = { now: () => 0, monotonic: () => (clock += 1), after: time.after.bind(time) };
    let delivered = 0;
    let turns = 0;
    const mailbox = new Mailbox<number>(slow, () => (delivered += 1));
    for (let message = 0; message < 10_000; message += 1) mailbox.post(message);
    while (time.step()) turns += 1;
    expect(delivered).toBe(10_000);
    expect(turns).toBeGreaterThan(10);
    expect(mailbox.size).toBe(0);
  });

  it('delivers nothing after it was closed', async () => {
    const time = new VirtualTime();
    const seen: number[] = [];
    const mailbox = new Mailbox<number>(time, (message) => {
      seen.push(message);
      mailbox.close();
    });
    mailbox.post(1);
    mailbox.post(2);
    await time.advance(10);
    mailbox.post(3);
    await time.advance(10);
    expect(seen).toEqual([1]);
  });
});
