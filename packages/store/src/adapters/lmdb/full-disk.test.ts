import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@stadion/base';
import { systemTimers } from '@stadion/base/system';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { StoreOperation } from '../../store.ts';
import { openLmdbStore } from './index.ts';

const BATCH = 50;

let mountPoint: string;
const isMounted = mountSmallDisk();

beforeAll(() => {
  if (!isMounted) console.warn('SKIPPED: a full disk. Mounting a small tmpfs takes root on Linux.');
});

afterAll(() => {
  if (!isMounted) return;
  execFileSync('umount', [mountPoint]);
  rmdirSync(mountPoint);
});

test.skipIf(!isMounted)(
  'a full disk refuses whole batches, and the store goes on once there is room',
  async () => {
    // lmdb-js prints what it also reports.
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const ballast = join(mountPoint, 'ballast');
    writeFileSync(ballast, Buffer.alloc(3_000_000));
    const store = await openLmdbStore({ directory: join(mountPoint, 'data'), timers: systemTimers, log: silentLogger });
    const { epoch } = await store.campaign('writer');
    let batches = 0;
    let failure: unknown;
    for (; batches < 200 && failure === undefined; batches += 1) {
      await store.commit(batch(batches), epoch).catch((error: unknown) => {
        failure = error;
      });
    }
    const refused = batches - 1;
    expect(failure).toMatchObject({ code: 'store-full', message: expect.stringContaining('free some space') });
    expect(await count(store.list(`/${refused}/`))).toBe(0);
    expect(await count(store.list('/'))).toBe(refused * BATCH);
    await expect(store.commit(batch(refused), epoch)).rejects.toMatchObject({ code: 'store-full' });

    rmSync(ballast);
    await store.commit(batch(refused), epoch);
    expect(await count(store.list(`/${refused}/`))).toBe(BATCH);
    await store.close();

    const again = await openLmdbStore({ directory: join(mountPoint, 'data'), timers: systemTimers, log: silentLogger });
    expect(await count(again.list('/'))).toBe(batches * BATCH);
    await again.close();
  },
  60_000,
);

test.skipIf(!isMounted)('a disk that is full already lets no new store begin, and says so', async () => {
  mkdirSync(join(mountPoint, 'late'));
  for (let index = 0; fills(join(mountPoint, `filler ${index}`)); index += 1);
  await expect(
    openLmdbStore({ directory: join(mountPoint, 'late'), timers: systemTimers, log: silentLogger }),
  ).rejects.toMatchObject({
    code: 'store-full',
  });
});

function batch(number: number): StoreOperation[] {
  return Array.from({ length: BATCH }, (_, index) => ({
    type: 'put',
    key: `/${number}/${index}`,
    value: 'x'.repeat(3000),
  }));
}

async function count(records: AsyncIterable<unknown>): Promise<number> {
  let found = 0;
  for await (const _record of records) found += 1;
  return found;
}

function fills(path: string): boolean {
  try {
    writeFileSync(path, Buffer.alloc(65_536));
    return true;
  } catch {
    return false;
  }
}

function mountSmallDisk(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  mountPoint = mkdtempSync(join(tmpdir(), 'stadion-full-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', mountPoint], { stdio: 'ignore' });
    return true;
  } catch {
    rmdirSync(mountPoint);
    return false;
  }
}
