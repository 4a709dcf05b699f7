/** A clock that is set back by an hour makes nobody wait for an hour, and one that counts in fractions has nobody go round in a circle. */
import { VirtualTime } from '@stadion/base/testing';
import type { Clock, TimerHandle, Timers } from '@stadion/base';
import { expect, it } from 'vitest';
import { DrainWatch } from './drain-watch.ts';
import { Killer } from './killer.ts';
import { LaunchWatch } from './launch-watch.ts';
import { DEFAULT_ENGINE_CONFIG } from './config.ts';

const HOUR_MS = 3_600_000;

/** Time whose wall clock can be set. */
class SettableTime implements Clock, Timers {
  readonly world = new VirtualTime();
  errorMs = 0;
  now(): number {
    return this.world.now() + this.errorMs;
  }
  monotonic(): number {
    return this.world.monotonic();
  }
  after(delayMs: number, callback: () => void): TimerHandle {
    return this.world.after(delayMs, callback);
  }
}

const instance = { id: 'one', place: { agentId: 'a' }, taskState: 'TASK_STAGING' } as never;
const fleet = { instance: () => instance } as never;
const turn = (work: () => void): void => {
  work();
};

it('what drains ends when its time is over', async () => {
  const time = new SettableTime();
  time.errorMs = HOUR_MS;
  const watch = new DrainWatch({ time, fleet, turn, unusedTasks: undefined });
  const ended: unknown[] = [];
  watch.start((each) => ended.push(each));
  watch.add('one', 10_000);
  await time.world.advance(5_000);
  time.errorMs = 0;
  await time.world.advance(4_999);
  expect(ended).toEqual([]);
  await time.world.advance(1);
  expect(ended).toEqual([instance]);
});

it('what does not come up is given up when its time is over, and not before', async () => {
  const time = new SettableTime();
  const link = { isConnected: true, reconcile: () => undefined } as never;
  const watch = new LaunchWatch({ time, config: DEFAULT_ENGINE_CONFIG, fleet, link, turn });
  const overdue: unknown[] = [];
  watch.start((each) => overdue.push(each));
  watch.add('one');
  time.errorMs = HOUR_MS;
  await time.world.advance(DEFAULT_ENGINE_CONFIG.taskLaunchTimeoutMs - 1);
  expect(overdue).toEqual([]);
  time.errorMs = -HOUR_MS;
  await time.world.advance(2 * DEFAULT_ENGINE_CONFIG.launchConfirmMs);
  expect(overdue).toEqual([instance]);
});

it('what was told to end and has not is told again after a pause, whatever fractions a clock counts in', () => {
  const world = new VirtualTime();
  const rate = 0.99;
  const time = {
    now: () => world.now(),
    monotonic: () => world.monotonic() * rate,
    after: (delayMs: number, callback: () => void) => world.after(Math.ceil(delayMs / rate), callback),
  };
  const config = { ...DEFAULT_ENGINE_CONFIG, killRetryMs: 9_900 };
  const place = { agentId: 'a' };
  const toldAt: number[] = [];
  const link = { isConnected: true, kill: () => toldAt.push(world.monotonic()) } as never;
  const killer = new Killer({
    time,
    config,
    fleet: { instance: (id: string) => ({ id, incarnation: 1, place }) } as never,
    link,
    counters: { add: () => undefined } as never,
    turn: (work) => {
      work();
      killer.pump();
    },
  });
  // 3 × 0.99 and 9,900 more is not 10,003 × 0.99, as a computer counts.
  world.after(3, () => {
    killer.add('one');
    killer.pump();
  });
  for (let steps = 0; steps < 100 && toldAt.length < 2; steps += 1) world.step();
  killer.stop();
  expect(toldAt).toEqual([3, 10_003]);
});
