/** A clock that is set back by an hour makes nobody wait for an hour. */
import { VirtualTime } from '@stadion/base/testing';
import type { Clock, TimerHandle, Timers } from '@stadion/base';
import { expect, it } from 'vitest';
import { DrainWatch } from './drain-watch.ts';
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
