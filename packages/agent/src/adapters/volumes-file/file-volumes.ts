/** Persistent volumes as directories of the work directory, in Mesos's layout: `volumes/roles/<role>/<id>`. */
import { chmod, chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PlatformError } from '@stadion/base';
import type { VolumeId } from '../../core/volumes.ts';
import type { Volumes } from '../../ports/volumes.ts';
import { removeTree } from '../remove-tree.ts';
import { resolveTaskUser } from '../system-users.ts';

/** On the disk of the work directory. */
export class FileVolumes implements Volumes {
  private readonly root: string;

  /** @param workDirectory the agent's work directory */
  constructor(workDirectory: string) {
    this.root = join(workDirectory, 'volumes', 'roles');
  }

  directory({ role, id }: VolumeId): string {
    return join(this.root, role.replaceAll('/', ' '), id);
  }

  async create(volume: VolumeId): Promise<void> {
    await this.explained(volume, 'made', () => mkdir(this.directory(volume), { recursive: true, mode: 0o755 }));
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
    await this.explained(volume, 'wiped', () => removeTree(this.directory(volume)));
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
