/** Removes what tasks may have filled, without being led astray by them. */
import { execFile } from 'node:child_process';
import { lstat, rm } from 'node:fs/promises';
import { promisify } from 'node:util';

/**
 * Removes a directory and all in it. One that belongs to another user is left to rm(1): it walks by open directories,
 * not by names, so that user cannot lead it elsewhere by putting a link in place of a directory meanwhile.
 */
export async function removeTree(directory: string): Promise<void> {
  const owner = (await lstat(directory).catch(() => undefined))?.uid;
  if (owner === undefined) return;
  if (owner === process.getuid?.()) await rm(directory, { recursive: true, force: true });
  else await promisify(execFile)('rm', ['-rf', '--', directory]);
}
