/** A disk of so many megabytes below a folder, that can be filled and emptied. Needs root. */
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './running-platform.ts';

/** One disk. */
export class SmallDisk {
  private readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Makes the folder, should it be missing, and mounts the disk there. */
  static async mount(folder: string, megabytes: number): Promise<SmallDisk> {
    await mkdir(folder, { recursive: true });
    const words = ['-t', 'tmpfs', '-o', `size=${String(megabytes)}m`, 'stadion-test', folder];
    const { code, stderr } = await run('mount', words);
    if (code !== 0) throw new Error(`no disk can be mounted: ${stderr}`);
    return new SmallDisk(folder);
  }

  /** Leaves no byte free. */
  async fill(): Promise<void> {
    const { bavail, bsize } = await statfs(this.folder);
    // The last of it may be taken by somebody else meanwhile.
    await writeFile(this.ballast, Buffer.alloc(bavail * bsize, 1)).catch(() => undefined);
  }

  /** Makes room again. */
  async free(): Promise<void> {
    await rm(this.ballast, { force: true });
  }

  /** Takes it away, with what is on it. */
  async unmount(): Promise<void> {
    await run('umount', ['-l', this.folder]);
  }

  private get ballast(): string {
    return join(this.folder, 'ballast');
  }
}
