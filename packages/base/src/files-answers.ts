/** The four pages of Mesos's `/files`, up to what a server sends. */
import { basename, extname } from 'node:path';
import type { FileHandle } from 'node:fs/promises';
import { accountNames, modeText } from './file-facts.ts';
import { listFolder, locate, readPiece, type FileProblem, type VirtualFiles } from './located-files.ts';

/** Roots that `debug` lists. */
const FILES_DEBUG_ROOTS_MAX = 10_000;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.txt': 'text/plain',
  '.log': 'text/plain',
  '.html': 'text/html',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.xml': 'application/xml',
  '.png': 'image/png',
  '.gif': 'image/gif',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.svg': 'image/svg+xml',
  '.pdf': 'application/pdf',
  '.gz': 'application/gzip',
  '.tgz': 'application/gzip',
  '.tar': 'application/x-tar',
  '.zip': 'application/zip',
};

/** What to send: JSON, a sentence, or a file, of which whoever sends it closes `file` where it is not streamed to its end. */
export type FilesAnswer =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'problem'; readonly status: 400 | 404; readonly message: string }
  | {
      readonly kind: 'file';
      readonly file: FileHandle;
      /** How much of it is sent: it may grow or be cut meanwhile. */
      readonly size: number;
      readonly headers: Readonly<Record<string, string>>;
    };

type Parameter = (name: string) => string | undefined;
type Page = (files: VirtualFiles, parameter: Parameter) => Promise<FilesAnswer>;

const PAGES = { browse, read, download, debug } satisfies Readonly<Record<string, Page>>;

/** Their names. */
export const FILES_PAGES = Object.keys(PAGES) as readonly (keyof typeof PAGES)[];

/**
 * Makes the answer of one page.
 * @param parameter gives what the query says
 */
export function answerFiles(page: keyof typeof PAGES, files: VirtualFiles, parameter: Parameter): Promise<FilesAnswer> {
  return PAGES[page](files, parameter);
}

async function browse(files: VirtualFiles, parameter: Parameter): Promise<FilesAnswer> {
  const path = pathIn(parameter);
  if (path === undefined) return NO_PATH;
  const entries = await listFolder(files, path);
  if ('ok' in entries) return problem(entries);
  const accounts = await accountNames();
  const value = entries.map(({ path: name, facts }) => ({
    path: name,
    nlink: facts.nlink,
    size: facts.size,
    mtime: Math.floor(facts.mtimeMs / 1000),
    mode: modeText(facts.mode),
    uid: accounts.user(facts.uid),
    gid: accounts.group(facts.gid),
  }));
  return { kind: 'json', value };
}

async function read(files: VirtualFiles, parameter: Parameter): Promise<FilesAnswer> {
  const offset = countOf(parameter('offset'));
  const length = countOf(parameter('length'));
  const expected = 'expected a number of at least -1.';
  if (offset === undefined) return invalid(`Failed to parse offset: ${expected}`);
  if (length === undefined) return invalid(`Failed to parse length: ${expected}`);
  const path = pathIn(parameter);
  if (path === undefined) return NO_PATH;
  // Without an offset a pager asks how long the file is.
  const isAskingSize = offset === -1;
  const wanted = isAskingSize ? 0 : length === -1 ? undefined : length;
  const piece = await readPiece(files, path, Math.max(0, offset), wanted);
  if ('ok' in piece) return problem(piece);
  if (isAskingSize) return { kind: 'json', value: { offset: piece.size, data: '' } };
  return { kind: 'json', value: { offset, data: wholeCharacters(piece.bytes).toString('utf8') } };
}

async function download(files: VirtualFiles, parameter: Parameter): Promise<FilesAnswer> {
  const asked = pathIn(parameter);
  if (asked === undefined) return NO_PATH;
  const located = await locate(files, asked);
  if (!located.ok) return problem(located);
  const { file, path } = located;
  let isHandedOn = false;
  try {
    const facts = await file.stat();
    if (facts.isDirectory()) return invalid('Cannot download a directory.');
    if (!facts.isFile()) return invalid('Cannot download what is not a regular file.');
    const name = basename(path);
    const ascii = name.replace(/[^\x20-\x7e]|["\\]/g, '_');
    isHandedOn = true;
    return {
      kind: 'file',
      file,
      size: facts.size,
      headers: {
        'content-type': CONTENT_TYPES[extname(name).toLowerCase()] ?? 'application/octet-stream',
        'content-disposition': `attachment; filename=${ascii}; filename*=UTF-8''${encodeURIComponent(name)}`,
        // A sandbox holds anything: a browser is to store it, not to run it.
        'x-content-type-options': 'nosniff',
      },
    };
  } finally {
    if (!isHandedOn) await file.close();
  }
}

async function debug(files: VirtualFiles): Promise<FilesAnswer> {
  const roots: Record<string, string> = {};
  let count = 0;
  for (const [virtual, real] of files.roots()) {
    count += 1;
    if (count > FILES_DEBUG_ROOTS_MAX) break;
    roots[virtual] = real;
  }
  return { kind: 'json', value: roots };
}

function invalid(message: string): FilesAnswer {
  return { kind: 'problem', status: 400, message };
}

function problem({ status, message }: FileProblem): FilesAnswer {
  return { kind: 'problem', status, message };
}

const NO_PATH = invalid("Expecting 'path=value' in query.");

/** What `?path=` names. */
function pathIn(parameter: Parameter): string | undefined {
  const path = parameter('path');
  return path === '' ? undefined : path;
}

/** -1 when absent; undefined when it is no whole number of at least -1. */
function countOf(text: string | undefined): number | undefined {
  if (text === undefined) return -1;
  if (!/^-?\d{1,15}$/.test(text)) return undefined;
  const value = Number(text);
  return value < -1 ? undefined : value;
}

/** Drops the bytes of a character that is cut off at the end (RFC 3629), unless nothing would be left. */
function wholeCharacters(bytes: Buffer): Buffer {
  for (let back = 1; back <= Math.min(3, bytes.length - 1); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0b1100_0000) === 0b1000_0000) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? bytes.subarray(0, bytes.length - back) : bytes;
  }
  return bytes;
}
