import { silentLogger, type Logger } from '@stadion/base';
import { VirtualTime } from '@stadion/base/testing';
import { expect, it, onTestFinished, vi } from 'vitest';
import { watchHeap } from './heap-watch.ts';
import { releaseMemory } from './release-memory.ts';

/** Watches this process, whose whole heap tests collect. */
function watch(time: VirtualTime, fullShare?: number): { readonly warnings: unknown[] } {
  const warnings: unknown[] = [];
  const log: Logger = { ...silentLogger, warn: (fields: object) => void warnings.push(fields) };
  const watching = watchHeap(log, time, fullShare);
  onTestFinished(() => {
    watching.cancel();
  });
  return { warnings };
}

it('warns when what a collection of all leaves over is too much, and then not again for a while', async () => {
  const time = new VirtualTime();
  const { warnings } = watch(time, 0.000_001);
  const { warnings: calm } = watch(time, 1);
  releaseMemory(time);
  await vi.waitFor(() => {
    expect(warnings).toHaveLength(1);
  });
  expect(warnings).toEqual([{ usedMiB: expect.any(Number), limitMiB: expect.any(Number) }]);
  await time.advance(60_000);
  const { warnings: fresh } = watch(time, 0.000_001);
  releaseMemory(time);
  await vi.waitFor(() => {
    expect(fresh).toHaveLength(1);
  });
  expect(warnings).toHaveLength(1);
  await time.advance(600_000);
  releaseMemory(time);
  await vi.waitFor(() => {
    expect(warnings).toHaveLength(2);
  });
  expect(calm).toEqual([]);
});
