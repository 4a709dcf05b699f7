/** One bounded GET of a JSON document. */
import { Buffer } from 'node:buffer';
import { PlatformError, type Timers } from '@stadion/base';

/**
 * Fetches a document.
 * @throws PlatformError `master-unreachable` or `master-answer-unexpected`
 */
export async function getJson(
  url: string,
  options: {
    readonly timers: Timers;
    readonly timeoutMs: number;
    readonly bytesMax: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly signal: AbortSignal;
  },
): Promise<unknown> {
  const deadline = new AbortController();
  const timer = options.timers.after(options.timeoutMs, () => {
    deadline.abort(new Error(`no answer within ${options.timeoutMs / 1000} s`));
  });
  try {
    const response = await fetch(url, {
      headers: { accept: 'application/json', ...options.headers },
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
    return JSON.parse(Buffer.concat(parts).toString('utf8')) as unknown;
  } catch (error) {
    if (error instanceof PlatformError || options.signal.aborted) throw error;
    if (error instanceof SyntaxError) throw unexpected(url, 'its answer is no JSON');
    throw new PlatformError('master-unreachable', `${url} cannot be read. Check the address given with --master.`, {
      cause: error,
      retryable: true,
    });
  } finally {
    timer.cancel();
  }
}

function unexpected(url: string, what: string): PlatformError {
  return new PlatformError('master-answer-unexpected', `${url} is not what was expected: ${what}.`, {
    retryable: true,
  });
}
