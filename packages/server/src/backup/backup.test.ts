import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';
import { createMemoryStore, openLmdbStore, openZooKeeperStore, type JsonValue, type Store } from '@stadion/store';
import { ZooKeeperEnsemble, hasZooKeeper } from '@stadion/store/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { assertWhole, epochForAgents, Restoring } from './restoring.ts';
import { runBackup } from './run-backup.ts';

const ports = { clock: systemClock, timers: systemTimers, log: silentLogger };
const RECORDS: Readonly<Record<string, JsonValue>> = Object.fromEntries(
  Array.from({ length: 2_500 }, (_, index) => [`/apps/${String(index).padStart(5, '0')}`, { index, text: 'ü\n"' }]),
);

describe('a backup', { timeout: 90_000 }, () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'stadion backup '));
    const store = await openLmdbStore({ directory: join(folder, 'first', 'store'), ...ports });
    const { epoch } = await store.campaign('test');
    await store.commit(
      Object.entries(RECORDS).map(([key, value]) => ({ type: 'put', key, value })),
      epoch,
    );
    await store.close();
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  const file = (): string => join(folder, 'state.backup');
  const place = (name: string) => ({ dataDir: join(folder, name) });

  test('gives back every record, into an empty place or instead of what is there', async () => {
    const made = await runBackup({ type: 'create', file: file(), from: place('first') });
    expect(made.records).toBe(2_500);
    expect(await runBackup({ type: 'verify', file: file() })).toEqual(made);
    await runBackup({ type: 'restore', file: file(), to: place('second'), replaces: false });
    expect(await recordsIn(join(folder, 'second', 'store'))).toEqual(RECORDS);
    const again = { type: 'restore', file: file(), to: place('second') } as const;
    await expect(runBackup({ ...again, replaces: false })).rejects.toMatchObject({ code: 'store-not-empty' });
    const first = await epochIn(join(folder, 'second', 'store'));
    await runBackup({ ...again, replaces: true });
    // Agents that went on running have met leaders of before, and refuse those of the past.
    expect(first).toBeGreaterThan(1_000_000_000);
    expect(await epochIn(join(folder, 'second', 'store'))).toBeGreaterThanOrEqual(first);
    expect(await recordsIn(join(folder, 'second', 'store'))).toEqual(RECORDS);
  });

  test('of a place where nothing is kept is refused: it would be taken for one', async () => {
    const nothing = { code: 'state-missing', message: expect.stringContaining('--data-dir') as string };
    await expect(runBackup({ type: 'create', file: file(), from: place('wrong') })).rejects.toMatchObject(nothing);
    await expect(readFile(file())).rejects.toMatchObject({ code: 'ENOENT' });
    const moving = { type: 'move', from: place('wrong'), to: place('second'), replaces: false } as const;
    await expect(runBackup(moving)).rejects.toMatchObject(nothing);
  });

  test('that is damaged anywhere is refused, and replaces nothing', async () => {
    await runBackup({ type: 'create', file: file(), from: place('first') });
    const whole = await readFile(file(), 'utf8');
    const damages = [
      '',
      whole.slice(0, -10),
      whole.replace('"index":7,', '"index":8,'),
      whole.replace(/\{"key":"\/apps\/00007.*\n/, ''),
      `${whole}{"key":"/more","value":1}\n`,
      'PK\u0003\u0004',
    ];
    for (const damage of damages) {
      await writeFile(file(), damage);
      const restore = runBackup({ type: 'restore', file: file(), to: place('first'), replaces: true });
      await expect(restore).rejects.toMatchObject({ code: 'backup-damaged' });
    }
    expect(await recordsIn(join(folder, 'first', 'store'))).toEqual(RECORDS);
  });

  test('that was restored half-way is not taken for the whole', async () => {
    const store = createMemoryStore();
    const { epoch } = await store.campaign('test');
    const restoring = await Restoring.begin(store, epoch, false);
    await restoring.put({ key: '/apps/a', value: 1 });
    await expect(assertWhole(store)).rejects.toMatchObject({ code: 'restore-unfinished' });
    await restoring.finish(systemClock.now());
    await assertWhole(store);
    expect(await collect(store)).toEqual({ '/apps/a': 1 });
    await appendFile(file(), '');
  });

  test.skipIf(!hasZooKeeper())('moves a state from one machine to ZooKeeper and back', async () => {
    const ensemble = await ZooKeeperEnsemble.start({ servers: 1 });
    try {
      const zk = `zk://${ensemble.connectString}/moved`;
      const shared = { ...place('unused'), zk };
      await runBackup({ type: 'move', from: place('first'), to: shared, replaces: false });
      const store = await openZooKeeperStore({ url: zk, ...ports });
      expect(await collect(store)).toEqual(RECORDS);
      await store.close();
      await runBackup({ type: 'move', from: shared, to: place('back'), replaces: false });
      expect(await recordsIn(join(folder, 'back', 'store'))).toEqual(RECORDS);
    } finally {
      await ensemble.stop();
    }
  });
});

async function recordsIn(directory: string): Promise<Record<string, JsonValue>> {
  const store = await openLmdbStore({ directory, ...ports });
  try {
    return await collect(store);
  } finally {
    await store.close();
  }
}

/** The epoch that agents would be told. */
async function epochIn(directory: string): Promise<number> {
  const store = await openLmdbStore({ directory, ...ports });
  try {
    return await epochForAgents(store, 1);
  } finally {
    await store.close();
  }
}

/** What rooms have kept. */
async function collect(store: Store): Promise<Record<string, JsonValue>> {
  const records: Record<string, JsonValue> = {};
  for await (const { key, value } of store.list('/')) records[key] = value;
  return records;
}
