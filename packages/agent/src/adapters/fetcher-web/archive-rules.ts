/** What an archive may contain: only what stays inside the directory that it is unpacked into. */
import { ARCHIVE_BYTES_MAX, ARCHIVE_ENTRIES_MAX } from '../../limits.ts';

/** One entry as an archive describes it. */
export interface ArchiveEntry {
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'symlink' | 'hardlink' | 'other';
  /** Target of a link. */
  readonly target?: string;
  readonly bytes: number;
}

/** Looks at the entries of one archive in turn. */
export class ArchiveGuard {
  private entries = 0;
  private bytes = 0;

  /** Says in a sentence why an entry is refused, or nothing. */
  findProblem(entry: ArchiveEntry): string | undefined {
    this.entries += 1;
    this.bytes += entry.bytes;
    if (this.entries > ARCHIVE_ENTRIES_MAX) return `the archive has more than ${ARCHIVE_ENTRIES_MAX} entries`;
    if (this.bytes > ARCHIVE_BYTES_MAX) return `the archive unpacks to more than ${ARCHIVE_BYTES_MAX} bytes`;
    const segments = segmentsOf(entry.path);
    if (segments === undefined) return `the archive contains "${entry.path}", which leads out of the sandbox`;
    if (entry.kind === 'other') return `the archive contains "${entry.path}", a device or another special file`;
    const target = entry.target ?? '';
    const fails =
      (entry.kind === 'symlink' && !staysInside(segments.length - 1, target)) ||
      (entry.kind === 'hardlink' && segmentsOf(target) === undefined);
    return fails
      ? `the archive contains the link "${entry.path}" to "${target}", which leads out of the sandbox`
      : undefined;
  }
}

/** The segments of a relative path, or undefined for an absolute one, one with `..`, or with a NUL. */
export function segmentsOf(path: string): readonly string[] | undefined {
  if (path.startsWith('/') || path.includes('\0') || path.includes('\\')) return undefined;
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
  return segments.includes('..') ? undefined : segments;
}

/**
 * Whether a symbolic link in a directory `depth` levels down stays inside. `..` may only come first: after a name it
 * would be followed from wherever that name really leads.
 */
function staysInside(depth: number, target: string): boolean {
  if (target.startsWith('/') || target.includes('\0')) return false;
  const segments = target.split('/').filter((segment) => segment !== '' && segment !== '.');
  const ups = segments.findIndex((segment) => segment !== '..');
  const upCount = ups === -1 ? segments.length : ups;
  return upCount <= depth && !segments.slice(upCount).includes('..');
}
