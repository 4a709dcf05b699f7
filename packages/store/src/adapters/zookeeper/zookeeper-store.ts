/**
 * Records in ZooKeeper, shared by several servers of which one leads and writes.
 *
 * Why an acknowledged commit is kept: it is one transaction of the ensemble, on the disks of most of its servers. Why a
 * stale leader changes nothing: the same transaction checks the version of the epoch's node, which every campaign raises
 * before the winner reads a single record. Whatever a dead or cut-off leader had under way comes before that, or never.
 */
import { assert, delay, type Logger, type Timers } from '@stadion/base';
import { BatchPlan } from '../../core/batch.ts';
import { sortKeys } from '../../core/keys.ts';
import type { SegmentEntry } from '../../core/segments.ts';
import {
  batchTooLarge,
  commitsBusy,
  staleEpoch,
  storeClosed,
  storeUnreachable,
  valueTooLarge,
  versionConflict,
} from '../../errors.ts';
import {
  COMMITS_PER_COMPACTION_LOOK,
  COMMITS_WAITING_MAX,
  COMMIT_OPERATIONS_MAX,
  LIST_RECORDS_PER_TURN,
  PREPARE_BYTES_PER_TURN,
  PREPARE_OPERATIONS_PER_TURN,
  VALUE_BYTES_MAX,
} from '../../limits.ts';
import type { CampaignOptions, JsonValue, Leadership, SharedStore, StoreOperation, StoreRecord } from '../../store.ts';
import { Candidacy } from './candidacy.ts';
import { Journal } from './journal.ts';
import { observeLeader } from './leader-watch.ts';
import type { Places } from './places.ts';
import type { SessionKeeper } from './session-keeper.ts';
import type { EnsembleSession } from './session.ts';

/** What the opener hands over. */
export interface ZooKeeperStoreOptions {
  readonly keeper: SessionKeeper;
  readonly places: Places;
  readonly timers: Timers;
  readonly log: Logger;
}

/** A leadership that was won here and is not over. */
interface Reign {
  readonly epoch: number;
  readonly session: EnsembleSession;
  readonly end: () => void;
}

/** See the head of this file. Made by `openZooKeeperStore`. */
export class ZooKeeperStore implements SharedStore {
  private readonly options: ZooKeeperStoreOptions;
  private readonly journal: Journal;
  private reign: Reign | undefined;
  /** Whose journal is being made smaller. */
  private compacting: Reign | undefined;
  private newestEpoch = 0;
  private tail: Promise<unknown> = Promise.resolve();
  private waiting = 0;
  private commits = 0;
  private closing: Promise<void> | undefined;

  constructor(options: ZooKeeperStoreOptions) {
    this.options = options;
    this.journal = new Journal(options.places, options.timers);
  }

  async get(key: string): Promise<StoreRecord | undefined> {
    await this.catchUp();
    const record = this.journal.memory.records.get(key);
    return record === undefined ? undefined : decode(key, record);
  }

  async *list(prefix: string): AsyncGenerator<StoreRecord> {
    await this.catchUp();
    const { records } = this.journal.memory;
    const keys: string[] = [];
    for (const key of records.keys()) if (key.startsWith(prefix)) keys.push(key);
    sortKeys(keys);
    let listed = 0;
    for (const key of keys) {
      const record = records.get(key);
      if (record !== undefined) yield decode(key, record);
      listed += 1;
      if (listed % LIST_RECORDS_PER_TURN === 0) await delay(this.options.timers, 0);
      if (this.closing !== undefined) throw storeClosed();
    }
  }

  commit(operations: readonly StoreOperation[], epoch: number): Promise<void> {
    if (this.waiting >= COMMITS_WAITING_MAX) return Promise.reject(commitsBusy());
    return this.enqueue(async () => {
      if (operations.length > COMMIT_OPERATIONS_MAX) throw batchTooLarge(operations.length);
      const { reign } = this;
      if (epoch !== reign?.epoch) {
        if (epoch < this.newestEpoch) throw staleEpoch(epoch, this.newestEpoch);
        throw storeUnreachable('the session under which this server led is over');
      }
      const entries = await this.prepare(operations);
      if (entries.length === 0) return;
      try {
        await this.journal.append(reign.session, epoch, entries);
      } catch (error) {
        // What the ensemble holds is no longer known for certain; whoever leads next reads it anew.
        reign.end();
        throw error;
      }
      this.commits += 1;
      if (this.commits % COMMITS_PER_COMPACTION_LOOK === 0) void this.compact(reign);
    });
  }

