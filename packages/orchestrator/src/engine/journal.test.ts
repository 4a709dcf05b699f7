import { VirtualTime } from '@stadion/base/testing';
import type { StoreOperation } from '@stadion/store';
import { expect, it } from 'vitest';
import { Journal } from './journal.ts';
import { BATCHES_IN_FLIGHT_MAX, RELEASED_PER_TURN_MAX } from './limits.ts';

/** A journal on a store that is done when it is told to be. */
function journalOf(time: VirtualTime) {
  const commits: (() => void)[] = [];
  const reliefs: number[] = [];
  const journal: Journal = new Journal({
    timers: time,
    commit: (_operations: readonly StoreOperation[]) =>
      new Promise((resolve) => {
        commits.push(resolve);
      }),
    restart: () => undefined,
    send: () => undefined,
    publish: () => undefined,
    failed: (error) => {
      throw error;
    },
    relieved: () => {
      reliefs.push(time.monotonic());
    },
    stuck: () => undefined,
  });
  const finish = (): void => {
    for (const done of commits.splice(0)) done();
  };
  return { journal, finish, reliefs };
}

/** Fills the journal with as many full turns as it takes, each with something that waits for it. */
function fill(journal: Journal, left: number[]): number {
  const perBatch = RELEASED_PER_TURN_MAX / 4;
  for (let batch = 0; batch < BATCHES_IN_FLIGHT_MAX; batch += 1) {
    for (let record = 0; record < perBatch; record += 1) journal.put(`/${batch}/${record}`, record);
    journal.whenDurable(() => left.push(batch));
    journal.flush();
  }
  return BATCHES_IN_FLIGHT_MAX;
}

it('what waited for very many records leaves in order, over several turns', async () => {
  const time = new VirtualTime();
  const { journal, finish, reliefs } = journalOf(time);
  const left: number[] = [];
  const batches = fill(journal, left);
  expect(journal.isCongested).toBe(true);
  finish();
  const lengths: number[] = [];
  await time.advanceUntil(() => {
    lengths.push(left.length);
    return left.length === batches;
  }, 1000);
  expect(left).toEqual(Array.from({ length: batches }, (_, index) => index));
  expect(lengths).toEqual(Array.from({ length: batches / 4 }, (_, turn) => (turn + 1) * 4));
  expect(reliefs).toHaveLength(1);
  expect(journal.isCongested).toBe(false);
});

it('nothing leaves any more once it is closed, though it is durable', async () => {
  const time = new VirtualTime();
  const { journal, finish } = journalOf(time);
  const left: number[] = [];
  fill(journal, left);
  finish();
  await time.advanceUntil(() => left.length > 0, 1000);
  expect(left).toHaveLength(4);
  journal.close();
  await time.advance(1000);
  expect(left).toHaveLength(4);
});
