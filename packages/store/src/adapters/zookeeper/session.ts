/** The port to an ensemble: one session, its nodes, and how an attempt can fail. One conformance suite for its adapters. */

/** One change of a transaction. */
export type NodeChange =
  | { readonly type: 'create'; readonly path: string; readonly data: Buffer }
  /** The node has that version before; 0 is no condition: the client library takes it for none. */
  | { readonly type: 'set'; readonly path: string; readonly data: Buffer; readonly version: number }
  | { readonly type: 'remove'; readonly path: string }
  /** The node exists; with a version of at least 1 it has that version. */
  | { readonly type: 'check'; readonly path: string; readonly version?: number };

/** How an attempt ended that the ensemble refused. */
export type Refusal = 'no-node' | 'node-exists' | 'bad-version' | 'not-empty' | 'no-auth' | 'other';

/**
 * One session. Once lost, it is never used again, and whatever waits for it gets PlatformError `store-unreachable`.
 *
 * Watchers are called once, without a word on what changed, and maybe in vain. The same function given again while it
 * waits is kept once: whoever looks again and again passes the same one.
 */
export interface EnsembleSession {
  /** Resolves with the reason when the session is over, for whatever reason. */
  readonly lost: Promise<Error>;
  /** Undefined when there is no such node. */
  read(path: string): Promise<{ readonly data: Buffer; readonly version: number } | undefined>;
  /** The names of a node's children, in no order; undefined when there is no such node. */
  children(path: string, onChange?: () => void): Promise<readonly string[] | undefined>;
  /** Whether there is such a node. `onChange` is called when that or the node's data changes. */
  exists(path: string, onChange?: () => void): Promise<boolean>;
  /**
   * Makes a node that goes with this session; gives its path, which ends with a number that only grows. One attempt:
   * after a lost connection nobody knows whether it is there.
   */
  createCandidate(prefix: string, data: Buffer): Promise<string>;
  /** Makes a folder and those above it; nothing happens to those that exist. */
  makeFolder(path: string): Promise<void>;
  /** Deletes a node; nothing happens when it is gone. */
  remove(path: string): Promise<void>;
  /**
   * All changes or none. One attempt: after a lost connection nobody knows whether it took effect.
   * @throws NodeRefusal, ConnectionLost, or PlatformError `store-unreachable`
   */
  transact(changes: readonly NodeChange[]): Promise<undefined>;
  /** Ends the session: its candidates go at once, if the ensemble can be reached. */
  close(): void;
}

/** A refusal by the ensemble, as opposed to a lost connection or session. */
export class NodeRefusal extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal, cause?: unknown) {
    super(`ZooKeeper refused: ${refusal}`, { cause });
    this.refusal = refusal;
  }
}

/** The connection broke under an attempt. */
export class ConnectionLost extends Error {
  constructor(cause?: unknown) {
    super('The connection to ZooKeeper was lost', { cause });
  }
}

/** Whether an attempt met a broken connection: it may or may not have taken effect. */
export function isConnectionLost(error: unknown): boolean {
  return error instanceof ConnectionLost;
}

/** How the ensemble refused, if it was that. */
export function refusalIn(error: unknown): Refusal | undefined {
  return error instanceof NodeRefusal ? error.refusal : undefined;
}
