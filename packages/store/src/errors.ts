/** The catalogue of store errors: every code once, with the sentence that says what to do. Codes are append-only. */
import { PlatformError } from '@stadion/base';
import { COMMIT_OPERATIONS_MAX, COMMITS_WAITING_MAX, GROUP_PENDING_OPERATIONS_MAX, VALUE_BYTES_MAX } from './limits.ts';

/** `store-version-conflict`: an operation expected another version. Nothing of the batch was applied. */
export function versionConflict(key: string, expectedVersion: number, version: number): PlatformError {
  const found = version === 0 ? 'does not exist' : `has version ${version}`;
  return new PlatformError(
    'store-version-conflict',
    `The record ${key} ${found}, the change expected version ${expectedVersion}. Nothing was applied: read it again and decide again.`,
    { details: { key, expectedVersion, version } },
  );
}

/** `store-stale-epoch`: another leader has taken over. */
export function staleEpoch(epoch: number, newestEpoch: number): PlatformError {
  return new PlatformError(
    'store-stale-epoch',
    `A change under epoch ${epoch} was refused, because epoch ${newestEpoch} leads. Nothing was applied: stop acting as leader.`,
    { details: { epoch, newestEpoch } },
  );
}

/** `store-value-too-large`: a value's JSON text exceeds the limit. Nothing of the batch was applied. */
export function valueTooLarge(key: string, bytes: number): PlatformError {
  return new PlatformError(
    'store-value-too-large',
    `The value of ${key} takes ${bytes} bytes as JSON; a record holds at most ${VALUE_BYTES_MAX}. Nothing was applied: make it smaller or split it.`,
    { details: { key, bytes, limit: VALUE_BYTES_MAX } },
  );
}

/** `store-batch-too-large`: more operations than one commit takes. Nothing was applied. */
export function batchTooLarge(operations: number): PlatformError {
  return new PlatformError(
    'store-batch-too-large',
    `A commit of ${operations} operations was refused; one takes at most ${COMMIT_OPERATIONS_MAX}. Nothing was applied: split it.`,
    { details: { operations, limit: COMMIT_OPERATIONS_MAX } },
  );
}

/** `store-busy`: too many commits wait at the store. */
export function commitsBusy(): PlatformError {
  return new PlatformError(
    'store-busy',
    `${COMMITS_WAITING_MAX} commits already wait for the disk. Nothing was applied: try again later, or bundle changes.`,
    { details: { limit: COMMITS_WAITING_MAX }, retryable: true },
  );
}

/** `store-busy`: group commit holds as many operations as it may. */
export function groupBusy(pending: number): PlatformError {
  return new PlatformError(
    'store-busy',
    `${pending} changes already wait for the disk; at most ${GROUP_PENDING_OPERATIONS_MAX} may. Nothing was applied: try again later.`,
    { details: { pending, limit: GROUP_PENDING_OPERATIONS_MAX }, retryable: true },
  );
}

/** `store-closed`: the store was closed, or was never meant to serve any more. */
export function storeClosed(): PlatformError {
  return new PlatformError('store-closed', 'The store is closed. Open it again to use it.');
}

/** `store-full`: the disk has no room. Nothing of the batch was applied; the store goes on once there is room. */
export function storeFull(directory: string, cause: unknown): PlatformError {
  return new PlatformError(
    'store-full',
    `The disk that holds ${directory} is full. Nothing was applied: free some space there and try again.`,
    { details: { directory }, retryable: true, cause },
  );
}

/** `store-failed`: the disk failed during a commit. Whether the batch was applied is not known: open the store again. */
export function storeFailed(directory: string, cause: unknown): PlatformError {
  return new PlatformError(
    'store-failed',
    `Writing to ${directory} failed. The store takes no more changes: check the disk, then start again; what was acknowledged is kept.`,
    { details: { directory }, cause },
  );
}

/** `store-locked`: another live instance has the directory open. */
export function storeLocked(directory: string, pid: number): PlatformError {
  const holder = pid === process.pid ? `this very process (pid ${pid})` : `the process with pid ${pid}`;
  return new PlatformError(
    'store-locked',
    `The data directory ${directory} is in use by ${holder}. Stop it first (kill ${pid}), or choose another --data-dir.`,
    { details: { directory, pid } },
  );
}

/** `store-damaged`: the files are not a store that this program can trust. Nothing was changed. */
export function storeDamaged(directory: string, what: string, cause?: unknown): PlatformError {
  return new PlatformError(
    'store-damaged',
    `The data directory ${directory} cannot be used: ${what}. Nothing was changed. Restore it from a backup, or move it away to start empty.`,
    { details: { directory, what }, ...(cause === undefined ? {} : { cause }) },
  );
}

/** `store-unreachable`: ZooKeeper cannot be reached, or no longer under this session. A change under way may have been applied. */
export function storeUnreachable(why: string): PlatformError {
  return new PlatformError(
    'store-unreachable',
    `The state in ZooKeeper cannot be reached: ${why}. Whoever led stops leading; check that most of its servers run.`,
    { details: { why }, retryable: true },
  );
}

/** `store-address-invalid`: the text after `--zk` is not a place in ZooKeeper. */
export function storeAddressInvalid(problem: string): PlatformError {
  return new PlatformError('store-address-invalid', `--zk cannot be read: ${problem}.`, { details: { problem } });
}
