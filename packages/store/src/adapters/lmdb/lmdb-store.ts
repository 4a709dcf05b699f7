/**
 * Records in lmdb, on disk before a commit resolves.
 *
 * Why it is durable: the environment is opened with `overlappingSync: false` and without `noSync` or `noMetaSync`. Then
 * lmdb-js commits by plain `mdb_txn_commit` on its writer thread, which writes the new pages (never over live ones), calls
 * `fdatasync`, and only then writes the head page through a descriptor opened with O_DSYNC; the promise of the batch
 * settles after that call has returned. (With the default, overlapping sync, it settles before the flush.)
 *
 * Why a batch is atomic and its conditions hold: the directory lock makes this object the only writer, and commits run
 * strictly one after the other, so what is read while a commit is prepared is exactly what its transaction begins with.
 * Values are prepared on the event loop in short turns; the tree is changed and flushed on the writer thread. lmdb-js's
 * transactions with a callback are not used: they would change the tree on the event loop.
 */
import { delay, type Logger, type Timers } from '@stadion/base';
import type { Database } from 'lmdb';
import { BatchPlan, type RecordChange } from '../../core/batch.ts';
import {
  batchTooLarge,
  commitsBusy,
  staleEpoch,
  storeClosed,
  storeDamaged,
  storeFailed,
  storeFull,
  versionConflict,
} from '../../errors.ts';
import {
  COMMIT_OPERATIONS_MAX,
  COMMITS_WAITING_MAX,
  LIST_BYTES_PER_TURN,
  LIST_RECORDS_PER_TURN,
  PREPARE_BYTES_PER_TURN,
  PREPARE_OPERATIONS_PER_TURN,
} from '../../limits.ts';
import type { EmbeddedStore, Leadership, StoreOperation, StoreRecord } from '../../store.ts';
import { isDiskFull, lacksRoomFor } from './disk-space.ts';
import { afterPrefix, decodeRecord, encodeRecord, keyOfRecord, noteKey, recordKey, versionOf } from './record-codec.ts';

/** What the opener hands over: a checked environment in a locked directory. */
export interface LmdbStoreOptions {
  readonly database: Database<Buffer, Buffer>;
  readonly directory: string;
  readonly timers: Timers;
  readonly log: Logger;
  /** Called once, after the environment is closed. */
  readonly release: () => void;
}

/** A record's bytes, ready for the writer thread. */
interface EncodedRecord {
  readonly key: Buffer;
  readonly value: Buffer;
}

const EPOCH_NOTE = noteKey('epoch');

/** The store and election of one data directory. Made by `openLmdbStore`. */
export class LmdbStore implements EmbeddedStore {
  private readonly database: Database<Buffer, Buffer>;
  private readonly options: LmdbStoreOptions;
  private epoch: number;
  private tail: Promise<void> = Promise.resolve();
  private waiting = 0;
  private closing: Promise<void> | undefined;
  private failure: Error | undefined;
  private lose: (() => void) | undefined;

  constructor(options: LmdbStoreOptions) {
    this.options = options;
    this.database = options.database;
    const note = this.database.getBinary(EPOCH_NOTE);
    this.epoch = note === undefined ? 0 : Number(note.toString());
  }

  async get(key: string): Promise<StoreRecord | undefined> {
    this.assertOpen();
    const bytes = this.database.getBinary(recordKey(key));
    return bytes === undefined ? undefined : this.decode(key, bytes);
  }

  async *list(prefix: string): AsyncGenerator<StoreRecord> {
    let start = recordKey(prefix);
    const end = afterPrefix(start);
    for (let exclusiveStart = false; ; exclusiveStart = true) {
      this.assertOpen();
      const { records, last } = this.readTurn(start, end, exclusiveStart);
      yield* records;
      if (last === undefined) return;
      start = last;
      await delay(this.options.timers, 0);
    }
  }

  commit(operations: readonly StoreOperation[], epoch: number): Promise<void> {
    return this.enqueue(async () => {
      if (operations.length > COMMIT_OPERATIONS_MAX) throw batchTooLarge(operations.length);
      if (epoch < this.epoch) throw staleEpoch(epoch, this.epoch);
      const changes = await this.prepare(operations);
      if (changes.size === 0) return;
      let valueBytes = 0;
      for (const { encoded } of changes.values()) valueBytes += encoded?.value.length ?? 0;
      await this.write(changes.size, valueBytes, () => {
        for (const [key, { encoded }] of changes) {
          if (encoded === undefined) void this.database.remove(recordKey(key));
          else void this.database.put(encoded.key, encoded.value);
        }
      });
    });
  }

