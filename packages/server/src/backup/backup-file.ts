/**
 * A backup is one file of JSON lines: a head, every record of the store, and an end that says how many there are and
 * what all lines before it hash to. It is written beside its name and moved there only when it is on disk and whole.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { PlatformError, errorCode } from '@stadion/base';
import type { BackupSummary } from '@stadion/contract';
import type { JsonValue, StoreRecord } from '@stadion/store';

const FORMAT = 'stadion-backup';
const FORMAT_VERSION = 1;
const FLUSH_CHARACTERS = 262_144;

/** Writes a backup. @throws PlatformError `backup-unwritable` */
export async function writeBackup(
  path: string,
  records: AsyncIterable<StoreRecord>,
  createdAt: string,
): Promise<BackupSummary> {
  const temporary = `${path}.${String(process.pid)}.new`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    const hash = createHash('sha256');
    let count = 0;
    let text = `${JSON.stringify({ format: FORMAT, version: FORMAT_VERSION, createdAt })}\n`;
    const flush = async (): Promise<void> => {
      hash.update(text);
      await file.write(text);
      text = '';
    };
    try {
      for await (const { key, value } of records) {
        text += `${JSON.stringify({ key, value })}\n`;
        count += 1;
        if (text.length >= FLUSH_CHARACTERS) await flush();
      }
      await flush();
      const sha256 = hash.digest('hex');
      await file.write(`${JSON.stringify({ end: true, records: count, sha256 })}\n`);
      await file.sync();
      await file.close();
      await rename(temporary, path);
      return { records: count, createdAt, sha256 };
    } catch (error) {
      await file.close().catch(() => undefined);
      throw error;
    }
  } catch (error) {
    await rm(temporary, { force: true });
    if (error instanceof PlatformError) throw error;
    throw new PlatformError(
      'backup-unwritable',
      `The backup ${path} cannot be written (${errorCode(error) ?? 'unknown error'}). Give a file in a folder that exists and has room.`,
      { cause: error },
    );
  }
}

/**
 * Reads a backup to its end and checks it.
 * @param onRecord is given each record as it is read, before the end has been checked; it is waited for
 * @throws PlatformError `backup-damaged`, and what `onRecord` throws
 */
export async function readBackup(
  path: string,
  onRecord: (record: { readonly key: string; readonly value: JsonValue }) => Promise<void> | void = () => undefined,
): Promise<BackupSummary> {
  const hash = createHash('sha256');
  let head: { readonly createdAt: string } | undefined;
  let end: { readonly records: number; readonly sha256: string } | undefined;
  let count = 0;
  let number = 0;
  try {
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
      number += 1;
      if (end !== undefined) throw damaged(path, `it goes on after its end, in line ${String(number)}`);
      const value = parse(line);
      if (head === undefined) {
        if (!isHead(value)) throw damaged(path, 'it does not begin as a backup');
        head = value;
        hash.update(`${line}\n`);
        continue;
      }
      if (isEnd(value)) {
        end = value;
        continue;
      }
      if (!isRecord(value)) throw damaged(path, `its line ${String(number)} is not a record`);
      hash.update(`${line}\n`);
      count += 1;
      await onRecord(value);
    }
  } catch (error) {
    if (error instanceof PlatformError) throw error;
    throw damaged(path, `it cannot be read (${errorCode(error) ?? 'unknown error'})`, error);
  }
  if (head === undefined || end === undefined) throw damaged(path, 'it ends too early');
  if (end.records !== count) throw damaged(path, `it has ${String(count)} records instead of ${String(end.records)}`);
  const sha256 = hash.digest('hex');
  if (end.sha256 !== sha256) throw damaged(path, 'its checksum differs');
  return { records: count, createdAt: head.createdAt, sha256 };
}

function damaged(path: string, what: string, cause?: unknown): PlatformError {
  return new PlatformError('backup-damaged', `The backup ${path} cannot be used: ${what}. Take another one.`, {
    details: { path },
    ...(cause === undefined ? {} : { cause }),
  });
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}

function isHead(value: unknown): value is { readonly createdAt: string } {
  const head = asObject(value);
  return head.format === FORMAT && head.version === FORMAT_VERSION && typeof head.createdAt === 'string';
}

function isEnd(value: unknown): value is { readonly records: number; readonly sha256: string } {
  const end = asObject(value);
  return end.end === true && typeof end.records === 'number' && typeof end.sha256 === 'string';
}

function isRecord(value: unknown): value is { readonly key: string; readonly value: JsonValue } {
  const record = asObject(value);
  return typeof record.key === 'string' && record.key !== '' && 'value' in record;
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
