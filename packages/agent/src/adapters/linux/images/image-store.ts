/** The images of one agent on disk: each layer once, whoever shares it, and what is known of each image. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Type, type Static } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { IMAGES_SHOWN_MAX } from '../../../limits.ts';

const StoredImage = Type.Object({
  /** What it was asked for with, and the bytes of its layers, packed. Images of an earlier release have neither. */
  name: Type.Optional(Type.String()),
  bytes: Type.Optional(Type.Integer()),
  /** Of its manifest. */
  digest: Type.String(),
  /** The names of its layers in the store, top first. */
  layers: Type.Array(Type.String()),
  environment: Type.Record(Type.String(), Type.String()),
  entrypoint: Type.Array(Type.String()),
  command: Type.Array(Type.String()),
  directory: Type.String(),
  /** As the image has it: `name`, `uid`, `name:group`, `uid:gid`, or empty. */
  user: Type.String(),
  stopSignal: Type.String(),
  /** Its own accounts. */
  passwd: Type.String(),
  group: Type.String(),
});
/** An image that can be run. */
export type StoredImage = Static<typeof StoredImage>;

/** Folder names: layers, images by the name they were asked for with, and what is on its way. */
const LAYERS = 'layers';
const IMAGES = 'images';
const INCOMING = 'incoming';
/** Short, because all layers of an image are in one line of mount options. */
const LAYER_NAME_CHARACTERS = 16;

/** See above. */
export class ImageStore {
  private readonly root: string;
  private incoming = 0;

  constructor(root: string) {
    this.root = root;
  }

  /** Makes the folders, and clears away what an earlier agent did not finish. */
  async open(): Promise<void> {
    await rm(join(this.root, INCOMING), { recursive: true, force: true });
    for (const name of [LAYERS, IMAGES, INCOMING]) await mkdir(join(this.root, name), { recursive: true, mode: 0o711 });
  }

  get layersDirectory(): string {
    return join(this.root, LAYERS);
  }

  /** The name of a layer above others: its content and theirs decide (OCI's chain id). @param chain diff ids, bottom first */
  static layerName(chain: readonly string[]): string {
    return createHash('sha256').update(chain.join(' ')).digest('hex').slice(0, LAYER_NAME_CHARACTERS);
  }

  layerDirectory(name: string): string {
    return join(this.root, LAYERS, name);
  }

  async hasLayer(name: string): Promise<boolean> {
    return stat(this.layerDirectory(name)).then(
      () => true,
      () => false,
    );
  }

  /** An empty directory for something on its way. */
  async makeIncoming(): Promise<string> {
    this.incoming += 1;
    const directory = join(this.root, INCOMING, String(this.incoming));
    await mkdir(directory, { recursive: true, mode: 0o755 });
    return directory;
  }

  /** Puts a layer that is whole in its place; one that is there already stays. */
  async keepLayer(name: string, directory: string): Promise<void> {
    await rename(directory, this.layerDirectory(name)).catch(async (error: unknown) => {
      if (!(await this.hasLayer(name))) throw error;
      await rm(directory, { recursive: true, force: true });
    });
  }

  /** The image that was last kept under a name, if it is still whole. */
  async find(name: string): Promise<StoredImage | undefined> {
    const image = await this.read(this.imagePath(name));
    if (image === undefined) return undefined;
    for (const layer of image.layers) if (!(await this.hasLayer(layer))) return undefined;
    return image;
  }

  async keep(name: string, image: StoredImage): Promise<void> {
    const path = this.imagePath(name);
    await writeFile(`${path}.tmp`, JSON.stringify(image), { mode: 0o600 });
    await rename(`${path}.tmp`, path);
  }

  /** Notes that an image is used, for {@link collect}. @param now seconds since the epoch */
  async touch(name: string, now: number): Promise<void> {
    await utimes(this.imagePath(name), now, now).catch(() => undefined);
  }

  /** Those that are whole, with when they were last used, in milliseconds since the epoch. */
  async list(): Promise<readonly { readonly image: StoredImage; readonly usedAt: number }[]> {
    const layers = new Set(await readdir(this.layersDirectory));
    const images = [];
    for (const file of (await readdir(join(this.root, IMAGES))).slice(0, IMAGES_SHOWN_MAX)) {
      const path = join(this.root, IMAGES, file);
      const image = await this.read(path);
      const facts = await stat(path).catch(() => undefined);
      if (image === undefined || facts === undefined || !image.layers.every((name) => layers.has(name))) continue;
      images.push({ image, usedAt: facts.mtimeMs });
    }
    return images;
  }

  /**
   * Removes images that nobody has used since a time, and layers that no image and no container has.
   * @param before seconds since the epoch
   * @param inUse names of layers that containers run on
   * @param isExcluded whether an image stays in any case, by the name it was asked for with
   * @returns how many layers went
   */
  async collect(
    before: number,
    inUse: ReadonlySet<string>,
    isExcluded: (name: string) => boolean = () => false,
  ): Promise<number> {
    const needed = new Set(inUse);
    for (const file of await readdir(join(this.root, IMAGES))) {
      const path = join(this.root, IMAGES, file);
      const image = await this.read(path);
      const usedAt = (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;
      const stays =
        image !== undefined &&
        (usedAt / 1000 >= before || isExcluded(image.name ?? '') || image.layers.every((layer) => inUse.has(layer)));
      if (!stays) await rm(path, { force: true });
      else for (const layer of image.layers) needed.add(layer);
    }
    let removed = 0;
    for (const name of await readdir(this.layersDirectory)) {
      if (needed.has(name)) continue;
      // Out of its place first: half a layer must never be found there.
      const directory = join(await this.makeIncoming(), 'gone');
      await rename(this.layerDirectory(name), directory);
      await rm(join(directory, '..'), { recursive: true, force: true });
      removed += 1;
    }
    return removed;
  }

  private imagePath(name: string): string {
    return join(this.root, IMAGES, `${createHash('sha256').update(name).digest('hex')}.json`);
  }

  private async read(path: string): Promise<StoredImage | undefined> {
    try {
      const value: unknown = JSON.parse(await readFile(path, 'utf8'));
      return Value.Check(StoredImage, value) ? value : undefined;
    } catch {
      return undefined;
    }
  }
}
