/** Images made without a registry: a folder becomes an image by `docker import`. */
import { execFile, spawn } from 'node:child_process';
import { mkdir, symlink, copyFile, mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Imports a folder as an image. @throws Error with the daemon's answer */
export async function dockerImport(
  socketPath: string,
  folder: string,
  name: string,
  changes: readonly string[],
): Promise<void> {
  const [repo = name, tag = 'latest'] = name.split(':');
  const query = new URLSearchParams({ fromSrc: '-', repo, tag });
  for (const change of changes) query.append('changes', change);
  const tar = spawn('tar', ['--create', '--directory', folder, '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((resolve, reject) => {
    const path = `/images/create?${query.toString()}`;
    const outgoing = request({ socketPath, method: 'POST', path }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.once('end', () => {
        if (response.statusCode === 200 && !text.includes('errorDetail')) resolve();
        else reject(new Error(`the image ${name} could not be imported: ${text}`));
      });
    });
    outgoing.once('error', reject);
    tar.stdout.pipe(outgoing);
  });
}

/** Calls `use` with a folder that holds a busybox with all its names in /bin, an /etc/passwd, and nothing else. */
export async function withBusyboxTree(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'stadion-busybox-'));
  try {
    for (const name of ['bin', 'etc', 'tmp']) await mkdir(join(folder, name));
    await copyFile('/bin/busybox', join(folder, 'bin', 'busybox'));
    const { stdout } = await promisify(execFile)('/bin/busybox', ['--list']);
    for (const name of stdout.split('\n')) {
      if (name !== '' && name !== 'busybox') await symlink('busybox', join(folder, 'bin', name));
    }
    await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
