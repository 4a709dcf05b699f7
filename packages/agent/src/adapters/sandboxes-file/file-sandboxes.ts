/** Sandboxes as directories in Mesos's layout: `slaves/<S>/frameworks/<F>/executors/<E>/runs/<C>/`. */
import { chmod, chown, mkdir, open, readdir, rename, rm, rmdir, stat, lstat, statfs, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode, PlatformError } from '@stadion/base';
import type { SandboxId, Sandboxes } from '../../ports/sandboxes.ts';
import { resolveTaskUser } from '../system-users.ts';
import { rotateLog } from './rotate-log.ts';

/** Entries that are measured in one sandbox; a bigger one is reported as what was counted until then. */
const MEASURED_ENTRIES_MAX = 100_000;

/** Directories on the local disk. */
export class FileSandboxes implements Sandboxes {
  private readonly workDirectory: string;

  /** @param workDirectory the agent's work directory */
  constructor(workDirectory: string) {
    this.workDirectory = workDirectory;
  }

  directory(id: SandboxId): string {
    return join(this.runsDirectory(id), id.containerId);
  }

  async create(id: SandboxId, userName: string | undefined): Promise<void> {
    const directory = this.directory(id);
    try {
      const user = await resolveTaskUser(userName);
      await mkdir(this.runsDirectory(id), { recursive: true, mode: 0o755 });
      await mkdir(directory, { mode: 0o750 });
      // mkdir's mode is subject to the umask.
      await chmod(directory, 0o750);
      for (const name of ['stdout', 'stderr']) {
        const file = await open(join(directory, name), 'a', 0o644);
        try {
          if (user !== undefined) await file.chown(user.uid, user.gid);
        } finally {
          await file.close();
        }
      }
      if (user !== undefined) await chown(directory, user.uid, user.gid);
      await this.pointLatest(id);
    } catch (error) {
      if (error instanceof PlatformError) throw error;
      const why = errorCode(error) === 'ENOSPC' ? ': the disk is full' : '';
      throw new PlatformError('agent-sandbox-failed', `The directory ${directory} could not be made${why}`, {
        cause: error,
      });
    }
  }

  async remove(id: SandboxId): Promise<void> {
    await rm(this.directory(id), { recursive: true, force: true });
    // The parents go with their last run: runs/latest first, then what is empty.
    const runs = this.runsDirectory(id);
    const left = await readdir(runs).catch(() => ['?']);
    if (left.some((name) => name !== 'latest')) return;
    await rm(join(runs, 'latest'), { force: true });
    await removeEmpty(runs, 2);
  }

  async usedBytes(id: SandboxId): Promise<number | undefined> {
    let bytes = 0;
    let count = 0;
    const folders = [this.directory(id)];
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
      for (const entry of entries) {
        count += 1;
        if (count > MEASURED_ENTRIES_MAX) return bytes;
        const path = join(folder, entry.name);
        if (entry.isDirectory()) folders.push(path);
        else bytes += (await lstat(path).catch(() => undefined))?.size ?? 0;
      }
    }
    return bytes;
  }

  async diskUsedFraction(): Promise<number> {
    const disk = await statfs(this.workDirectory);
    return disk.blocks === 0 ? 0 : 1 - disk.bavail / disk.blocks;
  }

  async rotateLogs(id: SandboxId, options: { bytesMax: number; keep: number }): Promise<readonly string[]> {
    const rotated: string[] = [];
    for (const name of ['stdout', 'stderr']) {
      const path = join(this.directory(id), name);
      const size = (await stat(path).catch(() => undefined))?.size ?? 0;
      if (await rotateLog(path, size, options.bytesMax, options.keep)) rotated.push(name);
    }
    return rotated;
  }

  private runsDirectory(id: SandboxId): string {
    return join(
      this.workDirectory,
      'slaves',
      id.agentId,
      'frameworks',
      id.frameworkId,
      'executors',
      id.executorId,
      'runs',
    );
  }

  /** A link is replaced by renaming another one over it, so that readers always find one. */
  private async pointLatest(id: SandboxId): Promise<void> {
    const latest = join(this.runsDirectory(id), 'latest');
    const next = `${latest}.${id.containerId}`;
    await symlink(id.containerId, next);
    await rename(next, latest);
  }
}

async function removeEmpty(directory: string, levels: number): Promise<void> {
  let current = directory;
  for (let level = 0; level < levels; level += 1) {
    const removed = await rmdir(current).then(
      () => true,
      () => false,
    );
    if (!removed) return;
    current = dirname(current);
  }
}
