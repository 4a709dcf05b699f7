/** Checkpoints as files under `meta/` of the work directory: one JSON file a record, replaced by rename. */
import { mkdir, open, readdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError, errorCode, PlatformError } from '@stadion/base';
import type { Checkpoints, LoadedCheckpoint } from '../../ports/checkpoints.ts';
import { lockWorkDirectory, unlockWorkDirectory } from './work-directory-lock.ts';

const EXTENSION = '.json';
/** Unfinished files of a crash; they were never the record. */
const TEMPORARY = '.tmp';

interface Pending {
  value: object | undefined;
  durable: boolean;
  readonly settle: { resolve: () => void; reject: (error: unknown) => void }[];
}

/**
 * Writes one file a key. Saves of one key that come while it is being written are merged: the last value wins, and all
 * their promises settle with it.
 */
export class FileCheckpoints implements Checkpoints {
  private readonly workDirectory: string;
  private readonly directory: string;
  private readonly pending = new Map<string, Pending>();
  private readonly writing = new Map<string, Promise<void>>();
  private readonly folders = new Set<string>();
  private locked = false;

  /** @param workDirectory the agent's work directory; it is made when missing */
  constructor(workDirectory: string) {
    this.workDirectory = workDirectory;
    this.directory = join(workDirectory, 'meta');
  }

  async open(): Promise<void> {
    try {
      await mkdir(this.directory, { recursive: true });
      await lockWorkDirectory(this.workDirectory);
    } catch (error) {
      throw error instanceof PlatformError ? error : unusable(this.workDirectory, error);
    }
    this.locked = true;
  }

  async load(): Promise<readonly LoadedCheckpoint[]> {
    const loaded: LoadedCheckpoint[] = [];
    for (const entry of await readdir(this.directory, { withFileTypes: true, recursive: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      if (entry.name.endsWith(TEMPORARY)) await unlink(path).catch(() => undefined);
      if (!entry.name.endsWith(EXTENSION)) continue;
      const relative = path.slice(this.directory.length + 1, -EXTENSION.length);
      try {
        const key = relative.split('/').map(decodeURIComponent).join('/');
        const value: unknown = JSON.parse(await readFile(path, 'utf8'));
        loaded.push({ key, value });
      } catch (error) {
        loaded.push({ key: relative, problem: describeError(error) });
      }
    }
    return loaded;
  }

  save(key: string, value: object, options: { readonly durable: boolean }): Promise<void> {
    return this.enqueue(key, value, options.durable);
  }

  remove(key: string): Promise<void> {
    return this.enqueue(key, undefined, false);
  }

  async close(): Promise<void> {
    while (this.writing.size > 0) await Promise.all(this.writing.values());
    if (this.locked) await unlockWorkDirectory(this.workDirectory);
    this.locked = false;
  }

  private enqueue(key: string, value: object | undefined, durable: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const pending = this.pending.get(key);
      if (pending === undefined) {
        this.pending.set(key, { value, durable, settle: [{ resolve, reject }] });
      } else {
        pending.value = value;
        pending.durable ||= durable;
        pending.settle.push({ resolve, reject });
      }
      if (!this.writing.has(key)) this.writing.set(key, this.drain(key));
    });
  }

  private async drain(key: string): Promise<void> {
    for (let next = this.pending.get(key); next !== undefined; next = this.pending.get(key)) {
      this.pending.delete(key);
      try {
        await this.replace(key, next.value, next.durable);
        for (const each of next.settle) each.resolve();
      } catch (error) {
        const failure = new PlatformError('agent-checkpoint-failed', `The checkpoint ${key} could not be written`, {
          cause: error,
          details: { key },
        });
        for (const each of next.settle) each.reject(failure);
      }
    }
    this.writing.delete(key);
  }

  private async replace(key: string, value: object | undefined, durable: boolean): Promise<void> {
    const path = join(this.directory, ...key.split('/').map(toFileName)) + EXTENSION;
    if (value === undefined) {
      await unlink(path).catch((error: unknown) => {
        if (errorCode(error) !== 'ENOENT') throw error;
      });
      return;
    }
    const folder = join(path, '..');
    if (!this.folders.has(folder)) {
      await mkdir(folder, { recursive: true });
      this.folders.add(folder);
    }
    const temporary = path + TEMPORARY;
    const text = JSON.stringify(value);
    try {
      if (durable) await writeDurably(temporary, text);
      else await writeFile(temporary, text, { mode: 0o600 });
      await rename(temporary, path);
    } catch (error) {
      // Half a file would take what little room is left.
      await unlink(temporary).catch(() => undefined);
      this.folders.delete(folder);
      throw error;
    }
    if (durable) await syncFolder(folder);
  }
}

function unusable(workDirectory: string, cause: unknown): PlatformError {
  const why = errorCode(cause) === 'ENOSPC' ? 'its disk is full' : (errorCode(cause) ?? 'unknown error');
  const message = `The work directory ${workDirectory} cannot be written to (${why}). Make room, or give the agent another --work-dir.`;
  return new PlatformError('agent-work-dir-unusable', message, { cause, details: { workDirectory } });
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.datasync();
  } finally {
    await file.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function toFileName(part: string): string {
  const name = encodeURIComponent(part);
  return name === '.' || name === '..' ? name.replaceAll('.', '%2E') : name;
}
