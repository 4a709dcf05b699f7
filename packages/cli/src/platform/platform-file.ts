/** Finds what runs on this machine by the files that its processes leave in their data directory. */
import { join } from 'node:path';
import { PlatformError, errorCode } from '@stadion/base';
import { PLATFORM_FILE_NAMES, PlatformFile } from '@stadion/contract';
import { Value } from '@sinclair/typebox/value';
import { limits } from '../limits.ts';
import type { Machine } from './ports.ts';

/** Where the file of a platform, a server or an orchestrator lies. */
export function platformFilePath(dataDirectory: string): string {
  return join(dataDirectory, PLATFORM_FILE_NAMES.platform);
}

/** What runs in a data directory. */
export interface LocalProcesses {
  /** Those that run, in the order in which they are to be stopped. */
  readonly alive: readonly PlatformFile[];
  /** Those that ended without removing their file. */
  readonly dead: readonly PlatformFile[];
}

/** Reads the files of all roles. @throws PlatformError `platform-file-damaged` */
export async function findLocalProcesses(machine: Machine, dataDirectory: string): Promise<LocalProcesses> {
  const names = Object.values(PLATFORM_FILE_NAMES);
  const read = await Promise.all(names.map((name) => readPlatformFile(machine, join(dataDirectory, name))));
  const files = read.filter((file) => file !== undefined);
  return {
    alive: files.filter((file) => isAlive(machine, file)),
    dead: files.filter((file) => !isAlive(machine, file)),
  };
}

/** All addresses of what runs. */
export function addressesOf({ alive }: LocalProcesses): PlatformFile['addresses'] {
  return Object.assign({}, ...alive.map(({ addresses }) => addresses)) as PlatformFile['addresses'];
}

/** What a file says; undefined when there is none. */
async function readPlatformFile(machine: Machine, path: string): Promise<PlatformFile | undefined> {
  let text: string;
  try {
    text = await machine.readFile(path, limits.platformFileBytes);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(errorCode(error) ?? '')) return undefined;
    throw error;
  }
  const content = parse(text);
  if (content === undefined) {
    throw new PlatformError('platform-file-damaged', `${path} cannot be read. Say where the platform is with --url.`);
  }
  return content;
}

/** Whether the process of the file still runs, and is the one that wrote it. */
export function isAlive(machine: Machine, file: PlatformFile): boolean {
  const startTime = machine.processStartTime(file.pid);
  return startTime !== undefined && (startTime === '' || file.startTime === '' || startTime === file.startTime);
}

function parse(text: string): PlatformFile | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Value.Check(PlatformFile, value) ? value : undefined;
  } catch {
    return undefined;
  }
}
