/** Brings the bytes of one URI into a file, checking them on the way. */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { PlatformError, type Clock, type Timers } from '@stadion/base';

/** What a download needs besides its URI. */
export interface DownloadOptions {
  readonly time: Clock & Timers;
  /** Without a byte for so long it is given up. */
  readonly stallMs: number;
  readonly signal: AbortSignal;
  /** An artifact that is larger is given up. */
  readonly bytesMax: number;
  /** `sha256:<hex>` or `sha512:<hex>`. */
  readonly checksum?: string;
}

/** Where a URI leads: the web, or a file of this machine. */
export type Source = { readonly kind: 'web'; readonly url: URL } | { readonly kind: 'file'; readonly path: string };

/**
 * Understands a URI: http, https, file, or an absolute path.
 * @throws PlatformError `agent-fetch-unsupported`
 */
export function parseSource(uri: string): Source {
  if (uri.startsWith('/')) return { kind: 'file', path: uri };
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return { kind: 'web', url };
  if (url?.protocol === 'file:' && (url.host === '' || url.host === 'localhost')) {
    url.host = '';
    return { kind: 'file', path: fileURLToPath(url) };
  }
  throw new PlatformError('agent-fetch-unsupported', 'only http, https, file and absolute paths can be fetched');
}

/**
 * Writes the artifact to `path`, which must not exist yet.
 * @throws PlatformError `agent-fetch-failed`, `agent-fetch-stalled`, `agent-fetch-too-large`, `agent-checksum-differs`
 */
export async function download(source: Source, path: string, options: DownloadOptions): Promise<void> {
  const { bytesMax } = options;
  const check = startChecksum(options.checksum);
  const stalled = new AbortController();
  const watch = watchStall(options, stalled);
  const signal = AbortSignal.any([options.signal, stalled.signal]);
  try {
    const body = source.kind === 'web' ? await openWeb(source.url, signal) : await openFile(source.path);
    let bytes = 0;
    const tap = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        watch.progress();
        bytes += chunk.length;
        if (bytes > bytesMax) {
          done(new PlatformError('agent-fetch-too-large', `it is larger than ${bytesMax} bytes`));
          return;
        }
        check?.hash.update(chunk);
        done(null, chunk);
      },
    });
    await pipeline(body, tap, createWriteStream(path, { flags: 'wx', mode: 0o644 }), { signal });
  } catch (error) {
    if (stalled.signal.aborted) {
      const message = `nothing arrived for ${options.stallMs / 1000} s`;
      throw new PlatformError('agent-fetch-stalled', message, { cause: error, retryable: true });
    }
    throw error;
  } finally {
    watch.stop();
  }
  const actual = check?.hash.digest('hex');
  if (check !== undefined && actual !== check.expected) {
    const message = `its ${check.algorithm} is ${actual ?? ''} instead of ${check.expected}`;
    throw new PlatformError('agent-checksum-differs', message);
  }
}

async function openWeb(url: URL, signal: AbortSignal): Promise<Readable> {
  const response = await fetch(url, { signal, redirect: 'follow' });
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    const message = `the server answered ${response.status} ${response.statusText}`.trim();
    throw new PlatformError('agent-fetch-failed', message, { retryable: response.status >= 500 });
  }
  return Readable.fromWeb(response.body);
}

async function openFile(path: string): Promise<Readable> {
  const stats = await stat(path);
  if (!stats.isFile()) throw new PlatformError('agent-fetch-failed', 'it is not a regular file');
  return createReadStream(path);
}

function startChecksum(
  checksum: string | undefined,
): { readonly algorithm: string; readonly expected: string; readonly hash: Hash } | undefined {
  if (checksum === undefined) return undefined;
  const match = /^(sha256|sha512):([0-9a-fA-F]+)$/.exec(checksum.trim());
  const algorithm = match?.[1];
  const expected = match?.[2]?.toLowerCase();
  if (algorithm === undefined || expected?.length !== (algorithm === 'sha256' ? 64 : 128)) {
    const message = `the checksum "${checksum}" is not of the form sha256:<64 hex digits> or sha512:<128 hex digits>`;
    throw new PlatformError('agent-checksum-unreadable', message);
  }
  return { algorithm, expected, hash: createHash(algorithm) };
}

/** One timer for the whole download: when it fires it looks how long ago something came. */
function watchStall(options: DownloadOptions, stalled: AbortController): { progress(): void; stop(): void } {
  const { time, stallMs } = options;
  let lastAt = time.monotonic();
  const look = (): void => {
    const quietMs = time.monotonic() - lastAt;
    if (quietMs >= stallMs) stalled.abort();
    else timer = time.after(stallMs - quietMs, look);
  };
  let timer = time.after(stallMs, look);
  return {
    progress() {
      lastAt = time.monotonic();
    },
    stop() {
      timer.cancel();
    },
  };
}
