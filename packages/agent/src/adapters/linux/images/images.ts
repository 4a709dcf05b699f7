/** The images of an agent for its containers: brought before a launch, and cleared away when nobody has used them for long. */
import { describeError, every, type Clock, type Logger, type TimerHandle, type Timers } from '@stadion/base';
import type { HeldImage } from '@stadion/contract/images';
import { imageOf } from '../../../core/admission.ts';
import type { ContainerSpec, LaunchFailure, PrepareContext, PrepareSpec } from '../../../ports/containerizer.ts';
import { findCredentials } from '../../registry-credentials.ts';
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

  /** The image of a container that is about to start; brought now if it went meanwhile. */
  async find(spec: ContainerSpec): Promise<StoredImage | LaunchFailure | undefined> {
    const image = imageOf(spec.container);
    if (image === undefined) return undefined;
    return this.pull(image, () => findCredentials(image, spec.directory), false, {
      signal: this.closing.signal,
      onProgress: () => undefined,
    });
  }

  /** Removes those that no container runs on. @param excluded names of those that stay */
  async prune(excluded: readonly string[]): Promise<void> {
    if (this.puller.isBusy) throw new Error('Images are on their way. Try again when they are there');
    const removed = await this.store.collect(Number.POSITIVE_INFINITY, this.options.layersInUse(), new Set(excluded));
    this.options.log.info({ removed }, 'layers of images were removed because somebody asked for it');
  }

  private async pull(
    image: string,
    credentials: PullWish['credentials'],
    force: boolean,
    context: PrepareContext,
  ): Promise<StoredImage | LaunchFailure> {
    try {
      return await this.puller.pull({ image, force, credentials, ...context });
    } catch (error) {
      return { ok: false, message: describeImageFailure(error, image) };
    }
  }

  private async collect(): Promise<void> {
    // Layers on their way belong to no image yet.
    if (this.puller.isBusy) return;
    try {
      const before = (this.options.time.now() - this.options.keepMs) / 1000;
      const removed = await this.store.collect(before, this.options.layersInUse());
      if (removed > 0) this.options.log.info({ removed }, 'layers of images that nobody uses were removed');
    } catch (error) {
      this.options.log.warn({ error: describeError(error) }, 'images could not be looked through');
    }
  }
}
