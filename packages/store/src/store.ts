/** The port for durable state: small records under keys, changed in atomic batches, fenced by the leader's epoch. */

/** A value that survives JSON unchanged. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** One record. `version` counts its changes from 1. Keys are slash-separated text of at most 1,024 bytes. */
export interface StoreRecord {
  readonly key: string;
  readonly value: JsonValue;
  readonly version: number;
}

/** One change. With `expectedVersion` the whole batch is refused unless the record has it (0: it does not exist). */
export type StoreOperation =
  | { readonly type: 'put'; readonly key: string; readonly value: JsonValue; readonly expectedVersion?: number }
  | { readonly type: 'delete'; readonly key: string; readonly expectedVersion?: number };

/**
 * Durable records. Every adapter passes one conformance suite.
 *
 * PlatformError codes: `store-version-conflict` (nothing of the batch was applied), `store-stale-epoch` (another leader
 * has taken over; stop acting), `store-value-too-large`, `store-batch-too-large`, `store-full` (the disk is; nothing was
 * applied), `store-busy` (too much waits; nothing was applied), `store-failed` (the disk broke; stop), `store-closed`, and
 * on opening `store-locked` (another instance uses the directory), `store-damaged`.
 */
export interface Store {
  /** One record, or undefined. */
  get(key: string): Promise<StoreRecord | undefined>;
  /**
   * All records whose key begins with the prefix, in byte order of their keys, in pieces small enough for the event loop.
   * Not a snapshot: a commit that is made meanwhile may or may not be seen.
   */
  list(prefix: string): AsyncIterable<StoreRecord>;
  /**
   * Applies the whole batch or nothing, and resolves only once it is on disk. Operations take effect in order, each seeing
   * those before it; commits take effect in the order of the calls. Deleting what does not exist does nothing. Values
   * must not be changed after the call.
   * @param epoch the epoch under which the writer leads; an older one than the newest campaign's is refused
   */
  commit(operations: readonly StoreOperation[], epoch: number): Promise<void>;
  close(): Promise<void>;
}

/** Who leads. Embedded stores have one candidate, which wins at once. */
export interface Election {
  /** Waits until this candidate leads; gives its epoch, greater than every earlier one. */
  campaign(candidate: string, options?: CampaignOptions): Promise<Leadership>;
}

/** How a candidate waits. */
export interface CampaignOptions {
  /**
   * Asked again and again by the next in line, with what the leader presented itself with: whether that process is
   * known to have ended. Then nobody waits for its session to time out. A mistake costs a change of leader and nothing
   * else: the epoch still decides who may write.
   */
  readonly hasEnded?: (leader: string) => Promise<boolean>;
}

/** A won election. */
export interface Leadership {
  readonly epoch: number;
  /** Resolves when the leadership is over; everything of this epoch must stop at once. */
  readonly lost: Promise<void>;
  resign(): Promise<void>;
}

/** Who leads, for those who do not. */
export interface LeaderWatch {
  /**
   * Tells what the leader presented itself with when it campaigned: once it is known, then at each change, and when the
   * same one leads anew. Undefined: nobody leads.
   */
  observeLeader(listener: (candidate: string | undefined) => void): { stop(): void };
}

/** What a master says of itself where masters meet: Mesos's `MasterInfo`, in either form. */
export interface MasterAnnouncement {
  readonly format: 'json' | 'protobuf';
  readonly data: Uint8Array;
}

/** A store that several servers share: candidates wait in line, and everybody can see who leads. */
export interface SharedStore extends Store, Election, LeaderWatch {}

/** A store in the same process as its only user, which is therefore also the only candidate. */
export interface EmbeddedStore extends Store, Election {}
