/** A file for each process in the data directory: how `stadion down` and every other command find what runs. */
import { readFileSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PLATFORM_FILE_NAMES, type PlatformFile } from '@stadion/contract';

/** Which file: one for each process that may share the data directory. */
export type PidFileOwner = keyof typeof PLATFORM_FILE_NAMES;

/** Writes the file; readers see the old or the new one, never half of it. */
export async function writePidFile(
  dataDirectory: string,
  owner: PidFileOwner,
  addresses: PlatformFile['addresses'],
): Promise<void> {
  const content: PlatformFile = { pid: process.pid, startTime: processStartTime(process.pid) ?? '', addresses };
  await writeWhole(join(dataDirectory, PLATFORM_FILE_NAMES[owner]), `${JSON.stringify(content)}\n`);
}

/** Removes the file, if it is still ours. */
export async function removePidFile(dataDirectory: string, owner: PidFileOwner): Promise<void> {
  const path = join(dataDirectory, PLATFORM_FILE_NAMES[owner]);
  const text = await readFile(path, 'utf8').catch(() => '');
  if (text.includes(`"pid":${String(process.pid)},`)) await rm(path, { force: true });
}

/** Replaces a file's content in one step. */
export async function writeWhole(path: string, content: string): Promise<void> {
  const temporary = `${path}.${String(process.pid)}.new`;
  try {
    await writeFile(temporary, content, { mode: 0o600 });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Field 22 of `/proc/<pid>/stat`, or undefined where there is no such process or no `/proc`. */
function processStartTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    // The command name (field 2) is in parentheses and may contain anything: count from behind it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
