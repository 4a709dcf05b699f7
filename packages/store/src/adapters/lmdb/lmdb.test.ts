import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, type Timers } from '@stadion/base';
import { systemTimers } from '@stadion/base/system';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  COMMIT_OPERATIONS_MAX,
  LIST_RECORDS_PER_TURN,
  PREPARE_BYTES_PER_TURN,
  PREPARE_OPERATIONS_PER_TURN,
  VALUE_BYTES_MAX,
} from '../../limits.ts';
import type { JsonValue, StoreOperation } from '../../store.ts';
import { storeConformance } from '../../testing.ts';
import { openLmdbStore } from './index.ts';

describe('the store in lmdb', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'stadion store '));
  });

  afterEach(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  for (const claim of storeConformance) {
    test(claim.name, async () => {
      await claim.check({ open: () => openLmdbStore({ directory, timers: systemTimers, log: silentLogger }) });
    });
  }

  test('gives way to the event loop while it prepares a large batch and while it lists', async () => {
    let turns = 0;
    const timers: Timers = {
      after(delayMs, callback) {
        turns += 1;
        return systemTimers.after(delayMs, callback);
      },
    };
    const store = await openLmdbStore({ directory, timers, log: silentLogger });
    const { epoch } = await store.campaign('writer');
    const small = Array.from({ length: COMMIT_OPERATIONS_MAX }, (_, index) => put(`/small/${index}`, index));
    await store.commit(small, epoch);
    expect(turns).toBe(Math.ceil(COMMIT_OPERATIONS_MAX / PREPARE_OPERATIONS_PER_TURN) - 1);

    turns = 0;
    const large = Array.from({ length: 16 }, (_, index) => put(`/large/${index}`, 'x'.repeat(VALUE_BYTES_MAX - 2)));
    await store.commit(large, epoch);
    expect(turns).toBeGreaterThanOrEqual(Math.floor((16 * VALUE_BYTES_MAX) / PREPARE_BYTES_PER_TURN) - 2);

    turns = 0;
    expect(await count(store.list('/small/'))).toBe(COMMIT_OPERATIONS_MAX);
    expect(turns).toBe(Math.floor(COMMIT_OPERATIONS_MAX / LIST_RECORDS_PER_TURN));
    turns = 0;
    expect(await count(store.list('/large/'))).toBe(16);
    expect(turns).toBe(16);
    await store.close();
  });
});

function put(key: string, value: JsonValue): StoreOperation {
  return { type: 'put', key, value };
}

async function count(records: AsyncIterable<unknown>): Promise<number> {
  let found = 0;
  for await (const _record of records) found += 1;
  return found;
}
