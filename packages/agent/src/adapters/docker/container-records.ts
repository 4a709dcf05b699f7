/** What the docker containerizer keeps on disk: who it is, and what it needs of a container when Docker cannot be asked. */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, randomUuid, type Random } from '@stadion/base';

/** One container of ours. */
export interface ContainerRecord {
  readonly directory: string;
  readonly terminal: boolean;
}

const SUFFIX = '.json';

/** Small files in a directory: `owner`, and `<containerId>.json` and `.position` for each container. */
export class ContainerRecords {
  private readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** Makes the place, and gives the name by which containers are ours; it stays the same as long as the place does. */
  async open(random: Random): Promise<string> {
    await mkdir(this.root, { recursive: true, mode: 0o700 });
    const path = join(this.root, 'owner');
    const known = await readFile(path, 'utf8').catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT') return '';
      throw error;
    });
    if (known.trim() !== '') return known.trim();
    const owner = randomUuid(random);
    await writeWhole(path, owner);
    return owner;
  }

  async write(containerId: string, record: ContainerRecord): Promise<void> {
    await writeWhole(join(this.root, `${containerId}${SUFFIX}`), JSON.stringify(record));
  }

  /** All that can be read, by container. */
  async load(): Promise<ReadonlyMap<string, ContainerRecord>> {
    const records = new Map<string, ContainerRecord>();
    for (const name of await readdir(this.root).catch(() => [])) {
      if (!name.endsWith(SUFFIX)) continue;
      const record = parse(await readFile(join(this.root, name), 'utf8').catch(() => ''));
      if (record !== undefined) records.set(name.slice(0, -SUFFIX.length), record);
    }
    return records;
  }

  positionPath(containerId: string): string {
    return join(this.root, `${containerId}.position`);
  }

  async remove(containerId: string): Promise<void> {
    await rm(join(this.root, `${containerId}${SUFFIX}`), { force: true });
    await rm(this.positionPath(containerId), { force: true });
  }
}

async function writeWhole(path: string, text: string): Promise<void> {
  await writeFile(`${path}.tmp`, text, { mode: 0o600 });
  await rename(`${path}.tmp`, path);
}

function parse(text: string): ContainerRecord | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    const { directory, terminal }: Partial<Record<keyof ContainerRecord, unknown>> = value;
    return typeof directory === 'string' && typeof terminal === 'boolean' ? { directory, terminal } : undefined;
  } catch {
    return undefined;
  }
}
