/** Opens a data directory: takes it for this process, checks it, and only then lets lmdb map it. */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, realpathSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorCode, type Logger, type Timers } from '@stadion/base';
import { open, type RootDatabase } from 'lmdb';
import { storeDamaged, storeFull } from '../../errors.ts';
import type { EmbeddedStore } from '../../store.ts';
import { isDiskFull } from './disk-space.ts';
import { lockDirectory } from './directory-lock.ts';
import { readFormat, syncDirectory, writeFormat } from './format.ts';
import { LmdbStore } from './lmdb-store.ts';
import { findPageDamage } from './page-check.ts';
import { noteKey } from './record-codec.ts';

/** Where the store lives. */
export interface LmdbOptions {
  /** Made when it is missing. Nothing else should live there. */
  readonly directory: string;
  readonly log: Logger;
  /** Long work gives way to the event loop by them. */
  readonly timers: Timers;
}

const DATA_FILE = 'data.mdb';
const READERS_FILE = 'lock.mdb';
const PAGE_BYTES = 4096;

/**
 * Opens the store in a directory, making it first when there is none.
 * @throws PlatformError `store-locked`, `store-damaged` or `store-full`; each says what to do
 */
export async function openLmdbStore(options: LmdbOptions): Promise<EmbeddedStore> {
  const { log, timers } = options;
  const directory = makeDirectory(options.directory);
  const lock = lockDirectory(directory);
  let database: RootDatabase<Buffer, Buffer> | undefined;
  try {
    await checkFiles(directory);
    database = openEnvironment(directory);
    await markReady(directory, database);
    log.info({ directory }, 'the store is open');
    return new LmdbStore({ database, directory, timers, log, release: () => lock.release() });
  } catch (error) {
    await database?.close();
    lock.release();
    throw openFailure(directory, error);
  }
}

function makeDirectory(path: string): string {
  try {
    const made = mkdirSync(path, { recursive: true, mode: 0o700 });
    if (made !== undefined) syncDirectory(dirname(made));
    return realpathSync(path);
  } catch (error) {
    if (errorCode(error) === 'ENOSPC') throw storeFull(path, error);
    throw storeDamaged(path, `it cannot be made or reached (${errorCode(error) ?? 'unknown error'})`, error);
  }
}

/** Leaves either files that lmdb can be trusted with, or none. */
async function checkFiles(directory: string): Promise<void> {
  const data = join(directory, DATA_FILE);
  // The table of readers lists processes that are gone: this one holds the directory alone.
  rmSync(join(directory, READERS_FILE), { force: true, recursive: true });
  const state = readFormat(directory);
  if (state === 'ready') {
    if (!existsSync(data)) throw storeDamaged(directory, `${DATA_FILE} is missing`);
    if (!statSync(data).isFile()) throw storeDamaged(directory, `${DATA_FILE} is not a file`);
    const damage = await findPageDamage(data);
    if (damage !== undefined) throw storeDamaged(directory, damage);
    return;
  }
  if (state === 'absent') {
    if (existsSync(data)) throw storeDamaged(directory, `it has a ${DATA_FILE} that no Stadion store wrote`);
    writeFormat(directory, 'creating');
    return;
  }
  rmSync(data, { force: true });
}

/** Options that matter for durability are explained in lmdb-store.ts. */
function openEnvironment(directory: string): RootDatabase<Buffer, Buffer> {
  return open<Buffer, Buffer>({
    path: directory,
    noSubdir: false,
    encoding: 'binary',
    keyEncoding: 'binary',
    overlappingSync: false,
    // Every batch is a transaction of its own, begun and awaited here: nothing is gathered over a turn behind our back.
    eventTurnBatching: false,
    pageSize: PAGE_BYTES,
  });
}

/** Makes a new store's first bytes and its file's name durable before it is called a store. */
async function markReady(directory: string, database: RootDatabase<Buffer, Buffer>): Promise<void> {
  if (readFormat(directory) === 'ready') return;
  const created = noteKey('created');
  await database.batch(() => {
    void database.put(created, Buffer.from('1'));
  });
  const file = openSync(join(directory, DATA_FILE), 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  writeFormat(directory, 'ready');
}

function openFailure(directory: string, error: unknown): unknown {
  const code = errorCode(error);
  if (code?.startsWith('store-') === true) return error;
  if (isDiskFull(directory, error)) return storeFull(directory, error);
  return storeDamaged(directory, error instanceof Error ? error.message : String(error), error);
}
