/** Fetches artifacts from the web and from local files, checks and unpacks them in the sandbox. */
import { chmod, copyFile, constants, mkdir, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { describeError, PlatformError, type Clock, type Logger, type Timers } from '@stadion/base';
import type { CommandUri } from '@stadion/contract/mesos';
import type { FetchOutcome, Fetcher, FetchRequest } from '../../ports/fetcher.ts';
import { ARTIFACT_BYTES_MAX } from '../../limits.ts';
import { segmentsOf } from './archive-rules.ts';
import { ArtifactCache } from './artifact-cache.ts';
import { download, parseSource, type Source } from './download.ts';
import { isArchive, unpack } from './unpack.ts';
import { joinTime } from '../../joined-time.ts';

/** Options of {@link createWebFetcher}. */
export interface WebFetcherOptions {
  /** Where cached artifacts are kept; emptied at the first use. */
  readonly cacheDirectory: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  /** Default 2 GB. */
  readonly cacheBytesMax?: number;
  /** Default 1 minute. */
  readonly stallMs?: number;
  /** Default 64 GiB. */
  readonly artifactBytesMax?: number;
}

const CACHE_BYTES_DEFAULT = 2 * 1024 * 1024 * 1024;
const STALL_MS_DEFAULT = 60_000;

/** Makes a fetcher. As in Mesos, the URIs of a task are fetched one after the other. */
export function createWebFetcher(options: WebFetcherOptions): Fetcher {
  return new WebFetcher(options);
}

class WebFetcher implements Fetcher {
  private readonly time: Clock & Timers;
  private readonly stallMs: number;
  private readonly artifactBytesMax: number;
  private readonly cache: ArtifactCache;

  constructor(options: WebFetcherOptions) {
    const { clock, timers } = options;
    this.time = joinTime(clock, timers);
    this.stallMs = options.stallMs ?? STALL_MS_DEFAULT;
    this.artifactBytesMax = options.artifactBytesMax ?? ARTIFACT_BYTES_MAX;
    this.cache = new ArtifactCache(options.cacheDirectory, options.cacheBytesMax ?? CACHE_BYTES_DEFAULT, options.log);
  }

  async fetch(request: FetchRequest): Promise<FetchOutcome> {
    let current = '';
    try {
      for (const uri of request.uris) {
        current = uri.value;
        await this.fetchOne(uri, request);
      }
      return { ok: true };
    } catch (error) {
      return { ok: false, message: `${current}: ${describeError(error)}` };
    }
  }

  private async fetchOne(uri: CommandUri, { directory, signal }: FetchRequest): Promise<void> {
    const source = parseSource(uri.value);
    const target = await findTarget(uri, source, directory);
    const options = {
      time: this.time,
      stallMs: this.stallMs,
      bytesMax: this.artifactBytesMax,
      ...(uri.checksum === undefined ? {} : { checksum: uri.checksum }),
    };
    const unpacks = uri.executable !== true && uri.extract !== false && isArchive(target);
    if (uri.cache === true) {
      await this.cache.withFile(
        JSON.stringify([uri.value, uri.checksum]),
        signal,
        (path, unwanted) => download(source, path, { ...options, signal: unwanted }),
        async (path) => {
          if (unpacks) await unpack(path, basename(target), directory, signal);
          else await copyTo(path, target);
        },
      );
    } else {
      const temporary = join(dirname(target), `.fetch-${basename(target)}`);
      await rm(temporary, { force: true });
      try {
        await download(source, temporary, { ...options, signal });
        await rename(temporary, target);
      } finally {
        await rm(temporary, { force: true });
      }
      if (unpacks) await unpack(target, basename(target), directory, signal);
    }
    if (uri.executable === true) await chmod(target, 0o755);
  }
}

/** The file that an artifact becomes: `output_file`, or the last part of its path; always inside the sandbox. */
async function findTarget(uri: CommandUri, source: Source, directory: string): Promise<string> {
  const name = uri.output_file ?? nameOf(source);
  const segments = segmentsOf(name);
  if (segments === undefined || segments.length === 0) {
    throw new PlatformError('agent-fetch-outside', `"${name}" is not the name of a file inside the sandbox`);
  }
  const target = join(directory, ...segments);
  await mkdir(dirname(target), { recursive: true });
  // An archive fetched before may have brought links, all of them inside; looked at all the same.
  const root = await realpath(directory);
  const folder = await realpath(dirname(target));
  if (folder !== root && !folder.startsWith(root + sep)) {
    throw new PlatformError('agent-fetch-outside', `"${name}" leads out of the sandbox`);
  }
  return target;
}

function nameOf(source: Source): string {
  if (source.kind === 'file') return basename(source.path);
  const last = source.url.pathname.split('/').at(-1) ?? '';
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

async function copyTo(from: string, target: string): Promise<void> {
  await rm(target, { force: true });
  await copyFile(from, target, constants.COPYFILE_EXCL);
}
