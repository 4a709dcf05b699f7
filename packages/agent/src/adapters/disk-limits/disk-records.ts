/** What each container may have on disk: in memory, and noted in files for an agent that comes after this one. */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Type, type Static } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { describeError, type Logger } from '@stadion/base';

const DiskRecord = Type.Object({
  /** Of the sandbox; 0: as much as there is room. */
  bytes: Type.Integer(),
  sandbox: Type.String(),
  volumes: Type.Array(Type.Object({ name: Type.String(), directory: Type.String(), bytes: Type.Integer() })),
  /** Why it is being ended. */
  exceeded: Type.Optional(Type.String()),
});
/** What one container may have. */
export type DiskRecord = Static<typeof DiskRecord>;

/** By container id; one per agent. A note that cannot be written or removed is a warning in the log. */
export class DiskRecords {
  private readonly directory: string;
  private readonly log: Logger;
  private readonly records = new Map<string, DiskRecord>();

  /** @param directory on the local disk, the agent's own; made when it is missing */
  constructor(directory: string, log: Logger) {
    this.directory = directory;
    this.log = log;
  }

  /** Reads what an earlier agent has noted. */
  async load(): Promise<void> {
    for (const name of await readdir(this.directory).catch(() => [])) {
      const record = await this.read(name);
      if (record !== undefined) this.records.set(name, record);
    }
  }

  get(containerId: string): DiskRecord | undefined {
    return this.records.get(containerId);
  }

  entries(): readonly (readonly [string, DiskRecord])[] {
    return [...this.records];
  }

  /** Sets a record: in memory at once; resolves when it is noted. */
  async put(containerId: string, record: DiskRecord): Promise<void> {
    this.records.set(containerId, record);
    try {
      await mkdir(this.directory, { recursive: true, mode: 0o700 });
      const path = join(this.directory, `${containerId}.tmp`);
      await writeFile(path, JSON.stringify(record), { mode: 0o600 });
      await rename(path, join(this.directory, containerId));
    } catch (error) {
      this.log.warn(
        { containerId, error: describeError(error) },
        'what a container may have on disk could not be noted',
      );
    }
  }

  /** Drops a record from memory; its note stays until {@link forget}. */
  drop(containerId: string): void {
    this.records.delete(containerId);
  }

  /** Drops a record with its note. */
  async forget(containerId: string): Promise<void> {
    this.records.delete(containerId);
    await rm(join(this.directory, containerId), { force: true }).catch((error: unknown) => {
      this.log.warn({ containerId, error: describeError(error) }, 'a note about a container could not be removed');
    });
  }

  /** A note that cannot be read counts as none. */
  private async read(containerId: string): Promise<DiskRecord | undefined> {
    try {
      const value: unknown = JSON.parse(await readFile(join(this.directory, containerId), 'utf8'));
      return Value.Check(DiskRecord, value) ? value : undefined;
    } catch {
      return undefined;
    }
  }
}
