/** One bounded GET. */
import { PlatformError, type Timers } from '@stadion/base';
import type { Fetch } from '@stadion/contract/client';

/**
 * Fetches a document, as it comes.
 * @throws PlatformError `master-unreachable` or `master-answer-unexpected`
 */
export async function getBytes(
  url: string,
  options: {
    readonly timers: Timers;
    readonly timeoutMs: number;
    readonly bytesMax: number;
    readonly fetch: Fetch;
    readonly signal: AbortSignal;
  },
): Promise<Uint8Array<ArrayBuffer>> {
  const deadline = new AbortController();
  const timer = options.timers.after(options.timeoutMs, () => {
    deadline.abort(new Error(`no answer within ${options.timeoutMs / 1000} s`));
  });
  try {
    const response = await options.fetch(url, {
      headers: { accept: 'application/json' },
      signal: AbortSignal.any([options.signal, deadline.signal]),
    });
    if (!response.ok) throw unexpected(url, `it answered with status ${response.status}`);
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const part of response.body as ReadableStream<Uint8Array>) {
      size += part.byteLength;
      if (size > options.bytesMax) throw unexpected(url, `its answer is larger than ${options.bytesMax} bytes`);
      parts.push(part);
    }
    return joined(parts, size);
  } catch (error) {
    if (error instanceof PlatformError || options.signal.aborted) throw error;
    throw new PlatformError('master-unreachable', `${url} cannot be read. Check the address given with --master.`, {
      cause: error,
      retryable: true,
    });
  } finally {
    timer.cancel();
  }
}

/** Somebody answers, and it is not what was asked for. */
export function unexpected(url: string, what: string): PlatformError {
  return new PlatformError('master-answer-unexpected', `${url} is not what was expected: ${what}.`, {
    retryable: true,
  });
}

/** Memory of its own, so that it can be given to another thread. */
function joined(parts: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.byteLength;
  }
  return all;
}
