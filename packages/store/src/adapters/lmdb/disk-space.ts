/**
 * Tells a full disk from other failures, whatever lmdb makes of it, and before lmdb finds out: where a write fails,
 * lmdb-js 3.5.6 prints the place into a buffer that is too small, which may end the process (`mdb_page_flush`).
 */
import { statfsSync } from 'node:fs';

/** ENOSPC and EDQUOT, as Node names them and as lmdb numbers them. */
const FULL_CODES: readonly unknown[] = ['ENOSPC', 'EDQUOT', 28, 122];

/** With less than this a write may end short, which lmdb reports as a general I/O error. */
const NOTHING_LEFT_BYTES = 1_048_576;

/** One page for a record's place in the tree, one for what its value leaves of its last page. */
const PAGE_BYTES_PER_RECORD = 8192;

/** Whether a failed write in `directory` failed for want of room. */
export function isDiskFull(directory: string, cause: unknown): boolean {
  if (typeof cause === 'object' && cause !== null && 'code' in cause && FULL_CODES.includes(cause.code)) return true;
  return lacksRoomFor(directory, 0, 0);
}

/** Whether a batch may find no room: its values, and for each record the pages on the way to it, are written anew. */
export function lacksRoomFor(directory: string, records: number, valueBytes: number): boolean {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize < NOTHING_LEFT_BYTES + records * PAGE_BYTES_PER_RECORD + valueBytes;
  } catch {
    return false;
  }
}
