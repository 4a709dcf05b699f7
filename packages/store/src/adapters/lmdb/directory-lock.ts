/** Makes sure that one process at a time uses a data directory: a file that names its owner beyond the reuse of pids. */
import { execFileSync } from 'node:child_process';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '@stadion/base';
import { storeDamaged, storeFull, storeLocked } from '../../errors.ts';
import { isDiskFull } from './disk-space.ts';

/** Held until released; a process that dies leaves it behind, and the next one takes it over. */
export interface DirectoryLock {
  release(): void;
}

interface Owner {
  readonly pid: number;
  /** When the process started, in a form that only equals itself: pids are used again, these are not. */
  readonly started: string;
}

const LOCK_FILE = 'owner.lock';
const TAKEOVER_ATTEMPTS_MAX = 3;

/**
 * Takes the directory for this process.
 *
 * The file appears with its content, by a hard link, so nobody reads half of it. A stale one is first moved aside and
 * read again: should another process have taken over in between, its lock is put back.
 * @param directory an existing directory
 * @throws PlatformError `store-locked` with the owner's pid, `store-full`, or `store-damaged` when the directory cannot
 *   be written
 */
export function lockDirectory(directory: string): DirectoryLock {
  const path = join(directory, LOCK_FILE);
  const mine: Owner = { pid: process.pid, started: processStart(process.pid) ?? 'unknown' };
  const draft = `${path}.${process.pid}`;
  try {
    writeFileSync(draft, JSON.stringify(mine));
    for (let attempt = 0; attempt < TAKEOVER_ATTEMPTS_MAX; attempt += 1) {
      if (linked(draft, path)) {
        return {
          release: () => {
            rmSync(path, { force: true });
          },
        };
      }
      const owner = readOwner(path);
      if (owner !== undefined && isAlive(owner)) throw storeLocked(directory, owner.pid);
      setAside(path, owner);
    }
    throw storeLocked(directory, readOwner(path)?.pid ?? 0);
  } catch (error) {
    const code = errorCode(error);
    if (code?.startsWith('store-') === true) throw error;
    if (isDiskFull(directory, error)) throw storeFull(directory, error);
    throw storeDamaged(directory, `it is not writable (${code ?? 'unknown error'})`, error);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** False when somebody else's lock is there. */
function linked(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

function setAside(path: string, stale: Owner | undefined): void {
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  const moved = readOwner(aside);
  if (moved !== undefined && (moved.pid !== stale?.pid || moved.started !== stale.started)) linked(aside, path);
  rmSync(aside, { force: true });
}

/** The owner that the file names, or undefined when it is gone or names none. */
function readOwner(path: string): Owner | undefined {
  try {
    const content: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof content !== 'object' || content === null || !('pid' in content) || !('started' in content)) {
      return undefined;
    }
    const { pid, started } = content;
    return typeof pid === 'number' && typeof started === 'string' ? { pid, started } : undefined;
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isAlive(owner: Owner): boolean {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: it lives, under another user.
    if (errorCode(error) !== 'EPERM') return false;
  }
  const started = processStart(owner.pid);
  return started === undefined || owner.started === 'unknown' || started === owner.started;
}

/** Linux: the boot, and the clock ticks since then (proc(5), field 22 of stat). Elsewhere: what ps says. */
function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets and may contain anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}/${fields[19] ?? ''}`;
  } catch {
    if (process.platform === 'linux') return undefined;
  }
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}
