/** Where an image comes from: the one face of registries, layouts and archives. */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { errorCode } from '@stadion/base';
import { choosePlatform, readManifest, type Descriptor, type Manifest } from '../../../core/oci/image-manifest.ts';
import { ImageFailure } from './image-failure.ts';

/** Gives manifests and blobs; nothing of it is checked yet, but the size of what is held in memory. */
export interface ImageSource {
  /** The manifest or index under the name that the source was made for, or under a digest. */
  manifest(digest: string | undefined, signal: AbortSignal): Promise<Buffer>;
  blob(descriptor: Descriptor, signal: AbortSignal): Promise<Readable>;
  close(): Promise<void>;
}

/** An image for this machine. */
export interface ResolvedImage {
  readonly digest: string;
  readonly manifest: Manifest;
}

/** Longest manifest, index or configuration. */
export const MANIFEST_BYTES_MAX = 4 * 1024 * 1024;
/** An index may name an index, but not for ever. */
const INDEX_DEPTH_MAX = 3;

/**
 * Finds the manifest for this architecture, and checks each digest on the way.
 * @param wanted the digest that the image's name carries, if it does
 * @throws ImageFailure
 */
export async function resolveImage(
  source: ImageSource,
  wanted: string | undefined,
  architecture: string,
  signal: AbortSignal,
): Promise<ResolvedImage> {
  let digest = wanted;
  for (let depth = 0; depth < INDEX_DEPTH_MAX; depth += 1) {
    const bytes = await source.manifest(digest, signal);
    const actual = digestOf(bytes, digest);
    if (digest !== undefined && actual !== digest) throw mismatch('the manifest', digest, actual);
    const found = readManifest(parseJson(bytes));
    if (found.kind === 'manifest') return { digest: actual, manifest: found.manifest };
    if (found.kind === 'unknown') throw new ImageFailure('image-refused', found.problem);
    const choice = choosePlatform(found.index, architecture);
    if (!choice.ok) {
      const available = choice.available.join(', ') || 'nothing';
      throw new ImageFailure(
        'image-wrong-architecture',
        `there is ${available}, and this machine is linux/${architecture}`,
      );
    }
    digest = choice.descriptor.digest;
  }
  throw new ImageFailure('image-refused', 'its index leads from one to the next');
}

/** The digest of bytes, by the algorithm of another digest; sha256 without one. */
export function digestOf(bytes: Uint8Array, like?: string): string {
  const algorithm = algorithmOf(like);
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

/** `sha256` or `sha512`. */
export function algorithmOf(digest: string | undefined): 'sha256' | 'sha512' {
  return digest?.startsWith('sha512:') === true ? 'sha512' : 'sha256';
}

/** What was promised is not what came. */
export function mismatch(what: string, promised: string, actual: string): ImageFailure {
  return new ImageFailure('image-digest-mismatch', `${what} was promised as ${promised} and is ${actual}`);
}

/** What to say of a stream that ended before its time. */
export function brokenOff(error: unknown, what: string): unknown {
  if (error instanceof ImageFailure || errorCode(error) === 'ENOSPC') return error;
  const isAborted = error instanceof Error && error.name === 'AbortError';
  return isAborted
    ? error
    : new ImageFailure('registry-unreachable', `${what} broke off in the middle`, { cause: error });
}

/** Reads a stream that must not be long. */
export async function readBounded(stream: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of stream) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw new ImageFailure('image-refused', `its description is longer than ${bytesMax} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw brokenOff(error, 'the description of the image');
  }
  return Buffer.concat(chunks);
}

/** JSON, or a refusal. */
export function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch {
    throw new ImageFailure('image-refused', 'its description is not JSON');
  }
}