  async campaign(candidate: string, options: CampaignOptions = {}): Promise<Leadership> {
    if (this.closing !== undefined) throw storeClosed();
    this.reign?.end();
    const { keeper, places, timers, log } = this.options;
    const standby = (session: EnsembleSession): Promise<void> => this.enqueue(() => this.journal.refresh(session));
    return keeper.persist(async (session) => {
      const candidacy = new Candidacy({ session, places, timers, log });
      const epoch = await candidacy.win(candidate, { standby, ...options });
      await this.enqueue(async () => {
        await this.journal.sweep(session, epoch);
        await this.journal.refresh(session);
        await this.journal.align(session);
      });
      return this.startReign(session, candidacy, epoch);
    });
  }

  observeLeader(listener: (candidate: string | undefined) => void): { stop(): void } {
    const { keeper, places, timers } = this.options;
    return observeLeader({ keeper, places, timers }, listener);
  }

  close(): Promise<void> {
    this.closing ??= this.tail.then(() => {
      this.reign?.end();
      this.options.keeper.close();
    });
    return this.closing;
  }

  private startReign(session: EnsembleSession, candidacy: Candidacy, epoch: number): Leadership {
    let settle: () => void = () => undefined;
    const lost = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const reign: Reign = {
      epoch,
      session,
      end: () => {
        if (this.reign !== reign) return;
        this.reign = undefined;
        void candidacy.withdraw();
        settle();
      },
    };
    this.reign = reign;
    this.newestEpoch = epoch;
    void session.lost.then(reign.end);
    candidacy.onDeposed(reign.end);
    this.options.log.info({ epoch }, 'leading');
    return {
      epoch,
      lost,
      resign: async () => {
        reign.end();
        await candidacy.withdraw();
      },
    };
  }

  /** A leader's memory is what there is. Everybody else asks. */
  private async catchUp(): Promise<void> {
    if (this.closing !== undefined) throw storeClosed();
    if (this.reign !== undefined) {
      // What was asked for before is in effect.
      await this.tail;
      return;
    }
    await this.options.keeper.persist((session) => this.enqueue(() => this.journal.refresh(session)));
  }

  private async prepare(operations: readonly StoreOperation[]): Promise<readonly SegmentEntry[]> {
    const { records } = this.journal.memory;
    let bytes = 0;
    const plan = new BatchPlan<string>({
      versionOf: (key) => records.get(key)?.version ?? 0,
      encode: (key, value) => {
        const text = encode(key, value);
        bytes += text.length;
        return text;
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
    const entries: SegmentEntry[] = [];
    for (const [key, { version, encoded }] of plan.changes) {
      if (encoded !== undefined) entries.push({ key, version, text: encoded });
      else if (records.has(key)) entries.push({ key, version: 0, text: undefined });
    }
    return entries;
  }

  /** Keeps the journal small between commits, a step at a time. What a step reads holds up no commit. */
  private async compact(reign: Reign): Promise<void> {
    if (this.compacting === reign) return;
    this.compacting = reign;
    try {
      for (;;) {
        const step = await this.journal.prepareCompaction(reign.session, reign.epoch);
        if (step === undefined || this.reign !== reign) break;
        await this.enqueue(() => (this.reign === reign ? step() : Promise.resolve()));
      }
    } catch (error) {
      if (this.reign !== reign || this.closing !== undefined) return;
      this.options.log.warn({ error: String(error) }, 'The journal in ZooKeeper could not be made smaller');
      reign.end();
    } finally {
      if (this.compacting === reign) this.compacting = undefined;
    }
  }

  /** Runs what reads or writes the journal strictly one after the other. */
  private enqueue<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.closing !== undefined) return Promise.reject(storeClosed());
    this.waiting += 1;
    const done = this.tail.then(() => {
      this.waiting -= 1;
      return work();
    });
    this.tail = done.catch(() => undefined);
    return done;
  }
}

function encode(key: string, value: JsonValue): string {
  const text = JSON.stringify(value);
  const bytes = Buffer.byteLength(text);
  if (bytes > VALUE_BYTES_MAX) throw valueTooLarge(key, bytes);
  return text;
}

function decode(key: string, record: { readonly version: number; readonly text: string }): StoreRecord {
  assert(record.version > 0, 'a record that exists has a version');
  return { key, value: JSON.parse(record.text) as JsonValue, version: record.version };
}
