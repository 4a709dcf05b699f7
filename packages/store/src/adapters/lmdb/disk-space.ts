/** Tells a full disk from other failures, whatever lmdb makes of it. */
import { statfsSync } from 'node:fs';

/** ENOSPC and EDQUOT, as Node names them and as lmdb numbers them. */
const FULL_CODES: readonly unknown[] = ['ENOSPC', 'EDQUOT', 28, 122];

/** With less than this a write may end short, which lmdb reports as a general I/O error. */
const NOTHING_LEFT_BYTES = 1_048_576;

/** Whether a failed write in `directory` failed for want of room. */
export function isDiskFull(directory: string, cause: unknown): boolean {
  if (typeof cause === 'object' && cause !== null && 'code' in cause && FULL_CODES.includes(cause.code)) return true;
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize < NOTHING_LEFT_BYTES;
  } catch {
    return false;
  }
}
