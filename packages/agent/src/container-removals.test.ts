import { expect, it } from 'vitest';
import { VirtualTime } from '@stadion/base/testing';
import { FakeContainerizer } from './adapters/fake/fake-containerizer.ts';
import { ContainerRemovals } from './container-removals.ts';

class Machine extends FakeContainerizer {
  readonly removed: string[] = [];

  override async remove(containerId: string): Promise<void> {
    if (containerId === 'stuck') throw new Error('the device is busy');
    this.removed.push(containerId);
  }
}

it('forgets a container only once the record of its end is written, or could not be', async () => {
  const time = new VirtualTime();
  const machine = new Machine({ clock: time, timers: time });
  const counters = { destroyErrors: 0 };
  const removals = new ContainerRemovals(machine, counters);
  const write: ((isWritten: boolean) => void)[] = [];
  for (const id of ['written', 'lost']) removals.add(id, new Promise((resolve) => write.push(resolve)));
  removals.add('unrecorded');
  await time.advance(1_000);
  expect(machine.removed).toEqual(['unrecorded']);
  write[0]?.(true);
  write[1]?.(false);
  await removals.settled();
  expect(machine.removed).toEqual(['unrecorded', 'written', 'lost']);
  expect(counters.destroyErrors).toBe(0);
  removals.add('stuck');
  await removals.settled();
  expect(counters.destroyErrors).toBe(1);
});
