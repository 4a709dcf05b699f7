/** Unpacks an archive into a directory, after looking at every entry of it. */
import { spawn } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, mkdir, rm, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { describeError, errorCode, PlatformError } from '@stadion/base';
import * as tar from 'tar';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { ARCHIVE_BYTES_MAX } from '../../limits.ts';
import { ArchiveGuard, segmentsOf } from './archive-rules.ts';

/** The names by which an archive is known (Mesos's fetcher). */
const KINDS: readonly (readonly [string, 'tar' | 'tar.bz2' | 'tar.xz' | 'gz' | 'zip'])[] = [
  ['.tar.gz', 'tar'],
  ['.tgz', 'tar'],
  ['.tar.bz2', 'tar.bz2'],
  ['.tbz2', 'tar.bz2'],
  ['.tar.xz', 'tar.xz'],
  ['.txz', 'tar.xz'],
  ['.tar', 'tar'],
  ['.zip', 'zip'],
  ['.gz', 'gz'],
];

/** Longest target of a symbolic link in a zip file. */
const LINK_BYTES_MAX = 4096;

/** True when the name is that of an archive. */
export function isArchive(name: string): boolean {
  return KINDS.some(([ending]) => name.endsWith(ending));
}

/**
 * Unpacks `archive` into `directory`.
 * @param name by whose ending the kind is told
 * @throws PlatformError `agent-archive-refused`, `agent-archive-damaged`, `agent-tool-missing`
 */
export async function unpack(archive: string, name: string, directory: string, signal: AbortSignal): Promise<void> {
  const kind = KINDS.find(([ending]) => name.endsWith(ending))?.[1];
  try {
    switch (kind) {
      case 'tar':
        await unpackTar(archive, directory);
        return;
      case 'tar.bz2':
        await unpackCompressedTar('bzip2', archive, directory, signal);
        return;
      case 'tar.xz':
        await unpackCompressedTar('xz', archive, directory, signal);
        return;
      case 'gz':
        await gunzip(archive, join(directory, basename(name, '.gz')), signal);
        return;
      case 'zip':
        await unpackZip(archive, directory, signal);
        return;
      case undefined:
    }
  } catch (error) {
    if (error instanceof PlatformError || errorCode(error) === 'ENOSPC' || signal.aborted) throw error;
    throw new PlatformError('agent-archive-damaged', `it could not be unpacked (${describeError(error)})`, {
      cause: error,
    });
  }
}

function refuse(problem: string): PlatformError {
  return new PlatformError('agent-archive-refused', problem);
}

const TAR_KINDS: Readonly<Record<string, 'file' | 'directory' | 'symlink' | 'hardlink'>> = {
  File: 'file',
  OldFile: 'file',
  ContiguousFile: 'file',
  Directory: 'directory',
  GNUDumpDir: 'directory',
  SymbolicLink: 'symlink',
  Link: 'hardlink',
};

/** Two passes: look at everything, then write. The library itself never writes through a link. */
async function unpackTar(archive: string, directory: string): Promise<void> {
  const guard = new ArchiveGuard();
  let problem: string | undefined;
  await tar.list({
    file: archive,
    strict: true,
    onReadEntry: (entry) => {
      problem ??= guard.findProblem({
        path: entry.path,
        kind: TAR_KINDS[entry.type] ?? 'other',
        ...(entry.linkpath === undefined ? {} : { target: entry.linkpath }),
        bytes: entry.size,
      });
      entry.resume();
    },
  });
  if (problem !== undefined) throw refuse(problem);
  await tar.extract({
    file: archive,
    cwd: directory,
    strict: true,
    preserveOwner: false,
    filter: (_path, entry) => {
      // Set-user-id bits have no business in a sandbox.
      if (entry instanceof tar.ReadEntry && entry.mode !== undefined) entry.mode &= 0o777;
      return true;
    },
  });
}

async function unpackCompressedTar(
  tool: 'bzip2' | 'xz',
  archive: string,
  directory: string,
  signal: AbortSignal,
): Promise<void> {
  const plain = join(directory, `.unpack-${basename(archive)}.tar`);
  try {
    await decompress(tool, archive, plain, signal);
    await unpackTar(plain, directory);
  } finally {
    await rm(plain, { force: true });
  }
}

