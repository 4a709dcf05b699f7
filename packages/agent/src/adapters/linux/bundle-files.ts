/** Where the configurations of containers are: with their environments, and so with secrets in clear. */
import { writeFileSync } from 'node:fs';
import { mkdir, readdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';

const NAME = 'config.json';

/** In memory where there is a directory for that, and then the bundle has a link; else in the bundle itself. */
export class BundleFiles {
  private readonly memoryDirectory: string | undefined;

  /** @param memoryDirectory the agent's own, on a file system that is on no disk */
  constructor(memoryDirectory: string | undefined) {
    this.memoryDirectory = memoryDirectory;
  }

  /** @param directory that of the bundle */
  async write(containerId: string, directory: string, bundle: object): Promise<void> {
    const text = JSON.stringify(bundle);
    const { memoryDirectory } = this;
    if (memoryDirectory === undefined) {
      writeFileSync(join(directory, NAME), text, { mode: 0o600 });
      return;
    }
    await mkdir(memoryDirectory, { recursive: true, mode: 0o700 });
    writeFileSync(this.pathOf(memoryDirectory, containerId), text, { mode: 0o600 });
    await symlink(this.pathOf(memoryDirectory, containerId), join(directory, NAME));
  }

  async remove(containerId: string): Promise<void> {
    if (this.memoryDirectory !== undefined) await rm(this.pathOf(this.memoryDirectory, containerId), { force: true });
  }

  /** Removes those of containers that are not there any more. */
  async keepOnly(known: ReadonlySet<string>): Promise<void> {
    for (const name of await readdir(this.memoryDirectory ?? '').catch(() => [])) {
      const containerId = name.replace(/\.json$/, '');
      if (!known.has(containerId)) await this.remove(containerId);
    }
  }

  private pathOf(memoryDirectory: string, containerId: string): string {
    return join(memoryDirectory, `${containerId}.json`);
  }
}
