/** Volumes that are only names and a number that says whether they are the same as before. */
import { PlatformError } from '@stadion/base';
import { volumeKey, type VolumeId } from '../../core/volumes.ts';
import type { Volumes } from '../../ports/volumes.ts';

/** Keep it and make a new agent: that is a restart. */
export class MemoryVolumes implements Volumes {
  /** Set by tests: nothing can be made or wiped, and why. */
  failure: string | undefined;
  /** Each volume with the number of its making: wiped and made again is another one. */
  readonly made = new Map<string, number>();
  wipedCount = 0;
  private count = 0;

  directory({ role, id, disk }: VolumeId): string {
    if (disk?.type === 'MOUNT') return disk.root;
    return `${disk?.root ?? ''}/volumes/roles/${role.replaceAll('/', ' ')}/${id}`;
  }

  async create(volume: VolumeId): Promise<void> {
    this.assertWorks();
    const key = volumeKey(volume);
    if (this.made.has(key)) return;
    this.count += 1;
    this.made.set(key, this.count);
  }

  async handOver(volume: VolumeId): Promise<void> {
    if (!this.made.has(volumeKey(volume))) throw new PlatformError('agent-volume-failed', 'The volume is not there');
  }

  async wipe(volume: VolumeId): Promise<void> {
    this.assertWorks();
    if (this.made.delete(volumeKey(volume))) this.wipedCount += 1;
  }

  private assertWorks(): void {
    if (this.failure !== undefined) throw new PlatformError('agent-volume-failed', this.failure);
  }
}
