import { silentLogger } from '@stadion/base';
import { VirtualTime } from '@stadion/base/testing';
import { describe, expect, test } from 'vitest';
import { Reigns } from './reigns.ts';
import type { Leadership } from './store.ts';

function reigns(leadership: Promise<Leadership>, time = new VirtualTime()) {
  const ended: unknown[] = [];
  const subject = new Reigns({
    election: { campaign: () => leadership },
    candidate: 'a',
    lead: async (_epoch, over) => {
      ended.push(await over);
    },
    timers: time,
    log: silentLogger,
  });
  return { subject, ended, time };
}

describe('stopping', () => {
  test('does not wait for a campaign: whoever only stands by is gone at once', async () => {
    const { subject, time } = reigns(new Promise(() => undefined));
    subject.start();
    await subject.stop();
    expect(time.monotonic()).toBe(new VirtualTime().monotonic());
  });

  test('ends a reign, and gives the lead up before it is over', async () => {
    let resigned = false;
    const resign = async (): Promise<void> => {
      await Promise.resolve();
      resigned = true;
    };
    const leadership = Promise.resolve({ epoch: 1, lost: new Promise<void>(() => undefined), resign });
    const { subject, ended } = reigns(leadership);
    subject.start();
    await leadership;
    await Promise.resolve();
    await subject.stop();
    expect(ended).toEqual(['the server stops']);
    expect(resigned).toBe(true);
  });
});
