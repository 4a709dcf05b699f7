/** Sandboxes as directories in Mesos's layout: `slaves/<S>/frameworks/<F>/executors/<E>/runs/<C>/`. */
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
import { errorCode, PlatformError } from '@stadion/base';
import type { SandboxId, Sandboxes, SharedDirectory } from '../../ports/sandboxes.ts';
import { removeTree } from '../remove-tree.ts';
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
    const run = join(this.runsDirectory(id), id.containerId);
    return id.taskId === undefined ? run : join(run, 'tasks', id.taskId);
  }

  async create(id: SandboxId, userName: string | undefined): Promise<void> {
    const directory = this.directory(id);
    await this.explained(directory, 'made', async () => {
      // Told before anything is fetched for nothing.
      await resolveTaskUser(userName);
      await mkdir(dirname(directory), { recursive: true, mode: 0o755 });
      await mkdir(directory, { mode: PRIVATE_MODE });
      for (const name of ['stdout', 'stderr']) await (await open(join(directory, name), 'a', 0o644)).close();
      if (id.taskId === undefined) await this.pointLatest(id);
    });
  }

  async createShared(id: SandboxId, path: string, share: SharedDirectory): Promise<string> {
    const directory = join(this.directory(id), path);
    await this.explained(directory, 'made', async () => {
      const user = await resolveTaskUser(share.user);
      await mkdir(directory, { recursive: true, mode: 0o755 });
      await chmod(directory, share.isForAll ? 0o1777 : 0o700);
      if (user !== undefined) await chown(directory, user.uid, user.gid);
    });
    return directory;
  }

  async openPod(id: SandboxId): Promise<void> {
    const directory = this.directory(id);
    // Its own stays the agent's: containers of several users pass through to theirs, and nobody can move them.
    await this.explained(directory, 'opened', () => chmod(directory, 0o711));
  }

  async handOver(id: SandboxId, userName: string | undefined): Promise<void> {
    const directory = this.directory(id);
    await this.explained(directory, 'handed over', async () => {
      const user = await resolveTaskUser(userName);
      if (user !== undefined) {
        // The sandbox of a pod is opened last.
        await assertReachable(id.taskId === undefined ? directory : dirname(dirname(directory)), user);
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
    const directory = this.directory(id);
    await removeTree(directory);
    if (id.taskId !== undefined) {
      // The sandbox of a pod goes with the last of its tasks.
      if (!(await removeEmpty(dirname(directory), 1))) return;
      await removeTree(dirname(dirname(directory)));
    }
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

/** Removes empty directories upwards; says whether all of them were. */
async function removeEmpty(directory: string, levels: number): Promise<boolean> {
  let current = directory;
  for (let level = 0; level < levels; level += 1) {
    const removed = await rmdir(current).then(
      () => true,
      () => false,
    );
    if (!removed) return false;
    current = dirname(current);
  }
  return true;
}
