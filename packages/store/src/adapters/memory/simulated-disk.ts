/** A disk that survives the crash of the process that uses it: what was durable is there for the next opener. */
import { assert, type Timers } from '@stadion/base';
import { BatchPlan } from '../../core/batch.ts';
import { sortKeys } from '../../core/keys.ts';
import {
  batchTooLarge,
  commitsBusy,
  staleEpoch,
  storeClosed,
  storeLocked,
  valueTooLarge,
  versionConflict,
} from '../../errors.ts';
import { COMMIT_OPERATIONS_MAX, COMMITS_WAITING_MAX, LIST_RECORDS_PER_TURN, VALUE_BYTES_MAX } from '../../limits.ts';
import type { EmbeddedStore, JsonValue, Leadership, StoreOperation, StoreRecord } from '../../store.ts';

/** How slow the disk is. Without it commits are durable at once. */
export interface SimulatedDiskOptions {
  readonly timers: Timers;
  /** From the start of a commit until it is durable, milliseconds; asked once for each commit. */
  readonly durableAfterMs: () => number;
  /** From then until the writer hears of it, milliseconds: a crash in between keeps what nobody was told of. */
  readonly acknowledgedAfterMs?: () => number;
}

interface DurableRecord {
  readonly text: string;
  readonly version: number;
}

/** One disk. It is used by one store at a time, as a directory is. The same calls at the same times give the same end. */
export class SimulatedDisk {
  private readonly options: SimulatedDiskOptions | undefined;
  private readonly records = new Map<string, DurableRecord>();
  private epoch = 0;
  private user: MemoryStore | undefined;

  constructor(options?: SimulatedDiskOptions) {
    this.options = options;
  }

  /**
   * Opens the disk as a starting process would.
   * @throws PlatformError `store-locked` while another store is open on it
   */
  open(): EmbeddedStore {
    if (this.user !== undefined) throw storeLocked('(simulated disk)', process.pid);
    this.user = new MemoryStore(this.options, {
      records: this.records,
      epoch: () => this.epoch,
      raiseEpoch: () => (this.epoch += 1),
      release: () => {
        this.user = undefined;
      },
    });
    return this.user;
  }

  /** The keys of what is durable at this moment, whoever has the disk open. */
  durableKeys(): Iterable<string> {
    return this.records.keys();
  }

  /** What is durable under a key at this moment, whoever has the disk open; undefined when there is nothing. */
  durableValue(key: string): JsonValue | undefined {
    const record = this.records.get(key);
    return record === undefined ? undefined : decode(key, record).value;
  }

  /**
   * The process that uses the disk dies. What was not durable is lost; no promise that its store gave settles any more.
   */
  crash(): void {
    this.user?.die();
    this.user = undefined;
  }
}

interface DiskAccess {
  readonly records: Map<string, DurableRecord>;
  epoch(): number;
  raiseEpoch(): number;
  release(): void;
}

type State = 'open' | 'closed' | 'dead';

class MemoryStore implements EmbeddedStore {
  private readonly options: SimulatedDiskOptions | undefined;
  private readonly disk: DiskAccess;
  private state: State = 'open';
  private readonly waiting: (() => Promise<void>)[] = [];
  private isWriting = false;
  private idle: (() => void) | undefined;
  private lose: (() => void) | undefined;

  constructor(options: SimulatedDiskOptions | undefined, disk: DiskAccess) {
    this.options = options;
    this.disk = disk;
  }

  async get(key: string): Promise<StoreRecord | undefined> {
    await this.usable();
    const record = this.disk.records.get(key);
    return record === undefined ? undefined : decode(key, record);
  }

  async *list(prefix: string): AsyncGenerator<StoreRecord> {
    await this.usable();
    const keys = sortKeys([...this.disk.records.keys()].filter((key) => key.startsWith(prefix)));
    let listed = 0;
    for (const key of keys) {
      const record = this.disk.records.get(key);
      if (record !== undefined) yield decode(key, record);
      listed += 1;
      if (listed % LIST_RECORDS_PER_TURN === 0) await this.pause(0);
      await this.usable();
    }
  }

