/**
 * Unpacks one layer into a directory for an overlay: files as they are, and what the layer takes away of those below it
 * as the overlay wants that told (OCI image-spec, "Whiteouts"; kernel, overlayfs.rst).
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstat, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PassThrough, Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { errorCode, PlatformError } from '@stadion/base';
import * as tar from 'tar';
import { ARCHIVE_BYTES_MAX, LAYER_ENTRIES_MAX } from '../../../limits.ts';
import { segmentsOf } from '../../fetcher-web/archive-rules.ts';
import { ImageFailure } from './image-failure.ts';
import { algorithmOf, brokenOff, mismatch } from './image-source.ts';
import { makeWhiteouts } from './whiteouts.ts';

const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';
const GZIP_MAGIC = [0x1f, 0x8b];
const ZSTD_MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
const MAGIC_BYTES = 4;

/** Tar files without entries, which makers of images write where nothing changed: blocks of zeros, 2 or 20 of them. */
const EMPTY = new Set(
  [1024, 10_240].map((bytes) => `sha256:${createHash('sha256').update(Buffer.alloc(bytes)).digest('hex')}`),
);

/** A layer on its way. */
export interface LayerSource {
  readonly stream: Readable;
  /** What the blob and what it unpacks to are promised to be. */
  readonly digest: string;
  readonly diffId: string;
  readonly onBytes: (bytes: number) => void;
}

/**
 * Unpacks it into a directory that exists and is empty.
 * @param below the directories of the layers under it, top first
 * @throws ImageFailure `image-digest-mismatch`, `image-refused`, `registry-unreachable` when the stream breaks off
 */
export async function unpackLayer(
  source: LayerSource,
  directory: string,
  below: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const packed = new Digesting(source.digest, source.onBytes);
  const plain = new Digesting(source.diffId, () => undefined);
  const entries = new LayerEntries();
  const feed = async (): Promise<void> => {
    const head = new PassThrough();
    const received = pipeline(source.stream, packed, head, { signal }).catch((error: unknown) => {
      head.destroy(error instanceof Error ? error : undefined);
      throw brokenOff(error, 'a layer');
    });
    const unpacked = decompress(head, signal).then((tarball) =>
      pipeline(tarball, plain, unpackerInto(directory, entries), { signal }),
    );
    // The first of them that fails is why; the other only follows.
    const [one, other] = await Promise.allSettled([received, unpacked]);
    if (one.status === 'rejected') throw one.reason;
    if (other.status === 'rejected') throw refusal(other.reason);
  };
  // The library takes a tar file without entries for none at all.
  if (EMPTY.has(source.diffId)) {
    source.stream.destroy();
    return;
  }
  await feed();
  if (packed.digest !== source.digest) throw mismatch('a layer', source.digest, packed.digest);
  if (plain.digest !== source.diffId) throw mismatch('the content of a layer', source.diffId, plain.digest);
  if (entries.problem !== undefined) throw new ImageFailure('image-refused', entries.problem);
  await makeWhiteouts(directory, await whiteoutsOf(entries, directory, below));
}

/** Passes bytes on and knows their digest at the end. */
class Digesting extends Transform {
  private readonly algorithm: 'sha256' | 'sha512';
  private readonly hash;
  private readonly onBytes: (bytes: number) => void;
  private made: string | undefined;

  constructor(like: string, onBytes: (bytes: number) => void) {
    super();
    this.algorithm = algorithmOf(like);
    this.hash = createHash(this.algorithm);
    this.onBytes = onBytes;
  }

  get digest(): string {
    this.made ??= `${this.algorithm}:${this.hash.digest('hex')}`;
    return this.made;
  }

  override _transform(chunk: Buffer, _encoding: string, done: (error: null, chunk: Buffer) => void): void {
    this.hash.update(chunk);
    this.onBytes(chunk.length);
    done(null, chunk);
  }
}

/** By what the bytes begin with: media types are not always true. */
async function decompress(packed: PassThrough, signal: AbortSignal): Promise<Readable> {
  const head = await firstBytes(packed);
  if (begins(head, GZIP_MAGIC)) return packed.pipe(createGunzip());
  return begins(head, ZSTD_MAGIC) ? throughZstd(packed, signal) : packed;
}

async function firstBytes(stream: PassThrough): Promise<Buffer> {
  for (;;) {
    const head = stream.read(MAGIC_BYTES) as Buffer | null;
    if (head !== null) {
      stream.unshift(head);
      return head;
    }
    if (stream.readableEnded || stream.destroyed) return Buffer.alloc(0);
    await new Promise<void>((resolve) => {
      for (const event of ['readable', 'end', 'close', 'error']) stream.once(event, () => resolve());
    });
  }
}

