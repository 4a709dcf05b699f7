/** Images from an archive: what `docker save` writes, or an OCI layout in a tar file. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { errorCode } from '@stadion/base';
import * as tar from 'tar';
import type { Descriptor } from '../../../core/oci/image-manifest.ts';
import { segmentsOf } from '../../fetcher-web/archive-rules.ts';
import { ImageFailure } from './image-failure.ts';
import { digestOf, parseJson, type ImageSource } from './image-source.ts';
import { LayoutSource } from './layout-source.ts';

const SavedImages = Type.Array(
  Type.Object({
    Config: Type.String(),
    RepoTags: Type.Optional(Type.Union([Type.Array(Type.String()), Type.Null()])),
    Layers: Type.Array(Type.String()),
  }),
  { minItems: 1 },
);

/**
 * Unpacks an archive into a directory of its own and gives what is in it.
 * @param directory made for it, and removed when the source is closed
 * @throws ImageFailure
 */
export async function openArchive(path: string, tag: string | undefined, directory: string): Promise<ImageSource> {
  await mkdir(directory, { recursive: true });
  try {
    await tar.extract({
      file: path,
      cwd: directory,
      strict: true,
      preserveOwner: false,
      // Links would have to be followed, and nobody who saves images needs them.
      filter: (name, entry) =>
        segmentsOf(name) !== undefined && 'type' in entry && ['File', 'OldFile', 'Directory'].includes(entry.type),
    });
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    if (errorCode(error) === 'ENOENT') throw new ImageFailure('image-not-found', `there is no ${path}`);
    if (errorCode(error) === 'ENOSPC') throw error;
    throw new ImageFailure('image-refused', `${path} cannot be unpacked`, { cause: error });
  }
  const close = () => rm(directory, { recursive: true, force: true });
  if (existsSync(join(directory, 'oci-layout'))) return closing(new LayoutSource(directory, tag), close);
  try {
    return closing(await SavedSource.open(directory, tag), close);
  } catch (error) {
    await close();
    throw error;
  }
}

function closing(source: ImageSource, close: () => Promise<void>): ImageSource {
  return {
    manifest: (digest, signal) => source.manifest(digest, signal),
    blob: (descriptor, signal) => source.blob(descriptor, signal),
    close,
  };
}

/** The older form: a list of images with the paths of their files. Its manifest is made here. */
class SavedSource implements ImageSource {
  private readonly files: ReadonlyMap<string, string>;
  private readonly made: Buffer;

  private constructor(files: ReadonlyMap<string, string>, made: Buffer) {
    this.files = files;
    this.made = made;
  }

  static async open(directory: string, tag: string | undefined): Promise<SavedSource> {
    const list = await readFile(join(directory, 'manifest.json')).catch(() => undefined);
    const images = list === undefined ? undefined : parseJson(list);
    if (!Value.Check(SavedImages, images)) {
      throw new ImageFailure(
        'image-refused',
        'the archive has neither a manifest.json of docker save nor an OCI layout',
      );
    }
    const image = tag === undefined ? images[0] : images.find(({ RepoTags }) => hasTag(RepoTags ?? [], tag));
    if (image === undefined) {
      throw new ImageFailure('image-not-found', `the archive has no image tagged "${tag ?? ''}"`);
    }
    const files = new Map<string, string>();
    const describe = async (name: string): Promise<Descriptor> => {
      const path = fileIn(directory, name);
      const { digest, size } = await digestOfFile(path);
      files.set(digest, path);
      return { digest, size };
    };
    const config = await describe(image.Config);
    const layers: Descriptor[] = [];
    for (const layer of image.Layers) layers.push(await describe(layer));
    return new SavedSource(files, Buffer.from(JSON.stringify({ schemaVersion: 2, config, layers })));
  }

  manifest(digest: string | undefined): Promise<Buffer> {
    if (digest === undefined || digest === digestOf(this.made, digest)) return Promise.resolve(this.made);
    return Promise.reject(new ImageFailure('image-not-found', `the archive has no manifest ${digest}`));
  }

  blob({ digest }: Descriptor, signal: AbortSignal): Promise<Readable> {
    const path = this.files.get(digest);
    return path === undefined
      ? Promise.reject(new ImageFailure('image-not-found', `the archive has no blob ${digest}`))
      : Promise.resolve(createReadStream(path, { signal }));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function hasTag(tags: readonly string[], tag: string): boolean {
  return tags.some((each) => each === tag || each.endsWith(`:${tag}`));
}

function fileIn(directory: string, name: string): string {
  const segments = segmentsOf(name);
  if (segments === undefined) {
    throw new ImageFailure('image-refused', `the archive names "${name}", which is outside of it`);
  }
  return join(directory, ...segments);
}

async function digestOfFile(path: string): Promise<{ readonly digest: string; readonly size: number }> {
  const hash = createHash('sha256');
  let size = 0;
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      size += chunk.length;
    }
  } catch (error) {
    throw new ImageFailure('image-refused', 'the archive lacks a file that it names', { cause: error });
  }
  return { digest: `sha256:${hash.digest('hex')}`, size };
}
