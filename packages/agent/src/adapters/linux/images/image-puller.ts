/** Brings images into the store: each once, however many tasks want it at a time. */
import { lstat, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError, type Clock, type Logger, type Timers } from '@stadion/base';
import {
  imageArchitecture,
  readImageConfig,
  type Descriptor,
  type ImageConfig,
} from '../../../core/oci/image-manifest.ts';
import { describePull } from '../../../core/pull-words.ts';
import { isPinned, parseImageReference, type ImageReference } from '../../../core/oci/image-reference.ts';
import type { RegistryCredentials } from '../../registry-credentials.ts';
import { openArchive } from './archive-source.ts';
import { ImageFailure } from './image-failure.ts';
import {
  digestOf,
  MANIFEST_BYTES_MAX,
  mismatch,
  parseJson,
  readBounded,
  resolveImage,
  type ImageSource,
} from './image-source.ts';
import { ImageStore, type StoredImage } from './image-store.ts';
import { LayoutSource } from './layout-source.ts';
import { unpackLayer } from './layer-unpack.ts';
import { RegistrySource } from './registry-source.ts';

const MEBIBYTE = 1024 * 1024;
/** What broke off is begun again so often. */
const ATTEMPTS_MAX = 3;
/** So many layers fit into one line of mount options, and into the kernel's own limit on an overlay. */
const LAYERS_MAX = 128;

/** What pulling needs. */
export interface PullerParts {
  readonly store: ImageStore;
  readonly time: Clock & Timers;
  readonly log: Logger;
}

/** What one caller wants. */
export interface PullWish {
  readonly image: string;
  /** Ask for it even if one of this name is there. */
  readonly force: boolean;
  /** What to show the registry; asked only when it is needed. */
  readonly credentials: () => Promise<RegistryCredentials | undefined>;
  readonly signal: AbortSignal;
  readonly onProgress: (message: string) => void;
}

interface Pull {
  readonly promise: Promise<StoredImage>;
  readonly controller: AbortController;
  readonly listeners: Set<(message: string) => void>;
}

/** See above. */
export class ImagePuller {
  private readonly parts: PullerParts;
  private readonly pulls = new Map<string, Pull>();

  constructor(parts: PullerParts) {
    this.parts = parts;
  }

  /** True while something is on its way, whose layers belong to no image yet. */
  get isBusy(): boolean {
    return this.pulls.size > 0;
  }

  /**
   * Gives the image, from the store where it may come from there.
   * @throws ImageFailure; or the signal's reason when this caller no longer wants it. The others still get theirs.
   */
  async pull(wish: PullWish): Promise<StoredImage> {
    const parsed = parseImageReference(wish.image);
    if (!parsed.ok) throw new ImageFailure('image-name-invalid', parsed.problem);
    const { reference } = parsed;
    if (!wish.force || isPinned(reference)) {
      const known = await this.parts.store.find(wish.image);
      if (known !== undefined) {
        await this.parts.store.touch(wish.image, this.parts.time.now() / 1000);
        return known;
      }
    }
    return this.join(wish, reference);
  }

