/**
 * What an agent has on its machine outside of its work directory (control groups, network links, files in memory) is named
 * after the agent, so that those of others are never taken for its own.
 */
import { link, mkdir, readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, randomUuid, type Random } from '@stadion/base';

const FILE = 'own-name';

/**
 * The name that a work directory has for such things: the same after every restart, and nobody else's, also where another
 * agent has the same path in another mount namespace. It is written down in the directory at the first start. A directory
 * that was used by a version without such a file goes by its path, as it did.
 * @param workDirectory absolute; it is made when missing
 */
export async function loadOwnName(workDirectory: string, random: Random): Promise<string> {
  const path = join(workDirectory, FILE);
  const known = await readName(path);
  if (known !== undefined) return known;
  if (await exists(join(workDirectory, 'meta'))) return workDirectory;
  await mkdir(workDirectory, { recursive: true });
  const uuid = randomUuid(random);
  const mine = `${path}.${uuid}`;
  try {
    const name = `${workDirectory}#${uuid}`;
    await writeFile(mine, name, { flush: true });
    // It appears whole and once: of two that start at the same time, the later goes by what the other has written.
    await link(mine, path).catch((error: unknown) => {
      if (errorCode(error) !== 'EEXIST') throw error;
    });
    return (await readName(path)) ?? name;
  } finally {
    await unlink(mine).catch(() => undefined);
  }
}

async function readName(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