  commit(operations: readonly StoreOperation[], epoch: number): Promise<void> {
    return this.enqueue(async () => {
      if (operations.length > COMMIT_OPERATIONS_MAX) throw batchTooLarge(operations.length);
      if (epoch < this.disk.epoch()) throw staleEpoch(epoch, this.disk.epoch());
      const plan = new BatchPlan<DurableRecord>({
        versionOf: (key) => this.disk.records.get(key)?.version ?? 0,
        encode,
      });
      for (const operation of operations) {
        const conflict = plan.add(operation);
        if (conflict !== undefined) {
          throw versionConflict(conflict.key, conflict.expectedVersion, conflict.version);
        }
      }
      await this.pause(this.options?.durableAfterMs() ?? 0);
      if (this.state === 'dead') await forever();
      for (const [key, change] of plan.changes) {
        if (change.encoded === undefined) this.disk.records.delete(key);
        else this.disk.records.set(key, change.encoded);
      }
      await this.pause(this.options?.acknowledgedAfterMs?.() ?? 0);
    });
  }

  async campaign(_candidate: string): Promise<Leadership> {
    let epoch = 0;
    await this.enqueue(async () => {
      await this.pause(this.options?.durableAfterMs() ?? 0);
      if (this.state === 'dead') await forever();
      epoch = this.disk.raiseEpoch();
      this.lose?.();
    });
    let lose: () => void = () => undefined;
    const lost = new Promise<void>((resolve) => {
      lose = resolve;
    });
    this.lose = lose;
    return {
      epoch,
      lost,
      async resign() {
        lose();
      },
    };
  }

  async close(): Promise<void> {
    if (this.state !== 'open') return;
    this.state = 'closed';
    if (this.isWriting) {
      await new Promise<void>((resolve) => {
        this.idle = resolve;
      });
    }
    this.lose?.();
    this.disk.release();
  }

  /** The process is gone: nothing goes on, nobody hears anything. */
  die(): void {
    this.state = 'dead';
    this.waiting.length = 0;
  }

  /** Runs the writes one after the other, in the order in which they were asked for. */
  private enqueue(write: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.state === 'dead') return;
      if (this.state === 'closed') {
        reject(storeClosed());
        return;
      }
      if (this.waiting.length >= COMMITS_WAITING_MAX) {
        reject(commitsBusy());
        return;
      }
      this.waiting.push(() => write().then(resolve, reject));
      void this.drain();
    });
  }

  private async drain(): Promise<void> {
    if (this.isWriting) return;
    this.isWriting = true;
    for (let write = this.waiting.shift(); write !== undefined; write = this.waiting.shift()) await write();
    this.isWriting = false;
    this.idle?.();
  }

  /** Waits; for ever when the process dies meanwhile. */
  private pause(durationMs: number): Promise<void> {
    const { options } = this;
    if (options === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      options.timers.after(durationMs, () => {
        if (this.state !== 'dead') resolve();
      });
    });
  }

  private usable(): Promise<void> {
    if (this.state === 'closed') return Promise.reject(storeClosed());
    return this.state === 'dead' ? forever() : Promise.resolve();
  }
}

/** What a dead process waits for. */
function forever(): Promise<never> {
  return new Promise(() => undefined);
}

function encode(key: string, value: JsonValue, version: number): DurableRecord {
  const text = JSON.stringify(value);
  const bytes = Buffer.byteLength(text);
  if (bytes > VALUE_BYTES_MAX) throw valueTooLarge(key, bytes);
  return { text, version };
}

function decode(key: string, record: DurableRecord): StoreRecord {
  const value = JSON.parse(record.text) as JsonValue;
  assert(record.version > 0, 'a record that exists has a version');
  return { key, value, version: record.version };
}
