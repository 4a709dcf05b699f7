/** A master's operator stream: `SUBSCRIBE` on `/api/v1`, RecordIO with JSON. Gives parsed events. */
import { Buffer } from 'node:buffer';
import { PlatformError } from '@stadion/base';
import type { Fetch } from '@stadion/contract/client';
import { limits } from '../limits.ts';

/**
 * Opens the stream and yields its events until it breaks or is aborted.
 * @param url of the master, e.g. `http://10.0.0.1:5050`
 * @throws PlatformError `operator-stream-absent` when this master has none
 */
export async function* operatorEvents(url: string, ask: Fetch, signal: AbortSignal): AsyncGenerator<unknown, void> {
  const response = await ask(`${url}/api/v1`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ type: 'SUBSCRIBE' }),
    signal,
  });
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw new PlatformError('operator-stream-absent', `${url} has no operator stream (status ${response.status}).`);
  }
  const records = new RecordReader();
  for await (const chunk of response.body as ReadableStream<Uint8Array>) {
    for (const record of records.push(chunk)) yield JSON.parse(record) as unknown;
  }
}

/** RecordIO: the length in decimal digits, a line feed, then as many bytes. */
export class RecordReader {
  private rest = Buffer.alloc(0);

  /** @throws PlatformError `operator-stream-broken` when what comes is no RecordIO */
  push(chunk: Uint8Array): string[] {
    this.rest = this.rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.rest, chunk]);
    const records: string[] = [];
    for (;;) {
      const lineEnd = this.rest.indexOf(10);
      if (lineEnd < 0) {
        if (this.rest.length > 20) throw broken();
        return records;
      }
      const digits = this.rest.toString('latin1', 0, lineEnd);
      const length = Number(digits);
      if (!/^\d{1,9}$/.test(digits) || length > limits.eventBytes) throw broken();
      const end = lineEnd + 1 + length;
      if (this.rest.length < end) return records;
      records.push(this.rest.toString('utf8', lineEnd + 1, end));
      this.rest = this.rest.subarray(end);
    }
  }
}

function broken(): PlatformError {
  return new PlatformError('operator-stream-broken', 'The operator stream is not in RecordIO format.', {
    retryable: true,
  });
}
