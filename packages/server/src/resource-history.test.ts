import { VirtualTime } from '@stadion/base/testing';
import { expect, test } from 'vitest';
import { ResourceRecorder } from './resource-history.ts';

test('the last hour is kept, a master that is away leaves a gap, and older samples go', async () => {
  const time = new VirtualTime();
  let used = 0;
  const metrics = async (): Promise<Record<string, number>> => {
    used += 1;
    if (used === 3) throw new Error('away');
    return { 'master/cpus_used': used, 'master/cpus_total': 8 };
  };
  const recorder = new ResourceRecorder(() => ({ metrics }), time);
  await time.advance(40_000);
  expect(recorder.history().samples.map(({ cpusUsed }) => cpusUsed)).toEqual([1, 2, 4, 5]);
  await time.advance(3_600_000 + 60_000);
  expect(recorder.history().samples).toHaveLength(360);
  recorder.stop();
  const before = used;
  await time.advance(60_000);
  expect(used).toBe(before);
});