async function decompress(tool: 'bzip2' | 'xz', archive: string, target: string, signal: AbortSignal): Promise<void> {
  // Before the start: output that nobody reads when the program ends is thrown away.
  await rm(target, { force: true });
  const child = spawn(tool, ['-dc', '--', archive], { stdio: ['ignore', 'pipe', 'pipe'], signal });
  let complaint = '';
  child.stderr.on('data', (data: Buffer) => {
    if (complaint.length < 1024) complaint += data.toString('utf8');
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', (error) => {
      const missing = errorCode(error) === 'ENOENT';
      const message = `it needs the program "${tool}", which is not installed on the agent`;
      reject(missing ? new PlatformError('agent-tool-missing', message) : error);
    });
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new PlatformError('agent-archive-damaged', `${tool} refused it: ${complaint.trim()}`));
    });
  });
  await Promise.all([ended, writeBounded(child.stdout, target)]);
}

async function gunzip(archive: string, target: string, signal: AbortSignal): Promise<void> {
  await rm(target, { force: true });
  const plain = createGunzip();
  await Promise.all([pipeline(createReadStream(archive), plain, { signal }), writeBounded(plain, target)]);
}

/** Writes a stream to a new file. What stood under that name, a link perhaps, was removed before. */
async function writeBounded(source: Readable, target: string, mode = 0o644): Promise<void> {
  let bytes = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > ARCHIVE_BYTES_MAX) done(refuse(`the archive unpacks to more than ${ARCHIVE_BYTES_MAX} bytes`));
      else done(null, chunk);
    },
  });
  await pipeline(source, count, createWriteStream(target, { flags: 'wx', mode }));
}

/** Makes folders below `directory`. What is a link there, from this archive or an earlier one, is not passed through. */
async function makeFolders(directory: string, segments: readonly string[]): Promise<void> {
  let folder = directory;
  for (const segment of segments) {
    folder = join(folder, segment);
    await mkdir(folder).catch((error: unknown) => {
      if (errorCode(error) !== 'EEXIST') throw error;
    });
    if ((await lstat(folder)).isDirectory()) continue;
    throw refuse(`the archive writes through "${segments.join('/')}", which is not a folder but a link or a file`);
  }
}

interface ZipEntry {
  readonly entry: Entry;
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'symlink' | 'other';
  readonly mode: number;
}

/** Looks at the directory of the zip file first; links are made last, so that nothing is written through one. */
async function unpackZip(archive: string, directory: string, signal: AbortSignal): Promise<void> {
  const zip = await openPromise(archive, { autoClose: false });
  try {
    const guard = new ArchiveGuard();
    const entries: ZipEntry[] = [];
    const links: { readonly path: string; readonly target: string }[] = [];
    for await (const entry of zip.eachEntry()) {
      const read = describeZipEntry(entry);
      const target = read.kind === 'symlink' ? await readLink(zip, entry) : undefined;
      const problem = guard.findProblem({
        path: read.path,
        kind: read.kind,
        bytes: entry.uncompressedSize,
        ...(target === undefined ? {} : { target }),
      });
      if (problem !== undefined) throw refuse(problem);
      if (target === undefined) entries.push(read);
      else links.push({ path: read.path, target });
    }
    for (const { entry, path, kind, mode } of entries) {
      signal.throwIfAborted();
      const segments = segmentsOf(path) ?? [];
      const target = join(directory, ...segments);
      await makeFolders(directory, kind === 'directory' ? segments : segments.slice(0, -1));
      if (kind === 'directory') continue;
      await rm(target, { force: true });
      await writeBounded(await zip.openReadStreamPromise(entry), target, mode);
    }
    for (const { path, target } of links) {
      const segments = segmentsOf(path) ?? [];
      const link = join(directory, ...segments);
      await makeFolders(directory, segments.slice(0, -1));
      await rm(link, { force: true });
      await symlink(target, link);
    }
  } finally {
    zip.close();
  }
}

/** Unix modes are in the upper half of the external attributes; archives from elsewhere have none. */
function describeZipEntry(entry: Entry): ZipEntry {
  const path = entry.fileName;
  const mode = entry.externalFileAttributes >>> 16;
  const type = mode & 0o170000;
  const permissions = (mode & 0o777) === 0 ? 0o644 : mode & 0o777;
  if (path.endsWith('/') || type === 0o040000) return { entry, path, kind: 'directory', mode: 0o755 };
  if (type === 0o120000) return { entry, path, kind: 'symlink', mode: 0o777 };
  return { entry, path, kind: type === 0 || type === 0o100000 ? 'file' : 'other', mode: permissions };
}

async function readLink(zip: ZipFile, entry: Entry): Promise<string> {
  if (entry.uncompressedSize > LINK_BYTES_MAX) throw refuse(`the archive contains an endless link "${entry.fileName}"`);
  const chunks: Buffer[] = [];
  for await (const chunk of await zip.openReadStreamPromise(entry)) {
    if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
