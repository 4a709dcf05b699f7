/**
 * Persistent volumes as directories, in Mesos's layout: `volumes/roles/<role>/<id>` below the work directory or below a disk of the type
 * `PATH`; a disk of the type `MOUNT` is the volume itself.
 */
import { chmod, chown, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PlatformError } from '@stadion/base';
import type { VolumeId } from '../../core/volumes.ts';
import type { Volumes } from '../../ports/volumes.ts';
import { removeTree } from '../remove-tree.ts';
import { resolveTaskUser } from '../system-users.ts';

/** On the disk of the work directory, and on disks of their own. */
export class FileVolumes implements Volumes {
  private readonly root: string;

  /** @param workDirectory the agent's work directory */
  constructor(workDirectory: string) {
    this.root = workDirectory;
  }

  directory({ role, id, disk }: VolumeId): string {
    if (disk?.type === 'MOUNT') return disk.root;
    return join(disk?.root ?? this.root, 'volumes', 'roles', role.replaceAll('/', ' '), id);
  }

  async create(volume: VolumeId): Promise<void> {
    const directory = this.directory(volume);
    await this.explained(volume, 'made', async () => {
      // What is not mounted is not made: its volume would be on another disk.
      if (volume.disk?.type === 'MOUNT') await readdir(directory);
      else await mkdir(directory, { recursive: true, mode: 0o755 });
    });
  }

  async handOver(volume: VolumeId, userName: string | undefined): Promise<void> {
    await this.explained(volume, 'handed over', async () => {
      const user = await resolveTaskUser(userName);
      const directory = this.directory(volume);
      await chmod(directory, 0o750);
      if (user !== undefined) await chown(directory, user.uid, user.gid);
    });
  }

  async wipe(volume: VolumeId): Promise<void> {
    const directory = this.directory(volume);
    await this.explained(volume, 'wiped', async () => {
      if (volume.disk?.type !== 'MOUNT') return removeTree(directory);
      // What is mounted there stays; what is in it goes.
      for (const name of await readdir(directory)) await removeTree(join(directory, name));
    });
  }

  private async explained(volume: VolumeId, what: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (error instanceof PlatformError) throw error;
      const directory = this.directory(volume);
      throw new PlatformError('agent-volume-failed', `The volume ${directory} could not be ${what}`, { cause: error });
    }
  }
}
