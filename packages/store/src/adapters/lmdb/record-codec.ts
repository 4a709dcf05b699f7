/** How a record lies in lmdb: a checksum, its version, and its JSON text. Keys live under one leading byte. */
import { crc32 } from 'node:zlib';
import { valueTooLarge } from '../../errors.ts';
import { VALUE_BYTES_MAX } from '../../limits.ts';
import type { JsonValue, StoreRecord } from '../../store.ts';

/** Keys of records begin with this byte, those of the store's own notes with 0: a note can never be taken for a record. */
const RECORD_SPACE = 1;
const NOTE_SPACE = 0;

/** Four bytes CRC-32 of version, key and text, then eight bytes version. */
const VERSION_OFFSET = 4;
const TEXT_OFFSET = 12;

/** The bytes under which lmdb keeps a record. Their order is the order of keys. An empty key gives the begin of all. */
export function recordKey(key: string): Buffer {
  return spacedKey(RECORD_SPACE, key);
}

/** The bytes under which lmdb keeps a note of the store itself, as its newest epoch. */
export function noteKey(name: string): Buffer {
  return spacedKey(NOTE_SPACE, name);
}

/** The key of a record from its bytes in lmdb. */
export function keyOfRecord(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + 1, bytes.byteLength - 1).toString('utf8');
}

/** The first bytes after all those that begin with the given ones, or undefined when there are none. */
export function afterPrefix(bytes: Buffer): Buffer | undefined {
  for (let index = bytes.length - 1; index >= 0; index -= 1) {
    const byte = bytes[index];
    if (byte === undefined || byte === 0xff) continue;
    const end = Buffer.from(bytes.subarray(0, index + 1));
    end[index] = byte + 1;
    return end;
  }
  return undefined;
}

/**
 * A value as lmdb keeps it.
 * @throws PlatformError `store-value-too-large`
 */
export function encodeRecord(key: string, value: JsonValue, version: number): Buffer {
  const text = JSON.stringify(value);
  const bytes = Buffer.byteLength(text);
  if (bytes > VALUE_BYTES_MAX) throw valueTooLarge(key, bytes);
  const encoded = Buffer.allocUnsafe(TEXT_OFFSET + bytes);
  encoded.writeUInt32LE(checksum(key, version, text), 0);
  encoded.writeDoubleLE(version, VERSION_OFFSET);
  encoded.write(text, TEXT_OFFSET, 'utf8');
  return encoded;
}

/** A record read back, or undefined when the bytes are not those that were written. */
export function decodeRecord(key: string, bytes: Buffer): StoreRecord | undefined {
  if (bytes.length < TEXT_OFFSET) return undefined;
  const text = bytes.toString('utf8', TEXT_OFFSET);
  const version = versionOf(bytes);
  if (bytes.readUInt32LE(0) !== checksum(key, version, text)) return undefined;
  return { key, value: JSON.parse(text) as JsonValue, version };
}

/** The version alone, for the writer. `bytes` may be longer than the record. */
export function versionOf(bytes: Buffer): number {
  return bytes.readDoubleLE(VERSION_OFFSET);
}

/** From the texts, not their bytes: a view of the bytes for each record would cost more than the sum itself. */
function checksum(key: string, version: number, text: string): number {
  return crc32(text, crc32(key, version % 0x1_0000_0000));
}

function spacedKey(space: number, text: string): Buffer {
  const bytes = Buffer.allocUnsafe(1 + Buffer.byteLength(text));
  bytes[0] = space;
  bytes.write(text, 1, 'utf8');
  return bytes;
}
