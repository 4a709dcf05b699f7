/** Opens files of a sandbox without being led out of it, also while its task exchanges folders for links. */
import { constants } from 'node:fs';
import { open, readlink, realpath, stat, type FileHandle } from 'node:fs/promises';
import { join, sep } from 'node:path';

/** A file or folder that is inside. */
export interface OpenedFile {
  readonly file: FileHandle;
  /** Its real path when it was opened. */
  readonly path: string;
}

/** Neither a link in the last place is followed, nor a pipe waited for. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Opens `rest` below `root` for reading, following links that stay inside. The caller closes it.
 * @returns undefined when it leads out
 * @throws Error of the file system
 */
export async function openInside(root: string, rest: readonly string[]): Promise<OpenedFile | undefined> {
  const realRoot = await realpath(root);
  const isInside = (path: string): boolean => path === realRoot || path.startsWith(realRoot + sep);
  const path = await realpath(join(root, ...rest));
  if (!isInside(path)) return undefined;
  const file = await open(path, FLAGS);
  try {
    // The path was looked at before it was opened; what counts is what was opened.
    const opened = await realPathOf(file, path);
    if (opened !== undefined && isInside(opened)) return { file, path };
  } catch (error) {
    await file.close();
    throw error;
  }
  await file.close();
  return undefined;
}

/** A path to an open folder that no exchange of names can lead elsewhere; where there is no /proc, its name. */
export function pathOfOpen(file: FileHandle, path: string): string {
  return process.platform === 'linux' ? `/proc/self/fd/${String(file.fd)}` : path;
}

/** Where an open file is: what the kernel says, or else its name, if that still leads to the same file. */
async function realPathOf(file: FileHandle, path: string): Promise<string | undefined> {
  if (process.platform === 'linux') return readlink(pathOfOpen(file, path));
  const again = await realpath(path);
  const [named, opened] = [await stat(again), await file.stat()];
  return named.ino === opened.ino && named.dev === opened.dev ? again : undefined;
}
