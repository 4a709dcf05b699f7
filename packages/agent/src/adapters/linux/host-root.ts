/**
 * The machine's own files as the root of a container, read-only: each directory at the top is bound into an empty place
 * when the container starts, so that nothing is mounted on the machine itself.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readlink, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { RuntimeMount } from '../../core/oci/runtime-spec.ts';

/** What every container has of its own. */
const OWN = new Set(['dev', 'proc', 'sys', 'tmp', 'lost+found']);
/** Memory in which a container keeps what it writes to /tmp; its directories are copied into it when it is mounted. */
const SCRATCH = '.scratch';

/** The place, made anew by each agent. */
export class HostRoot {
  /** An empty directory with the names of the top. */
  readonly path: string;
  private readonly hidden: readonly string[];
  private directories: readonly string[] = [];

  /** @param hidden directories of which containers see nothing: those of the platform itself */
  constructor(path: string, hidden: readonly string[]) {
    this.path = path;
    this.hidden = hidden;
  }

  async open(): Promise<void> {
    await mkdir(this.path, { recursive: true, mode: 0o755 });
    const directories: string[] = [];
    for (const entry of await readdir('/', { withFileTypes: true })) {
      const place = join(this.path, entry.name);
      if (entry.isSymbolicLink()) {
        await rm(place, { recursive: true, force: true });
        await symlink(await readlink(join('/', entry.name)), place);
      } else if (entry.isDirectory()) {
        await mkdir(place, { recursive: true });
        if (!OWN.has(entry.name)) directories.push(entry.name);
      }
    }
    for (const name of ['upper', 'work']) {
      await mkdir(join(this.path, SCRATCH, name), { recursive: true, mode: 0o1777 });
    }
    this.directories = directories;
  }

  /**
   * Recursively read-only; and what the machine unmounts later is unmounted here too, or it would be held for ever.
   * /tmp shows what is in that of the machine, and keeps what is written in the memory of the container.
   */
  mounts(): readonly RuntimeMount[] {
    return [
      ...this.directories.map((name) => {
        return { destination: `/${name}`, type: 'bind', source: `/${name}`, options: ['rbind', 'rslave', 'rro'] };
      }),
      tmpfs(`/${SCRATCH}`, ['mode=755', 'tmpcopyup']),
      this.privateTmp(),
      ...this.hidden.filter((directory) => existsSync(directory)).map((directory) => tmpfs(directory, ['mode=755'])),
    ];
  }

  private privateTmp(): RuntimeMount {
    const scratch = join(this.path, SCRATCH);
    // The kernel splits mount options at commas.
    if (scratch.includes(',')) return tmpfs('/tmp', ['mode=1777']);
    const layers = ['lowerdir=/tmp', `upperdir=${join(scratch, 'upper')}`, `workdir=${join(scratch, 'work')}`];
    return { destination: '/tmp', type: 'overlay', source: 'overlay', options: ['nosuid', 'nodev', ...layers] };
  }
}

/** Memory as a file system; it counts against the memory of the container. */
export function tmpfs(destination: string, options: readonly string[]): RuntimeMount {
  return { destination, type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', ...options] };
}
