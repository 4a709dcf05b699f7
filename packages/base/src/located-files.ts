/** What is found by virtual paths: for the pages of `/files` and for the calls of Mesos's v1 APIs. */
import type { Stats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from './errors.ts';
import { accountNames } from './file-facts.ts';
import { openInside, pathOfOpen, type OpenedFile } from './open-inside.ts';

/** Largest piece of a file that is read at once: 16 pages, as in Mesos. */
const FILES_READ_BYTES_MAX = 65_536;
/** Entries of a folder that are listed. */
const FILES_BROWSE_ENTRIES_MAX = 10_000;

/** A file or folder that is shown, and where in it a path leads. */
export interface ResolvedPath {
  readonly root: string;
  readonly rest: readonly string[];
}

/** Where virtual paths lead. */
export interface VirtualFiles {
  /**
   * Finds what a path begins with.
   * @param segments of an absolute path, without empty ones, `.` and `..`
   */
  resolve(segments: readonly string[]): ResolvedPath | undefined;
  /** All of them: the virtual path and the real one. */
  roots(): Iterable<readonly [string, string]>;
}

/** Why a path gives nothing. */
export interface FileProblem {
  readonly ok: false;
  readonly status: 400 | 404;
  readonly message: string;
}

/** An open file, or the answer that the path gets. */
export type Located = ({ readonly ok: true; readonly virtual: string } & OpenedFile) | FileProblem;

/** One entry of a folder. */
export interface FolderEntry {
  readonly path: string;
  readonly facts: Stats;
}

/** ENXIO: a socket, which cannot be opened. */
const INACCESSIBLE = new Set(['ELOOP', 'EACCES', 'EPERM', 'ENAMETOOLONG', 'ENXIO']);

/**
 * Opens what a virtual path names, which after all links must be inside of what it begins with. The caller closes it.
 * Paths with `..` or NUL are refused before anything is looked at.
 */
export async function locate(files: VirtualFiles, path: string): Promise<Located> {
  const refused = (status: 400 | 404, problem: string): Located => ({
    ok: false,
    status,
    message: `${problem}: '${printable(path)}'.`,
  });
  if (path.includes('\0')) return refused(400, 'The path contains a NUL character');
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (segments.includes('..')) return refused(400, 'The path contains ".."');
  const resolved = path.startsWith('/') ? files.resolve(segments) : undefined;
  if (resolved === undefined) return refused(404, 'File not found');
  const inaccessible: Located = { ok: false, status: 400, message: `'${printable(path)}' is inaccessible.` };
  try {
    const opened = await openInside(resolved.root, resolved.rest);
    return opened === undefined ? inaccessible : { ok: true, ...opened, virtual: path.replace(/\/+$/, '') };
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return { ok: false, status: 404, message: 'File not found.' };
    if (code !== undefined && INACCESSIBLE.has(code)) return inaccessible;
    throw error;
  }
}

/** What is in a folder, by name. */
export async function listFolder(files: VirtualFiles, path: string): Promise<readonly FolderEntry[] | FileProblem> {
  const located = await locate(files, path);
  if (!located.ok) return located;
  const { file, path: real, virtual } = located;
  try {
    if (!(await file.stat()).isDirectory()) return { ok: false, status: 400, message: 'Cannot browse a file.' };
    const folder = pathOfOpen(file, real);
    const entries: FolderEntry[] = [];
    for (const name of (await readdir(folder)).sort().slice(0, FILES_BROWSE_ENTRIES_MAX)) {
      // Gone between the two looks: not there.
      const facts = await lstat(join(folder, name)).catch(() => undefined);
      if (facts !== undefined) entries.push({ path: `${virtual}/${name}`, facts });
    }
    return entries;
  } finally {
    await file.close();
  }
}

/** A piece of a file, and the size of the whole. */
export interface FilePiece {
  readonly size: number;
  readonly bytes: Buffer;
}

/**
 * Reads a piece of a file, no more of it than {@link FILES_READ_BYTES_MAX}.
 * @param length bytes; undefined: as many as there are
 */
export async function readPiece(
  files: VirtualFiles,
  path: string,
  offset: number,
  length: number | undefined,
): Promise<FilePiece | FileProblem> {
  const located = await locate(files, path);
  if (!located.ok) return located;
  const { file } = located;
  try {
    const facts = await file.stat();
    if (facts.isDirectory()) return { ok: false, status: 400, message: 'Cannot read a directory.' };
    if (!facts.isFile()) return { ok: false, status: 400, message: 'Cannot read what is not a regular file.' };
    const wanted = Math.min(length ?? FILES_READ_BYTES_MAX, FILES_READ_BYTES_MAX, facts.size - offset);
    if (wanted <= 0) return { size: facts.size, bytes: Buffer.alloc(0) };
    const { bytesRead, buffer } = await file.read(Buffer.alloc(wanted), 0, wanted, offset);
    return { size: facts.size, bytes: buffer.subarray(0, bytesRead) };
  } finally {
    await file.close();
  }
}

/** The entries of a folder as Mesos's v1 APIs tell of them (`FileInfo`). */
export async function fileInfos(entries: readonly FolderEntry[]): Promise<readonly object[]> {
  const accounts = await accountNames();
  return entries.map(({ path, facts }) => ({
    path,
    nlink: facts.nlink,
    size: facts.size,
    mtime: { nanoseconds: Math.floor(facts.mtimeMs) * 1_000_000 },
    mode: facts.mode,
    uid: accounts.user(facts.uid),
    gid: accounts.group(facts.gid),
  }));
}

function printable(path: string): string {
  return path.replace(/[^\x20-\x7e]/g, '?').slice(0, 512);
}