function begins(head: Buffer, magic: readonly number[]): boolean {
  return magic.every((byte, index) => head[index] === byte);
}

/** This Node knows no zstd. */
function throughZstd(packed: Readable, signal: AbortSignal): Readable {
  const child = spawn('zstd', ['-dcq'], { stdio: ['pipe', 'pipe', 'ignore'], signal });
  const output = new PassThrough();
  child.once('error', (error) => {
    const message = 'its layers are packed with zstd, and the program "zstd" is not installed on the agent';
    output.destroy(errorCode(error) === 'ENOENT' ? new ImageFailure('image-refused', message) : error);
  });
  child.once('close', (code) => {
    if (code === 0) output.end();
    else output.destroy(new ImageFailure('image-refused', 'a layer cannot be decompressed'));
  });
  child.stdin.once('error', () => undefined);
  packed.pipe(child.stdin);
  child.stdout.pipe(output, { end: false });
  return output;
}

/** What is noted of a layer's entries while they pass. */
class LayerEntries {
  problem: string | undefined;
  readonly whiteouts: string[] = [];
  readonly opaque: string[] = [];
  private count = 0;
  private bytes = 0;

  /** Whether the entry is to be written. */
  take(entry: tar.ReadEntry): boolean {
    this.count += 1;
    this.bytes += entry.size;
    if (this.count > LAYER_ENTRIES_MAX) this.problem ??= `a layer has more than ${LAYER_ENTRIES_MAX} entries`;
    if (this.bytes > ARCHIVE_BYTES_MAX) this.problem ??= `a layer unpacks to more than ${ARCHIVE_BYTES_MAX} bytes`;
    const path = entry.path.replace(/^\.?\/+/, '');
    const segments = segmentsOf(path) ?? [];
    const isLink = entry.type === 'Link';
    if (
      segmentsOf(path) === undefined ||
      (isLink && segmentsOf((entry.linkpath ?? '').replace(/^\.?\/+/, '')) === undefined)
    ) {
      this.problem ??= `a layer has "${entry.path}", which leads out of it`;
    }
    if (this.problem !== undefined) return false;
    const name = segments.at(-1) ?? '';
    const parent = segments.slice(0, -1).join('/');
    if (name === OPAQUE) this.opaque.push(parent);
    else if (name.startsWith(WHITEOUT)) this.whiteouts.push(join(parent, name.slice(WHITEOUT.length)));
    else return TYPES.has(entry.type);
    return false;
  }
}

/** Devices are not made: every container has a /dev of its own. */
const TYPES = new Set(['File', 'OldFile', 'ContiguousFile', 'Directory', 'SymbolicLink', 'Link']);

/** The library never writes through a link, nor above the directory; what it warns of is refused. */
function unpackerInto(directory: string, entries: LayerEntries): tar.Unpack {
  return new tar.Unpack({
    cwd: directory,
    strict: true,
    preserveOwner: true,
    chmod: true,
    umask: 0,
    filter: (_path, entry) => {
      if (!(entry instanceof tar.ReadEntry)) return false;
      // Absolute names mean the root of the image.
      entry.path = entry.path.replace(/^\/+/, '');
      if (entry.type === 'Link') entry.linkpath = (entry.linkpath ?? '').replace(/^\/+/, '');
      return entries.take(entry);
    },
  });
}

/** What it takes away one by one, and for a directory that hides what was in it before, everything that was. */
async function whiteoutsOf(entries: LayerEntries, directory: string, below: readonly string[]): Promise<string[]> {
  const found = [...entries.whiteouts];
  for (const path of entries.opaque) {
    for (const name of await namesBelow(path, below)) {
      if (!(await exists(join(directory, path, name)))) found.push(join(path, name));
    }
  }
  return found;
}

/** The names that layers show in a directory, until one of them has something else there. */
async function namesBelow(path: string, layers: readonly string[]): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for (const layer of layers) {
    let isHidden = false;
    for (let part = path; part !== '.' && part !== ''; part = dirname(part)) {
      const stat = await lstat(join(layer, part)).catch(() => undefined);
      if (stat !== undefined && !stat.isDirectory()) isHidden = true;
    }
    if (isHidden) break;
    for (const name of await readdir(join(layer, path)).catch(() => [])) names.add(name);
  }
  return names;
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

function refusal(error: unknown): unknown {
  if (error instanceof PlatformError || errorCode(error) === 'ENOSPC') return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new ImageFailure('image-refused', `a layer cannot be unpacked: ${reason}`, { cause: error });
}
