/** What the posix containerizer keeps of a container: a small directory under its runtime directory. */
import { chmod, chown, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exitFromShellStatus, type ContainerExit } from '../../core/container.ts';
import type { ProcessIdentity } from '../process-identity.ts';
import type { SystemUser } from '../system-users.ts';
import { EXIT_FILE_PREFIX } from './supervisor.ts';

/** Who supervises a container, and in which life of the machine. */
export interface ContainerRecord {
  readonly supervisor: ProcessIdentity;
  readonly bootId?: string;
}

/** Files of all containers: `<id>/container.json`, and `<id>/exit/`, the only place a task's user may write to. */
export class ContainerDirectories {
  private readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** Makes the place for all of them; task users pass through it. */
  async open(): Promise<void> {
    await mkdir(this.root, { recursive: true });
    await chmod(this.root, 0o711);
  }

  async list(): Promise<readonly string[]> {
    const entries = await readdir(this.root, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  }

  /** Where the supervisor leaves the exit status. */
  exitDirectory(containerId: string): string {
    return join(this.root, containerId, 'exit');
  }

  /** Makes the place of one container before it is started. */
  async create(containerId: string, user: SystemUser | undefined): Promise<void> {
    await mkdir(join(this.root, containerId), { mode: 0o711 });
    const exitDirectory = this.exitDirectory(containerId);
    await mkdir(exitDirectory, { mode: 0o700 });
    if (user !== undefined) await chown(exitDirectory, user.uid, user.gid);
  }

  /** Writes down who supervises it. */
  async write(containerId: string, record: ContainerRecord): Promise<void> {
    const path = join(this.root, containerId, 'container.json');
    await writeFile(`${path}.tmp`, JSON.stringify(record), { mode: 0o600 });
    await rename(`${path}.tmp`, path);
  }

  /** Reads it again; undefined when it was never written or is damaged. */
  async read(containerId: string): Promise<ContainerRecord | undefined> {
    try {
      const value: unknown = JSON.parse(await readFile(join(this.root, containerId, 'container.json'), 'utf8'));
      return toRecord(value);
    } catch {
      return undefined;
    }
  }

  /** How the command ended, if it did and the supervisor could say so. */
  async readExit(containerId: string): Promise<ContainerExit | undefined> {
    const names = await readdir(this.exitDirectory(containerId)).catch(() => []);
    for (const name of names) {
      const status = name.startsWith(EXIT_FILE_PREFIX) ? name.slice(EXIT_FILE_PREFIX.length) : '';
      if (/^\d{1,3}$/.test(status)) return exitFromShellStatus(Number(status));
    }
    return undefined;
  }

  /** The directory of one container. */
  directory(containerId: string): string {
    return join(this.root, containerId);
  }

  /** Writes down how it ended, where the supervisor's exit status does not say it all. */
  async writeEnd(containerId: string, exit: ContainerExit): Promise<void> {
    const path = join(this.root, containerId, 'end.json');
    await writeFile(`${path}.tmp`, JSON.stringify(exit), { mode: 0o600 });
    await rename(`${path}.tmp`, path);
  }

  /** Reads what {@link writeEnd} wrote. */
  async readEnd(containerId: string): Promise<ContainerExit | undefined> {
    try {
      const value: unknown = JSON.parse(await readFile(join(this.root, containerId, 'end.json'), 'utf8'));
      return toLimitedExit(value);
    } catch {
      return undefined;
    }
  }

  async remove(containerId: string): Promise<void> {
    await rm(join(this.root, containerId), { recursive: true, force: true });
  }
}

function toRecord(value: unknown): ContainerRecord | undefined {
  if (typeof value !== 'object' || value === null || !('supervisor' in value)) return undefined;
  const { supervisor } = value;
  if (typeof supervisor !== 'object' || supervisor === null || !('pid' in supervisor)) return undefined;
  if (typeof supervisor.pid !== 'number' || supervisor.pid <= 1) return undefined;
  const startTime =
    'startTime' in supervisor && typeof supervisor.startTime === 'string' ? { startTime: supervisor.startTime } : {};
  const bootId = 'bootId' in value && typeof value.bootId === 'string' ? { bootId: value.bootId } : {};
  return { supervisor: { pid: supervisor.pid, ...startTime }, ...bootId };
}

function toLimitedExit(value: unknown): ContainerExit | undefined {
  if (typeof value !== 'object' || value === null || !('resource' in value) || !('message' in value)) return undefined;
  const { resource, message } = value;
  if ((resource !== 'memory' && resource !== 'disk') || typeof message !== 'string') return undefined;
  return { kind: 'limited', resource, message };
}