  private join(wish: PullWish, reference: ImageReference): Promise<StoredImage> {
    const { image, signal, onProgress } = wish;
    const pull = this.pulls.get(image) ?? this.begin(wish, reference);
    pull.listeners.add(onProgress);
    const leave = (): void => {
      pull.listeners.delete(onProgress);
      // Nobody is left who wants it.
      if (pull.listeners.size === 0) pull.controller.abort();
    };
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        leave();
        reject(signal.reason instanceof Error ? signal.reason : new Error('The pull was cut short'));
      };
      if (signal.aborted) onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      pull.promise.then(resolve, reject).finally(() => {
        signal.removeEventListener('abort', onAbort);
      });
    });
  }

  private begin({ image, credentials }: PullWish, reference: ImageReference): Pull {
    const controller = new AbortController();
    const listeners = new Set<(message: string) => void>();
    const tell = (message: string): void => {
      for (const listener of listeners) listener(message);
    };
    const promise = this.bring(image, () => this.open(reference, credentials), controller.signal, tell).finally(() => {
      this.pulls.delete(image);
    });
    const pull = { promise, controller, listeners };
    this.pulls.set(image, pull);
    return pull;
  }

  private async bring(
    image: string,
    open: () => Promise<{ readonly source: ImageSource; readonly wanted: string | undefined }>,
    signal: AbortSignal,
    tell: (message: string) => void,
  ): Promise<StoredImage> {
    tell(`Pulling the image ${image}`);
    const { source, wanted } = await open();
    try {
      const architecture = imageArchitecture(process.arch);
      const { digest, manifest } = await this.again(signal, () => resolveImage(source, wanted, architecture, signal));
      const config = await this.again(signal, () => this.readConfig(source, manifest.config, architecture, signal));
      const diffIds = config.rootfs.diff_ids;
      if (diffIds.length !== manifest.layers.length || diffIds.length > LAYERS_MAX) {
        throw new ImageFailure(
          'image-refused',
          `it has ${manifest.layers.length} layers and describes ${diffIds.length}`,
        );
      }
      const progress = new PullProgress(image, manifest.layers, tell);
      const layers: string[] = [];
      for (const [index, descriptor] of manifest.layers.entries()) {
        const name = ImageStore.layerName(diffIds.slice(0, index + 1));
        await this.bringLayer(
          source,
          { name, descriptor, diffId: diffIds[index] ?? '', below: layers },
          progress,
          signal,
        );
        layers.unshift(name);
      }
      const stored = { name: image, bytes: progress.total, ...(await this.describe(digest, config, layers)) };
      await this.parts.store.keep(image, stored);
      this.parts.log.info({ image, digest, layers: layers.length }, 'an image was pulled');
      return stored;
    } finally {
      await source.close();
    }
  }

  /** Where it is to be had, and the digest that its name promises, if it does. */
  private async open(
    reference: ImageReference,
    credentials: PullWish['credentials'],
  ): Promise<{ readonly source: ImageSource; readonly wanted: string | undefined }> {
    switch (reference.kind) {
      case 'registry': {
        const source = new RegistrySource(reference, await credentials(), this.parts.time);
        return { source, wanted: isPinned(reference) ? reference.version : undefined };
      }
      case 'layout':
        return { source: new LayoutSource(reference.path, reference.tag), wanted: undefined };
      case 'archive': {
        const directory = await this.parts.store.makeIncoming();
        return { source: await openArchive(reference.path, reference.tag, directory), wanted: undefined };
      }
    }
  }

  private async readConfig(
    source: ImageSource,
    descriptor: Descriptor,
    architecture: string,
    signal: AbortSignal,
  ): Promise<ImageConfig> {
    const bytes = await readBounded(await source.blob(descriptor, signal), MANIFEST_BYTES_MAX);
    const actual = digestOf(bytes, descriptor.digest);
    if (actual !== descriptor.digest) throw mismatch('the configuration', descriptor.digest, actual);
    const config = readImageConfig(parseJson(bytes));
    if (config === undefined) throw new ImageFailure('image-refused', 'its configuration cannot be read');
    const { os = 'linux', architecture: made = architecture } = config;
    if (os !== 'linux' || made !== architecture) {
      throw new ImageFailure(
        'image-wrong-architecture',
        `it is made for ${os}/${made}, and this machine is linux/${architecture}`,
      );
    }
    return config;
  }

  private async bringLayer(
    source: ImageSource,
    layer: { name: string; descriptor: Descriptor; diffId: string; below: readonly string[] },
    progress: PullProgress,
    signal: AbortSignal,
  ): Promise<void> {
    const { store } = this.parts;
    const { descriptor, diffId } = layer;
    if (await store.hasLayer(layer.name)) {
      progress.bytes += descriptor.size;
      return;
    }
    const below = layer.below.map((name) => store.layerDirectory(name));
    const begun = progress.bytes;
    await this.again(signal, async () => {
      const directory = await store.makeIncoming();
      progress.bytes = begun;
      try {
        const stream = await source.blob(descriptor, signal);
        const onBytes = (bytes: number): void => progress.add(bytes);
        await unpackLayer({ stream, digest: descriptor.digest, diffId, onBytes }, directory, below, signal);
        await store.keepLayer(layer.name, directory);
      } catch (error) {
        await rm(directory, { recursive: true, force: true });
        throw error;
      }
    });
  }

  /** Does it again when the registry failed in passing. */
  private async again<Result>(signal: AbortSignal, action: () => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await action();
      } catch (error) {
        const passes = error instanceof ImageFailure && error.failure === 'registry-unreachable';
        if (!passes || attempt >= ATTEMPTS_MAX || signal.aborted) throw error;
        this.parts.log.warn({ error: describeError(error) }, 'a part of an image is asked for again');
      }
    }
  }

  private async describe(digest: string, { config = {} }: ImageConfig, layers: string[]): Promise<StoredImage> {
    return {
      digest,
      layers,
      environment: Object.fromEntries(
        (config.Env ?? []).map((line) => {
          const equals = line.indexOf('=');
          return equals === -1 ? [line, ''] : [line.slice(0, equals), line.slice(equals + 1)];
        }),
      ),
      entrypoint: config.Entrypoint ?? [],
      command: config.Cmd ?? [],
      directory: config.WorkingDir ?? '',
      user: config.User ?? '',
      stopSignal: config.StopSignal ?? '',
      passwd: await this.readThrough(layers, 'passwd'),
      group: await this.readThrough(layers, 'group'),
    };
  }

  /** A file of /etc as the topmost layer has it. A link there is not followed: accounts are files. */
  private async readThrough(layers: readonly string[], name: 'passwd' | 'group'): Promise<string> {
    for (const layer of layers) {
      const etc = join(this.parts.store.layerDirectory(layer), 'etc');
      const text = await readAccounts(etc, name);
      if (text !== undefined) return text;
    }
    return '';
  }
}

async function readAccounts(etc: string, name: string): Promise<string | undefined> {
  const [folder, file] = await Promise.all([
    lstat(etc).catch(() => undefined),
    lstat(join(etc, name)).catch(() => undefined),
  ]);
  if (folder?.isDirectory() !== true || file?.isFile() !== true || file.size > MEBIBYTE) return undefined;
  return readFile(join(etc, name), 'utf8');
}

/** How much of an image is there. */
class PullProgress {
  bytes = 0;
  readonly total: number;
  private readonly image: string;
  private readonly tell: (message: string) => void;

  constructor(image: string, layers: readonly Descriptor[], tell: (message: string) => void) {
    this.image = image;
    this.tell = tell;
    this.total = layers.reduce((sum, layer) => sum + layer.size, 0);
  }

  add(bytes: number): void {
    this.bytes += bytes;
    this.tell(describePull(this.image, { current: this.bytes, total: this.total }));
  }
}