  async campaign(candidate: string): Promise<Leadership> {
    const leadership = await new Promise<Leadership>((resolve, reject) => {
      this.enqueue(async () => {
        const next = this.epoch + 1;
        await this.write(1, 0, () => {
          void this.database.put(EPOCH_NOTE, Buffer.from(String(next)));
        });
        this.epoch = next;
        this.lose?.();
        const { promise, settle } = settleable();
        this.lose = settle;
        resolve({
          epoch: next,
          lost: promise,
          resign: async () => {
            settle();
          },
        });
      }).catch(reject);
    });
    this.options.log.info({ candidate, epoch: leadership.epoch }, 'leading');
    return leadership;
  }

  close(): Promise<void> {
    this.closing ??= this.tail.then(async () => {
      this.lose?.();
      await this.database.close();
      this.options.release();
    });
    return this.closing;
  }

  /** Runs writes strictly one after the other. */
  private enqueue(write: () => Promise<void>): Promise<void> {
    if (this.closing !== undefined) return Promise.reject(storeClosed());
    if (this.waiting >= COMMITS_WAITING_MAX) return Promise.reject(commitsBusy());
    this.waiting += 1;
    const done = this.tail.then(() => {
      this.waiting -= 1;
      if (this.failure !== undefined) throw this.failure;
      return write();
    });
    this.tail = done.catch(() => undefined);
    return done;
  }

  private async prepare(operations: readonly StoreOperation[]): Promise<Map<string, RecordChange<EncodedRecord>>> {
    let bytes = 0;
    // A put is looked up and encoded in one go: its key's bytes are made once.
    let lookedUp = { text: '', bytes: EPOCH_NOTE };
    const plan = new BatchPlan<EncodedRecord>({
      versionOf: (key) => {
        lookedUp = { text: key, bytes: recordKey(key) };
        const current = this.database.getBinaryFast(lookedUp.bytes);
        return current === undefined ? 0 : versionOf(current);
      },
      encode: (key, value, version) => {
        const encoded = encodeRecord(key, value, version);
        bytes += encoded.length;
        return { key: lookedUp.text === key ? lookedUp.bytes : recordKey(key), value: encoded };
      },
    });
    let planned = 0;
    for (const operation of operations) {
      if (planned >= PREPARE_OPERATIONS_PER_TURN || bytes >= PREPARE_BYTES_PER_TURN) {
        planned = 0;
        bytes = 0;
        await delay(this.options.timers, 0);
      }
      const conflict = plan.add(operation);
      if (conflict !== undefined) throw versionConflict(conflict.key, conflict.expectedVersion, conflict.version);
      planned += 1;
    }
    return plan.changes;
  }

  /** One transaction on the writer thread; rejects with nothing of it applied. */
  private async write(records: number, valueBytes: number, change: () => void): Promise<void> {
    const { directory } = this.options;
    if (lacksRoomFor(directory, records, valueBytes)) throw storeFull(directory, undefined);
    try {
      await this.database.batch(change);
    } catch (error) {
      throw await this.writeFailure(error);
    }
  }

  private async writeFailure(error: unknown): Promise<Error> {
    const { directory, log } = this.options;
    const cause = await commitCause(error);
    if (isDiskFull(directory, cause)) return storeFull(directory, cause);
    log.error({ directory, cause: String(cause) }, 'the disk failed during a commit');
    this.failure = storeFailed(directory, cause);
    return this.failure;
  }

  private readTurn(
    start: Buffer,
    end: Buffer | undefined,
    exclusiveStart: boolean,
  ): { readonly records: StoreRecord[]; readonly last: Buffer | undefined } {
    const records: StoreRecord[] = [];
    let bytes = 0;
    const range = this.database.getRange({ start, exclusiveStart, ...(end === undefined ? {} : { end }) });
    for (const { key, value } of range) {
      records.push(this.decode(keyOfRecord(key), value));
      bytes += value.length;
      if (records.length >= LIST_RECORDS_PER_TURN || bytes >= LIST_BYTES_PER_TURN) {
        return { records, last: Buffer.from(key) };
      }
    }
    return { records, last: undefined };
  }

  private decode(key: string, bytes: Buffer): StoreRecord {
    const record = decodeRecord(key, bytes);
    if (record === undefined) {
      throw storeDamaged(this.options.directory, `the record ${key} is not what was written (its checksum differs)`);
    }
    return record;
  }

  private assertOpen(): void {
    if (this.closing !== undefined) throw storeClosed();
  }
}

/** lmdb-js rejects with a general error that carries a promise of the real one. */
async function commitCause(error: unknown): Promise<unknown> {
  if (typeof error !== 'object' || error === null || !('commitError' in error)) return error;
  try {
    await error.commitError;
    return error;
  } catch (cause) {
    return cause;
  }
}

function settleable(): { readonly promise: Promise<void>; readonly settle: () => void } {
  let settle: () => void = () => undefined;
  const promise = new Promise<void>((resolve) => {
    settle = resolve;
  });
  return { promise, settle };
}
