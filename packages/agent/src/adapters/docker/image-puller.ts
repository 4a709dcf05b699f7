/** Pulls images: each once, however many tasks want it, with progress, and again when the registry fails in passing. */
import { delay, type Clock, type Logger, type Timers } from '@stadion/base';
import type Docker from 'dockerode';
import type { AuthConfigObject } from 'dockerode';
import { describePull } from '../../core/pull-words.ts';
import type { LaunchFailure, PrepareContext } from '../../ports/containerizer.ts';
import { findImageNameProblem } from './container-options.ts';
import { LayerProgress, type ProgressLine } from './pull-progress.ts';
import { nameFailure, statusOf } from './failures.ts';

/** Tries before a registry that cannot be reached is given up; the framework tries again later. */
const ATTEMPTS_MAX = 3;
const RETRY_MS = 1000;

interface Pull {
  readonly outcome: Promise<LaunchFailure | undefined>;
  readonly listeners: Set<(message: string) => void>;
  readonly abort: AbortController;
}

/** What is wanted. */
export interface PullRequest {
  readonly image: string;
  /** Ask the registry even when the image is here. */
  readonly force: boolean;
  readonly credentials: () => Promise<AuthConfigObject | undefined>;
}

/** Brings images to the daemon. */
export class ImagePuller {
  private readonly docker: Docker;
  private readonly time: Clock & Timers;
  private readonly log: Logger;
  private readonly pulls = new Map<string, Pull>();

  constructor(docker: Docker, time: Clock & Timers, log: Logger) {
    this.docker = docker;
    this.time = time;
    this.log = log;
  }

  /** Resolves with nothing once the image is there. Who gives up leaves the pull to the others that wait for it. */
  async bring(request: PullRequest, context: PrepareContext): Promise<LaunchFailure | undefined> {
    const { image } = request;
    const problem = findImageNameProblem(image);
    if (problem !== undefined) return { ok: false, message: problem };
    try {
      if (!request.force && (await this.isHere(image))) return undefined;
    } catch (error) {
      return { ok: false, message: nameFailure(error, `looking for the image "${image}"`).message };
    }
    const credentials = await request.credentials();
    const key = `${image} ${JSON.stringify(credentials ?? null)}`;
    const pull = this.pulls.get(key) ?? this.begin(key, image, credentials);
    pull.listeners.add(context.onProgress);
    const leave = (): void => {
      pull.listeners.delete(context.onProgress);
      if (pull.listeners.size === 0) pull.abort.abort();
    };
    const given = new Promise<LaunchFailure>((resolve) => {
      const giveUp = (): void => resolve({ ok: false, message: `The pull of the image "${image}" was given up` });
      if (context.signal.aborted) giveUp();
      else context.signal.addEventListener('abort', giveUp, { once: true });
    });
    const outcome = await Promise.race([pull.outcome, given]);
    leave();
    return outcome;
  }

  private async isHere(image: string): Promise<boolean> {
    try {
      await this.docker.getImage(image).inspect();
      return true;
    } catch (error) {
      if (statusOf(error) === 404) return false;
      throw error;
    }
  }

  private begin(key: string, image: string, credentials: AuthConfigObject | undefined): Pull {
    const listeners = new Set<(message: string) => void>();
    const abort = new AbortController();
    const tell = (message: string): void => {
      for (const listener of listeners) listener(message);
    };
    const outcome = this.pull(image, credentials, abort.signal, tell).finally(() => this.pulls.delete(key));
    const pull: Pull = { outcome, listeners, abort };
    this.pulls.set(key, pull);
    return pull;
  }

  private async pull(
    image: string,
    credentials: AuthConfigObject | undefined,
    signal: AbortSignal,
    tell: (message: string) => void,
  ): Promise<LaunchFailure | undefined> {
    const begunAt = this.time.monotonic();
    tell(`Pulling the image ${image}`);
    for (let attempt = 1; ; attempt += 1) {
      const layers = new LayerProgress();
      try {
        await this.pullOnce(image, credentials, signal, layers, tell);
        const seconds = ((this.time.monotonic() - begunAt) / 1000).toFixed(1);
        this.log.info({ image, seconds: Number(seconds) }, 'image pulled');
        return undefined;
      } catch (error) {
        const failure = nameFailure(error, `pulling the image "${image}"`);
        // The daemon itself begins a layer that broke off anew, five times unless it is told otherwise.
        const wasRetried = layers.bytes.total > 0;
        if (!failure.isPassing || wasRetried || attempt >= ATTEMPTS_MAX || signal.aborted) {
          return { ok: false, message: failure.message };
        }
        tell(`Pulling the image ${image} again: ${failure.message}`);
        await delay(this.time, RETRY_MS * attempt);
      }
    }
  }

  /** The daemon answers 200 and tells of a failure in the stream. */
  private async pullOnce(
    image: string,
    credentials: AuthConfigObject | undefined,
    abortSignal: AbortSignal,
    layers: LayerProgress,
    tell: (message: string) => void,
  ): Promise<void> {
    const stream = await this.docker.pull(withTag(image), {
      abortSignal,
      ...(credentials === undefined ? {} : { authconfig: credentials }),
    });
    let failure: string | undefined;
    await new Promise<void>((resolve, reject) => {
      this.docker.modem.followProgress(
        stream,
        (error) => {
          if (failure !== undefined) reject(new Error(failure));
          else if (error !== null) reject(error);
          else resolve();
        },
        (line: ProgressLine) => {
          failure = line.errorDetail?.message ?? line.error ?? failure;
          layers.add(line);
          tell(describePull(image, layers.bytes));
        },
      );
    });
  }
}

/** Without a tag or digest the Engine would pull every tag there is. */
function withTag(image: string): string {
  const name = image.slice(image.lastIndexOf('/') + 1);
  return name.includes(':') || name.includes('@') ? image : `${image}:latest`;
}
