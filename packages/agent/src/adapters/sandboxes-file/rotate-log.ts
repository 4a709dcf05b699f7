/** Rotates a log that its writer keeps open: copy, catch up, cut. Safe with writers that append (O_APPEND). */
import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode } from '@stadion/base';
import { planRotation, type RotationPlan } from '../../core/log-rotation.ts';

const CHUNK_BYTES = 256 * 1024;
/** What may be copied in one breath of the event loop before the cut. */
const LAST_BYTES_MAX = 1024 * 1024;
/** A writer that is faster than the copy is cut off after so many rounds; what it wrote meanwhile is lost. */
const ROUNDS_MAX = 64;

/**
 * Rotates `path` when it is due. Resolves with whether it was.
 * What is written between the last look at the end and the cut (microseconds, no turn of the event loop) is lost.
 * @throws Error of the file system; the log itself is whole then
 */
export async function rotateLog(path: string, sizeBytes: number, bytesMax: number, keep: number): Promise<boolean> {
  const plan = planRotation(basename(path), sizeBytes, bytesMax, keep);
  if (plan === undefined) return false;
  const directory = dirname(path);
  // The sandbox belongs to the task: its names may be links to anywhere, or pipes that would never give an answer.
  const source = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const facts = fstatSync(source);
    // A second name may be anybody's file: cutting it off here would cut it off there.
    if (!facts.isFile() || facts.nlink !== 1) return false;
    await moveUp(directory, plan);
    const copyPath = join(directory, plan.copyTo);
    await rm(copyPath, { force: true });
    const copy = await open(copyPath, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, facts.mode & 0o777);
    try {
      if (process.getuid?.() === 0) await copy.chown(facts.uid, facts.gid);
      await copyAndCut(source, copy.fd, copy);
    } catch (error) {
      // Half a copy would take what little room is left.
      await rm(copyPath, { force: true });
      throw error;
    } finally {
      await copy.close();
    }
  } finally {
    closeSync(source);
  }
  return true;
}

async function moveUp(directory: string, plan: RotationPlan): Promise<void> {
  await rm(join(directory, plan.remove), { force: true });
  for (const { from, to } of plan.renames) {
    await rename(join(directory, from), join(directory, to)).catch((error: unknown) => {
      if (errorCode(error) !== 'ENOENT') throw error;
    });
  }
}

async function copyAndCut(source: number, target: number, copy: { datasync(): Promise<void> }): Promise<void> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let position = 0;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const end = fstatSync(source).size;
    if (end - position <= LAST_BYTES_MAX) break;
    while (position < end) {
      position += copyChunk(source, target, buffer, position);
      // Others get the event loop between chunks.
      await copy.datasync();
    }
  }
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const count = copyChunk(source, target, buffer, position);
    if (count === 0) break;
    position += count;
  }
  ftruncateSync(source, 0);
}

function copyChunk(source: number, target: number, buffer: Buffer, position: number): number {
  const count = readSync(source, buffer, 0, buffer.length, position);
  let written = 0;
  while (written < count) written += writeSync(target, buffer, written, count - written, position + written);
  return count;
}
