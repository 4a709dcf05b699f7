import { VirtualTime } from '@stadion/base/testing';
import { describe, expect, test } from 'vitest';
import type { EmbeddedStore, StoreOperation } from '../../store.ts';
import { storeConformance } from '../../testing.ts';
import { SimulatedDisk } from './index.ts';

describe('the store in memory', () => {
  for (const claim of storeConformance) {
    test(claim.name, async () => {
      const disk = new SimulatedDisk();
      await claim.check({ open: async () => disk.open() });
    });
  }
});

describe('the simulated disk', () => {
  test('makes a commit durable, then acknowledged, after the delays it was given', async () => {
    const { time, store, disk } = slowDisk();
    let isAcknowledged = false;
    void store.commit([put('/a', 1)], 0).then(() => {
      isAcknowledged = true;
    });
    await time.advance(9);
    expect(await store.get('/a')).toBeUndefined();
    await time.advance(1);
    expect(await store.get('/a')).toMatchObject({ value: 1 });
    expect(isAcknowledged).toBe(false);
    await time.advance(5);
    expect(isAcknowledged).toBe(true);
    disk.crash();
  });

  test('loses on a crash what was not durable, keeps what was, and never settles the promises of the dead', async () => {
    const { time, store, disk } = slowDisk();
    const settled: string[] = [];
    watch(store.commit([put('/durable', 1)], 0), 'durable', settled);
    watch(store.commit([put('/unacknowledged', 1)], 0), 'unacknowledged', settled);
    watch(store.commit([put('/lost', 1)], 0), 'lost', settled);
    await time.advance(15 + 12);
    disk.crash();
    watch(store.get('/durable'), 'get', settled);
    watch(store.commit([put('/dead', 1)], 0), 'dead', settled);
    await time.advance(1000);
    expect(settled).toEqual(['durable']);
    const next = disk.open();
    expect(await keysOf(next)).toEqual(['/durable', '/unacknowledged']);
  });

  test('gives a new leader after a crash a higher epoch', async () => {
    const { time, store, disk } = slowDisk();
    const first = store.campaign('first');
    await time.advance(100);
    disk.crash();
    const second = disk.open().campaign('second');
    await time.advance(100);
    expect((await second).epoch).toBeGreaterThan((await first).epoch);
  });

  test('is used by one store at a time', () => {
    const { disk } = slowDisk();
    expect(() => disk.open()).toThrow(expect.objectContaining({ code: 'store-locked' }));
  });

  test('gives up nothing that a crash in the same turn as the commit could have saved', async () => {
    const disk = new SimulatedDisk();
    const settled: string[] = [];
    watch(disk.open().commit([put('/a', 1)], 0), 'commit', settled);
    disk.crash();
    expect(await keysOf(disk.open())).toEqual([]);
    expect(settled).toEqual([]);
  });
});

function slowDisk(): { time: VirtualTime; disk: SimulatedDisk; store: EmbeddedStore } {
  const time = new VirtualTime();
  const disk = new SimulatedDisk({ timers: time, durableAfterMs: () => 10, acknowledgedAfterMs: () => 5 });
  return { time, disk, store: disk.open() };
}

function put(key: string, value: number): StoreOperation {
  return { type: 'put', key, value };
}

function watch(promise: Promise<unknown>, name: string, settled: string[]): void {
  promise.then(
    () => settled.push(name),
    () => settled.push(`${name} failed`),
  );
}

async function keysOf(store: EmbeddedStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const record of store.list('')) keys.push(record.key);
  return keys;
}
