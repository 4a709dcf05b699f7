/** Finds the platform that runs on this machine by the file that it leaves in its data directory. */
import { join } from 'node:path';
import { PlatformError, errorCode } from '@stadion/base';
import { PlatformFile } from '@stadion/contract';
import { Value } from '@sinclair/typebox/value';
import { limits } from '../limits.ts';
import type { Machine } from './ports.ts';

/** Where the file lies. */
export function platformFilePath(dataDirectory: string): string {
  return join(dataDirectory, 'stadion.pid');
}

/** What the file says; undefined when there is none. @throws PlatformError `platform-file-damaged` */
export async function readPlatformFile(machine: Machine, dataDirectory: string): Promise<PlatformFile | undefined> {
  const path = platformFilePath(dataDirectory);
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
