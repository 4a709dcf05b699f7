/** Sandboxes as directories in Mesos's layout: `slaves/<S>/frameworks/<F>/executors/<E>/runs/<C>/`. */
import { execFile } from 'node:child_process';
import {
  chmod,
  chown,
  lchown,
  lstat,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  rmdir,
  stat,
  statfs,
  symlink,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { errorCode, PlatformError } from '@stadion/base';
import type { SandboxId, Sandboxes } from '../../ports/sandboxes.ts';
import { resolveTaskUser, type SystemUser } from '../system-users.ts';
import { rotateLog } from './rotate-log.ts';

/** Entries that are measured in one sandbox; a bigger one is reported as what was counted until then. */
const MEASURED_ENTRIES_MAX = 100_000;
/** Until it is handed over, a sandbox is for the agent alone. */
const PRIVATE_MODE = 0o700;

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
    await this.explained(directory, 'made', async () => {
      // Told before anything is fetched for nothing.
      await resolveTaskUser(userName);
      await mkdir(this.runsDirectory(id), { recursive: true, mode: 0o755 });
      await mkdir(directory, { mode: PRIVATE_MODE });
      for (const name of ['stdout', 'stderr']) await (await open(join(directory, name), 'a', 0o644)).close();
      await this.pointLatest(id);
    });
  }

  async handOver(id: SandboxId, userName: string | undefined): Promise<void> {
    const directory = this.directory(id);
    await this.explained(directory, 'handed over', async () => {
      const user = await resolveTaskUser(userName);
      if (user !== undefined) {
        await assertReachable(directory, user);
        // Nobody else can look in yet, so no name changes its meaning while its owner is being changed.
        for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
          await lchown(join(entry.parentPath, entry.name), user.uid, user.gid);
        }
      }
      await chmod(directory, 0o750);
      if (user !== undefined) await chown(directory, user.uid, user.gid);
    });
  }

  async remove(id: SandboxId): Promise<void> {
    await removeTree(this.directory(id));
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
      const size = (await lstat(path).catch(() => undefined))?.size ?? 0;
      if (await rotateLog(path, size, options.bytesMax, options.keep)) rotated.push(name);
    }
    return rotated;
  }

  /** @throws PlatformError `agent-sandbox-failed`, or what the work itself says */
  private async explained(directory: string, what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (error instanceof PlatformError) throw error;
      const why = errorCode(error) === 'ENOSPC' ? ': the disk is full' : '';
      throw new PlatformError('agent-sandbox-failed', `The directory ${directory} could not be ${what}${why}`, {
        cause: error,
      });
    }
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

/**
 * Removes a directory and all in it. One that belongs to another user is left to rm(1): it walks by open directories,
 * not by names, so that user cannot lead it elsewhere by putting a link in place of a directory meanwhile.
 */
async function removeTree(directory: string): Promise<void> {
  const owner = (await lstat(directory).catch(() => undefined))?.uid;
  if (owner === undefined) return;
  if (owner === process.getuid?.()) await rm(directory, { recursive: true, force: true });
  else await promisify(execFile)('rm', ['-rf', '--', directory]);
}

/** A user who cannot pass through the folders above would have no place to run, and could not leave an exit status. */
async function assertReachable(directory: string, user: SystemUser): Promise<void> {
  for (let folder = dirname(directory); ; folder = dirname(folder)) {
    const { mode, uid, gid } = await stat(folder);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) {
      throw new PlatformError(
        'agent-sandbox-unreachable',
        `The user "${user.name}" cannot reach its sandbox: ${folder} is closed to it. ` +
          'Give the agent a --work-dir that everybody can pass through to, or open that folder with chmod o+x.',
      );
    }
    if (folder === dirname(folder)) return;
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
