/** Marks in a layer that something below it is gone: character devices with the number 0/0, as overlayfs has them. */
import { spawn } from 'node:child_process';
import { lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ImageFailure } from './image-failure.ts';

/** Names on one command line. */
const NAMES_PER_CALL = 500;
/** Node cannot make devices; a shell with mknod(1) can. */
const SCRIPT = 'for path; do mknod -- "$path" c 0 0 || exit 1; done';

/**
 * Makes them, with the directories above each.
 * @param paths relative, without `..`
 * @throws ImageFailure when a link stands where a directory should
 */
export async function makeWhiteouts(directory: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) await makeParents(directory, path.split('/').slice(0, -1));
  for (let start = 0; start < paths.length; start += NAMES_PER_CALL) {
    await run(directory, paths.slice(start, start + NAMES_PER_CALL));
  }
}

async function makeParents(directory: string, segments: readonly string[]): Promise<void> {
  let path = directory;
  for (const segment of segments) {
    path = join(path, segment);
    const stat = await lstat(path).catch(() => undefined);
    if (stat === undefined) await mkdir(path);
    else if (!stat.isDirectory()) {
      throw new ImageFailure('image-refused', `a layer takes away below "${path}", which is no directory`);
    }
  }
}

function run(directory: string, paths: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const words = ['-c', SCRIPT, 'whiteouts', ...paths.map((path) => `./${path}`)];
    const child = spawn('/bin/sh', words, { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] });
    let complaint = '';
    child.stderr.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-1024)));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new ImageFailure('image-refused', `what a layer takes away cannot be marked: ${complaint.trim()}`));
    });
  });
}
