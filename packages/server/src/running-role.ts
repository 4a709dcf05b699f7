/** What every role gives once it runs, and what each does with its folder and its addresses. */
import { mkdir } from 'node:fs/promises';
import { PlatformError, errorCode } from '@stadion/base';
import type { PlatformAddresses } from '@stadion/contract';
import { writeWhole } from './pid-file.ts';

/** How long tasks have to end when the platform stops together with them. */
export const END_TASKS_DEADLINE_MS = 30_000;

/** A running platform. */
export interface Platform {
  readonly addresses: Partial<PlatformAddresses>;
  readonly dataDirectory: string;
  readonly logPath: string;
  /** What a person should know, one sentence each. */
  readonly remarks?: readonly string[];
  /** The file of the token with which others join; absent when nobody can. */
  readonly joinTokenPath?: string | undefined;
  /** Resolves with the reason when the platform can no longer act and must be started anew. */
  readonly failed: Promise<unknown>;
  /** Resolves when somebody has asked it to step down as the leader and it is to be started anew; absent where others lead. */
  readonly abdicated?: Promise<void>;
  /** Stops everything. Tasks run on, unless `endTasks` says to end them first. */
  stop(options: { readonly endTasks: boolean }): Promise<void>;
}

/** Writes the real URLs for whoever waits for them. @throws PlatformError `addresses-file-unwritable` */
export async function writeAddresses(path: string, addresses: Partial<PlatformAddresses>): Promise<void> {
  try {
    await writeWhole(path, `${JSON.stringify(addresses, undefined, 2)}\n`);
  } catch (error) {
    throw new PlatformError(
      'addresses-file-unwritable',
      `The addresses cannot be written to ${path} (${errorCode(error) ?? 'unknown error'}). ` +
        'Give a file in a folder that exists with --addresses-file.',
      { cause: error },
    );
  }
}

/** @throws PlatformError `data-directory-unusable` */
export async function makeDataDirectory(directory: string): Promise<void> {
  try {
    // As root, tasks may run as other users: they pass through to their sandboxes. What is not for them is closed itself.
    await mkdir(directory, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
  } catch (error) {
    throw new PlatformError(
      'data-directory-unusable',
      `The data directory ${directory} cannot be made (${errorCode(error) ?? 'unknown error'}). ` +
        'Give another one with --data-dir.',
      { cause: error },
    );
  }
}
