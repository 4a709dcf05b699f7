/** The note beside the data that says what made it: read before lmdb touches a byte. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { errorCode } from '@stadion/base';
import { storeDamaged } from '../../errors.ts';

/** Raised when records or keys lie differently; an older program then refuses a newer directory. */
const FORMAT_VERSION = 1;
const FORMAT_FILE = 'format.json';

/**
 * Whether a directory holds a store: `absent` (nothing was ever there), `creating` (its first opener died before it
 * served; nothing was ever acknowledged), or `ready`.
 */
export type FormatState = 'absent' | 'creating' | 'ready';

/**
 * Reads the note.
 * @throws PlatformError `store-damaged` when it is not one of ours, not intact, or of another version
 */
export function readFormat(directory: string): FormatState {
  const path = join(directory, FORMAT_FILE);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 'absent';
    throw storeDamaged(directory, `${FORMAT_FILE} cannot be read (${errorCode(error) ?? 'unknown error'})`, error);
  }
  const separator = text.indexOf('\n');
  const body = text.slice(0, separator);
  if (separator < 0 || text.slice(separator + 1).trim() !== checksum(body)) {
    throw storeDamaged(directory, `${FORMAT_FILE} is not intact (its checksum differs)`);
  }
  const content = JSON.parse(body) as { readonly version?: unknown; readonly state?: unknown };
  if (content.version !== FORMAT_VERSION) {
    throw storeDamaged(
      directory,
      `it has format version ${String(content.version)}, this program reads version ${FORMAT_VERSION}`,
    );
  }
  return content.state === 'ready' ? 'ready' : 'creating';
}

/** Writes the note durably, whole or not at all. */
export function writeFormat(directory: string, state: 'creating' | 'ready'): void {
  const body = JSON.stringify({ format: 'stadion-store', version: FORMAT_VERSION, state });
  const path = join(directory, FORMAT_FILE);
  const draft = `${path}.new`;
  const file = openSync(draft, 'w');
  try {
    writeFileSync(file, `${body}\n${checksum(body)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
  syncDirectory(directory);
}

/** Makes the names in a directory durable: a file that was synced can still be lost with its name. */
export function syncDirectory(directory: string): void {
  const handle = openSync(directory, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function checksum(body: string): string {
  return crc32(body).toString(16).padStart(8, '0');
}
