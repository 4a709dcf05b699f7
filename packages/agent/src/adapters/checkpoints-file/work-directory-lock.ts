/** One agent per work directory: a lock file that names its owner, and that a dead owner does not hold. */
import { link, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, PlatformError } from '@stadion/base';
import { identifyProcess, isSameProcess, readBootId, type ProcessIdentity } from '../process-identity.ts';

interface Owner extends ProcessIdentity {
  readonly bootId?: string;
}

/** A stale lock is taken over once or twice; more means that somebody else is doing the same. */
const ATTEMPTS_MAX = 5;

/**
 * Takes the directory.
 * @throws PlatformError `agent-work-dir-locked` naming the process that has it
 */
export async function lockWorkDirectory(workDirectory: string): Promise<void> {
  const path = join(workDirectory, 'lock');
  const mine = `${path}.${process.pid}`;
  const bootId = readBootId();
  const owner: Owner = {
    pid: process.pid,
    ...identifyProcess(process.pid),
    ...(bootId === undefined ? {} : { bootId }),
  };
  await writeFile(mine, JSON.stringify(owner));
  try {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      // link(2) fails when the name exists, so the lock appears whole and once.
      const taken = await link(mine, path).then(
        () => true,
        (error: unknown) => {
          if (errorCode(error) === 'EEXIST') return false;
          throw error;
        },
      );
      if (taken) return;
      const other = await readOwner(path);
      if (other !== undefined && isHeldBy(other, bootId)) throw lockedError(workDirectory, other.pid);
      await unlink(path).catch(() => undefined);
    }
    throw lockedError(workDirectory, undefined);
  } finally {
    await unlink(mine).catch(() => undefined);
  }
}

/** Gives the directory back. */
export async function unlockWorkDirectory(workDirectory: string): Promise<void> {
  await unlink(join(workDirectory, 'lock')).catch(() => undefined);
}

async function readOwner(path: string): Promise<Owner | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (typeof value !== 'object' || value === null || !('pid' in value) || typeof value.pid !== 'number') {
      return undefined;
    }
    return {
      pid: value.pid,
      ...('startTime' in value && typeof value.startTime === 'string' ? { startTime: value.startTime } : {}),
      ...('bootId' in value && typeof value.bootId === 'string' ? { bootId: value.bootId } : {}),
    };
  } catch {
    // Cut off by a crash or already gone: nobody holds it.
    return undefined;
  }
}

function isHeldBy(owner: Owner, bootId: string | undefined): boolean {
  return owner.bootId === bootId && isSameProcess(owner);
}

function lockedError(workDirectory: string, pid: number | undefined): PlatformError {
  const who = pid === undefined ? 'another process' : `the process ${pid}`;
  return new PlatformError(
    'agent-work-dir-locked',
    `The work directory ${workDirectory} is used by ${who}. Stop that agent, or give this one another --work-dir.`,
    { details: { workDirectory, pid } },
  );
}
