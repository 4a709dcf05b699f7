/** Images that are brought before any task wants them, and how far that is. */
import { describeError, type Clock, type Logger } from '@stadion/base';
import { imageContainerizers, type ImagePull, type ImagePullRequest } from '@stadion/contract/images';
import type { ContainerInfo } from '@stadion/contract/mesos';
import { IMAGE_PULLS_MAX, IMAGE_PULLS_SHOWN_MAX } from './limits.ts';
import type { Containerizer } from './ports/containerizer.ts';

/** A pull that is under way, or why it was not begun: nothing here can do it, or too much is under way. */
export type PullBegun =
  | { readonly ok: true; readonly pull: ImagePull }
  | { readonly ok: false; readonly reason: 'impossible' | 'busy'; readonly message: string };

/** See above. They are not for ever: an agent that is started again knows of none, and has the images. */
export class ImagePulls {
  private readonly containerizer: Containerizer;
  private readonly clock: Clock;
  private readonly log: Logger;
  private readonly working: () => readonly string[];
  /** Newest last. */
  private pulls: ImagePull[] = [];
  private readonly stopping = new AbortController();

  /** @param working names of the containerizers that work here */
  constructor(
    parts: { readonly containerizer: Containerizer; readonly clock: Clock; readonly log: Logger },
    working: () => readonly string[],
  ) {
    this.containerizer = parts.containerizer;
    this.clock = parts.clock;
    this.log = parts.log;
    this.working = working;
  }

  /** Begins, or joins the pull of the same image that is under way. */
  begin({ image, containerizer: wanted, force = false }: ImagePullRequest): PullBegun {
    const working = imageContainerizers.filter((name) => this.working().includes(name));
    const containerizer = working.find((name) => wanted === undefined || name === wanted);
    if (containerizer === undefined || this.containerizer.prepare === undefined) {
      const message = `This agent keeps no images${wanted === undefined ? '' : ` for ${wanted}`}: it has ${this.working().join(', ')}`;
      return { ok: false, reason: 'impossible', message };
    }
    const underWay = this.pulls.filter(({ state }) => state === 'PULLING');
    const same = underWay.find((pull) => pull.image === image && pull.containerizer === containerizer);
    if (same !== undefined) return { ok: true, pull: same };
    if (underWay.length >= IMAGE_PULLS_MAX) {
      const message = `${String(IMAGE_PULLS_MAX)} images are on their way already. Try again when one is there`;
      return { ok: false, reason: 'busy', message };
    }
    const pull: ImagePull = {
      image,
      containerizer,
      state: 'PULLING',
      message: `Pulling the image ${image}`,
      startedAt: this.clock.now(),
    };
    this.remember(pull);
    void this.bring(pull, force);
    return { ok: true, pull };
  }

  /** Newest first. */
  list(): readonly ImagePull[] {
    return this.pulls.toReversed();
  }

  /** Gives up those under way. */
  stop(): void {
    this.stopping.abort(new Error('The agent is being stopped'));
  }

  private async bring(pull: ImagePull, force: boolean): Promise<void> {
    const { image, containerizer } = pull;
    const failure = await this.prepare(pull, force);
    pull.endedAt = this.clock.now();
    pull.state = failure === undefined ? 'PULLED' : 'FAILED';
    pull.message = failure ?? `The image ${image} is there`;
    this.log.info({ image, containerizer, failure }, 'an image was asked for before any task wanted it');
  }

  /** @returns a sentence when it failed */
  private async prepare(pull: ImagePull, force: boolean): Promise<string | undefined> {
    const container = containerOf(pull, force);
    const context = {
      signal: this.stopping.signal,
      onProgress: (message: string) => {
        pull.message = message;
      },
    };
    try {
      return (await this.containerizer.prepare?.({ container }, context))?.message;
    } catch (error) {
      return describeError(error);
    }
  }

  /** Those that are over go first when there are too many; there are never more under way than are kept. */
  private remember(pull: ImagePull): void {
    const others = this.pulls.filter(
      (each) => each.image !== pull.image || each.containerizer !== pull.containerizer || each.state === 'PULLING',
    );
    const isOver = (each: ImagePull): boolean => each.state !== 'PULLING';
    while (others.length >= IMAGE_PULLS_SHOWN_MAX) others.splice(others.findIndex(isOver), 1);
    this.pulls = [...others, pull];
  }
}

/** What a task that starts from this image would say of its container. */
function containerOf({ image, containerizer }: ImagePull, force: boolean): ContainerInfo {
  if (containerizer === 'docker') return { type: 'DOCKER', docker: { image, force_pull_image: force } };
  return { type: 'MESOS', mesos: { image: { type: 'DOCKER', docker: { name: image }, cached: !force } } };
}
