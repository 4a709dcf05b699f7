/** Fills a store with records from elsewhere, in a way that nobody takes a half-filled store for a whole one. */
import { PlatformError } from '@stadion/base';
import { COMMIT_OPERATIONS_MAX, type JsonValue, type Store, type StoreOperation } from '@stadion/store';

/** There while a store is being filled. Sorts before every key of a room, and is none of theirs. */
const MARK = 'restore/under-way';

/**
 * From where epochs are counted towards agents. A store that was filled from elsewhere counts its leaders anew, and agents that
 * went on running refuse leaders of the past.
 */
const EPOCHS_FROM = 'restore/epochs-from';

const OPERATIONS_PER_COMMIT = Math.min(1000, COMMIT_OPERATIONS_MAX);
const CHARACTERS_PER_COMMIT = 4_194_304;

/** @throws PlatformError `restore-unfinished` when the store was never filled to the end */
export async function assertWhole(store: Store): Promise<void> {
  if ((await store.get(MARK)) === undefined) return;
  throw new PlatformError(
    'restore-unfinished',
    'The state was being restored and this did not come to its end. Restore it again: stadion backup restore FILE --force.',
  );
}

/** The epoch as agents are told it: higher than any that they have met, whatever place the state was brought back from. */
export async function epochForAgents(store: Store, epoch: number): Promise<number> {
  const from = (await store.get(EPOCHS_FROM))?.value;
  return typeof from === 'number' ? from + epoch : epoch;
}

/** Takes records one by one. */
export class Restoring {
  private readonly store: Store;
  private readonly epoch: number;
  private pending: StoreOperation[] = [];
  private pendingCharacters = 0;

  private constructor(store: Store, epoch: number) {
    this.store = store;
    this.epoch = epoch;
  }

  /**
   * Begins: from here on the store counts as half-filled.
   * @param replaces whether what is there may go
   * @throws PlatformError `store-not-empty`
   */
  static async begin(store: Store, epoch: number, replaces: boolean): Promise<Restoring> {
    const restoring = new Restoring(store, epoch);
    const former: string[] = [];
    for await (const { key } of store.list('')) if (key !== MARK) former.push(key);
    if (former.length > 0 && !replaces) {
      throw new PlatformError(
        'store-not-empty',
        `There are ${String(former.length)} records already. Restore into an empty place, or replace them with --force.`,
      );
    }
    await store.commit([{ type: 'put', key: MARK, value: true }], epoch);
    for (const key of former) await restoring.add({ type: 'delete', key }, key.length);
    return restoring;
  }

  /** Takes one record. */
  put(record: { readonly key: string; readonly value: JsonValue }): Promise<void> {
    if (record.key === MARK || record.key === EPOCHS_FROM) return Promise.resolve();
    const { key, value } = record;
    return this.add({ type: 'put', key, value }, key.length + JSON.stringify(value).length);
  }

  /** The store is whole from here on. @param nowMs since the Unix epoch */
  async finish(nowMs: number): Promise<void> {
    await this.flush();
    // Seconds: no cluster changes its leader as often.
    const from = { type: 'put', key: EPOCHS_FROM, value: Math.floor(nowMs / 1000) } as const;
    await this.store.commit([{ type: 'delete', key: MARK }, from], this.epoch);
  }

  private async add(operation: StoreOperation, characters: number): Promise<void> {
    this.pending.push(operation);
    this.pendingCharacters += characters;
    if (this.pending.length < OPERATIONS_PER_COMMIT && this.pendingCharacters < CHARACTERS_PER_COMMIT) return;
    await this.flush();
  }

  private async flush(): Promise<void> {
    if (this.pending.length === 0) return;
    await this.store.commit(this.pending, this.epoch);
    this.pending = [];
    this.pendingCharacters = 0;
  }
}
