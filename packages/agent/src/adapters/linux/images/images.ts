/** The images of an agent for its containers: brought before a launch, and cleared away when nobody has used them for long. */
import {
  type Clock,
  describeError,
  every,
  type Logger,
  PlatformError,
  type TimerHandle,
  type Timers,
} from '@stadion/base';
import type { HeldImage } from '@stadion/contract/images';
import { imageOf } from '../../../core/admission.ts';
import type { ContainerSpec, LaunchFailure, PrepareContext, PrepareSpec } from '../../../ports/containerizer.ts';
import { findCredentials } from '../../registry-credentials.ts';
import { parseImageReference } from '../../../core/oci/image-reference.ts';
import { describeImageFailure } from './image-failure.ts';
import { ImagePuller, type PullWish } from './image-puller.ts';
import { ImageStore, type StoredImage } from './image-store.ts';

const COLLECT_MS = 10 * 60 * 1000;

/** What it works with. */
export interface ImagesOptions {
  readonly directory: string;
  readonly time: Clock & Timers;
  readonly log: Logger;
  /** How long an image that nobody uses is kept. */
  readonly keepMs: number;
  /** The names of layers that containers run on. */
  readonly layersInUse: () => ReadonlySet<string>;
}

/** See above. */
export class Images {
  private readonly options: ImagesOptions;
  private readonly store: ImageStore;
  private readonly puller: ImagePuller;
  private timer: TimerHandle | undefined;
  /** Layers of containers that are about to start, by container: they count as in use. */
  private readonly starting = new Map<string, readonly string[]>();
  /** How many are looking for an image that is there. */
  private looking = 0;
  /** Under way: nothing is looked for or brought meanwhile. Resolves in any case. */
  private clearing: Promise<void> | undefined;
  private readonly closing = new AbortController();

  constructor(options: ImagesOptions) {
    this.options = options;
    this.store = new ImageStore(options.directory);
    this.puller = new ImagePuller({ ...options, store: this.store });
  }

  get layersDirectory(): string {
    return this.store.layersDirectory;
  }

  async open(): Promise<void> {
    await this.store.open();
    this.timer = every(this.options.time, COLLECT_MS, () => void this.collect());
  }

  close(): void {
    this.timer?.cancel();
    this.closing.abort();
  }

  /** Brings the image of a container, if it has one. */
  async prepare(spec: PrepareSpec, context: PrepareContext): Promise<LaunchFailure | undefined> {
    const image = imageOf(spec.container);
    if (image === undefined) return undefined;
    const force = spec.container?.mesos?.image?.cached === false;
    const credentials = () => findCredentials(image, spec.directory, spec.registryConfig);
    const found = await this.pull(image, credentials, force, context);
    return 'message' in found ? found : undefined;
  }

  /** Those that are there, by name. */
  async list(): Promise<readonly HeldImage[]> {
    return (await this.store.list()).map(({ image, usedAt }) => ({
      containerizer: 'linux',
      name: image.name ?? image.digest,
      digest: image.digest,
      ...(image.bytes === undefined ? {} : { bytes: image.bytes }),
      usedAt,
    }));
  }

  /** The image of a container that is about to start; brought now if it went meanwhile. It stays until {@link started}. */
  async find(spec: ContainerSpec): Promise<StoredImage | LaunchFailure | undefined> {
    const image = imageOf(spec.container);
    if (image === undefined) return undefined;
    const context = { signal: this.closing.signal, onProgress: () => undefined };
    const credentials = () => findCredentials(image, spec.directory);
    return this.pull(image, credentials, false, context, ({ layers }) => this.starting.set(spec.containerId, layers));
  }

  /** A container has started, or could not: from now on its image is in use if it is that of one that runs. */
  started(containerId: string): void {
    this.starting.delete(containerId);
  }

  /** Removes those that no container runs on, or is about to. @param excluded names of those that stay */
  async prune(excluded: readonly string[]): Promise<void> {
    const kept = new Set(excluded.map(meaningOf));
    const removed = await this.clear(Number.POSITIVE_INFINITY, (name) => kept.has(meaningOf(name)));
    if (removed === undefined) {
      const message = 'Images are on their way. Try again when they are there';
      throw new PlatformError('agent-images-busy', message, { retryable: true });
    }
    this.options.log.info({ removed }, 'layers of images were removed because somebody asked for it');
  }

  private async pull(
    image: string,
    credentials: PullWish['credentials'],
    force: boolean,
    context: PrepareContext,
    hold: (image: StoredImage) => void = () => undefined,
  ): Promise<StoredImage | LaunchFailure> {
    while (this.clearing !== undefined) await this.clearing;
    this.looking += 1;
    try {
      const found = await this.puller.pull({ image, force, credentials, ...context });
      hold(found);
      return found;
    } catch (error) {
      return { ok: false, message: describeImageFailure(error, image) };
    } finally {
      this.looking -= 1;
    }
  }

  private async collect(): Promise<void> {
    try {
      const removed = await this.clear((this.options.time.now() - this.options.keepMs) / 1000);
      if ((removed ?? 0) > 0) this.options.log.info({ removed }, 'layers of images that nobody uses were removed');
    } catch (error) {
      this.options.log.warn({ error: describeError(error) }, 'images could not be looked through');
    }
  }

  /** @returns how many layers went; undefined: layers are on their way, and belong to no image yet */
  private async clear(before: number, isExcluded?: (name: string) => boolean): Promise<number | undefined> {
    while (this.clearing !== undefined) await this.clearing;
    if (this.puller.isBusy || this.looking > 0) return undefined;
    const inUse = new Set([...this.options.layersInUse(), ...[...this.starting.values()].flat()]);
    const collected = this.store.collect(before, inUse, isExcluded);
    this.clearing = collected.then(
      () => undefined,
      () => undefined,
    );
    try {
      return await collected;
    } finally {
      this.clearing = undefined;
    }
  }
}

/** The same for all names of one image: `nginx` is `docker.io/library/nginx:latest`. */
function meaningOf(name: string): string {
  const parsed = parseImageReference(name);
  return parsed.ok ? JSON.stringify(parsed.reference) : name;
}
