/**
 * RecordIO, the framing of every stream of the Mesos v1 API: `<length in bytes, decimal>\n<that many bytes>`, repeated,
 * with nothing in between (Mesos, `recordio.hpp`).
 */
import { PlatformError } from '@stadion/base';

/** Digits of the longest length that is read. */
const LENGTH_DIGITS_MAX = 10;
const NEWLINE = 0x0a;
const ZERO = 0x30;

/** One record as one piece: clients exist that want header and body in a single chunk of the transfer. */
export function encodeRecord(body: Uint8Array): Uint8Array {
  const header = new TextEncoder().encode(`${String(body.length)}\n`);
  const record = new Uint8Array(header.length + body.length);
  record.set(header);
  record.set(body, header.length);
  return record;
}

/** Takes a stream apart again, wherever its chunks are cut. */
export class RecordReader {
  private readonly bytesMax: number;
  private header = '';
  private body: Uint8Array | undefined;
  private filled = 0;

  /** @param bytesMax the longest record that is taken */
  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  /** True between two records: a stream that ends elsewhere was cut off. */
  get isBetweenRecords(): boolean {
    return this.header === '' && this.body === undefined;
  }

  /**
   * Takes the next bytes.
   * @returns the records that are complete by now
   * @throws PlatformError `record-io-malformed`; the stream is of no use afterwards
   */
  push(chunk: Uint8Array): Uint8Array[] {
    const records: Uint8Array[] = [];
    let at = 0;
    while (at < chunk.length) {
      if (this.body === undefined) {
        at = this.readHeader(chunk, at);
        continue;
      }
      const length = Math.min(this.body.length - this.filled, chunk.length - at);
      this.body.set(chunk.subarray(at, at + length), this.filled);
      this.filled += length;
      at += length;
      if (this.filled < this.body.length) continue;
      records.push(this.body);
      this.body = undefined;
    }
    return records;
  }

  private readHeader(chunk: Uint8Array, from: number): number {
    let at = from;
    for (; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0;
      if (byte === NEWLINE) {
        this.open();
        return at + 1;
      }
      if (byte < ZERO || byte > ZERO + 9 || this.header.length === LENGTH_DIGITS_MAX) {
        throw malformed('a record begins with its length in decimal digits and a newline');
      }
      this.header += String.fromCharCode(byte);
    }
    return at;
  }

  private open(): void {
    const length = Number(this.header);
    if (this.header === '' || length === 0) throw malformed('the length of a record is a number above 0');
    if (length > this.bytesMax) {
      throw malformed(`a record of ${String(length)} bytes is longer than the ${String(this.bytesMax)} that are taken`);
    }
    this.header = '';
    this.body = new Uint8Array(length);
    this.filled = 0;
  }
}

function malformed(rule: string): PlatformError {
  return new PlatformError('record-io-malformed', `This is no RecordIO: ${rule}.`);
}
