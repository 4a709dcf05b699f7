/** One open RecordIO stream of a v1 API. A reader that falls behind is cut off; it never slows who tells. */
import type { ServerResponse } from 'node:http';
import { encodeRecord } from './record-io.ts';

/** Bytes that may wait for a slow reader of one stream. */
const STREAM_BYTES_OUTSTANDING_MAX = 64 * 1024 * 1024;

/** Writes records until either side ends the stream. */
export class RecordStream {
  private readonly raw: ServerResponse;
  private isOpen = true;

  /**
   * Answers the request with a stream.
   * @param onClosed is called once, when the other side is gone or was cut off
   */
  constructor(raw: ServerResponse, headers: Readonly<Record<string, string>>, onClosed: () => void) {
    this.raw = raw;
    raw.writeHead(200, { ...headers, 'Cache-Control': 'no-store' });
    raw.flushHeaders();
    raw.on('error', () => undefined);
    raw.once('close', () => {
      this.isOpen = false;
      onClosed();
    });
  }

  /** Sends one record, as one chunk of the transfer. */
  write(body: Uint8Array): void {
    if (!this.isOpen) return;
    this.raw.write(encodeRecord(body));
    if (this.raw.writableLength > STREAM_BYTES_OUTSTANDING_MAX) this.cut();
  }

  /** Ends the stream after what was written. */
  end(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.raw.end();
  }

  /** Ends the stream at once. */
  cut(): void {
    this.isOpen = false;
    this.raw.destroy();
  }
}
