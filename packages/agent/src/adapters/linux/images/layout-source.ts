/** Images from a directory in OCI layout (OCI image-layout 1.0). */
import { createReadStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { errorCode } from '@stadion/base';
import { readManifest, type Descriptor } from '../../../core/oci/image-manifest.ts';
import { ImageFailure } from './image-failure.ts';
import { MANIFEST_BYTES_MAX, parseJson, readBounded, type ImageSource } from './image-source.ts';

const TAG = 'org.opencontainers.image.ref.name';

/** One layout. */
export class LayoutSource implements ImageSource {
  private readonly path: string;
  private readonly tag: string | undefined;

  constructor(path: string, tag: string | undefined) {
    this.path = path;
    this.tag = tag;
  }

  async manifest(digest: string | undefined, signal: AbortSignal): Promise<Buffer> {
    if (digest !== undefined) return readBounded(await this.blob({ digest, size: 0 }, signal), MANIFEST_BYTES_MAX);
    const bytes = await readFile(join(this.path, 'index.json')).catch((error: unknown) => {
      if (errorCode(error) !== 'ENOENT') throw error;
      throw new ImageFailure('image-not-found', `${this.path} is no image in OCI layout: it has no index.json`);
    });
    if (this.tag === undefined) return bytes;
    const found = readManifest(parseJson(bytes));
    const manifests = found.kind === 'index' ? found.index.manifests : [];
    const tagged = manifests.find(({ annotations }) => annotations?.[TAG] === this.tag);
    if (tagged === undefined) throw new ImageFailure('image-not-found', `${this.path} has no tag "${this.tag}"`);
    return this.manifest(tagged.digest, signal);
  }

  async blob({ digest }: Descriptor, signal: AbortSignal): Promise<Readable> {
    const [algorithm = '', hex = ''] = digest.split(':');
    const path = join(this.path, 'blobs', algorithm, hex);
    // Opened first: a stream tells of a missing file only once somebody reads it.
    const file = await open(path).catch((error: unknown) => {
      if (errorCode(error) !== 'ENOENT') throw error;
      throw new ImageFailure('image-not-found', `${this.path} has no blob ${digest}`);
    });
    return createReadStream(path, { fd: file, signal });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
