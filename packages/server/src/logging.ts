/** The platform's own log: JSON lines by pino, in a file of bounded size. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogFields, Logger } from '@stadion/base';
import pino from 'pino';
import { LogFile } from './log-file.ts';

/** A log beyond this is moved aside to `stadion.log.1`, replacing the one before. */
const LOG_BYTES_MAX = 20 * 1024 * 1024;

/** The log and its file. */
export interface PlatformLog {
  readonly logger: Logger;
  readonly path: string;
  /** Closes the file. */
  close(): void;
}

/**
 * Opens `<directory>/stadion.log` for appending. Lines are written as they come, so a crash loses none; a full disk
 * loses lines, and not the platform.
 * @param level pino's: trace, debug, info, warn, error, fatal
 */
export async function openLog(directory: string, level: string): Promise<PlatformLog> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, 'stadion.log');
  const file = new LogFile(path, LOG_BYTES_MAX);
  const root = pino({ level, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime }, file);
  return {
    logger: adapt(root),
    path,
    close() {
      file.close();
    },
  };
}

function adapt(log: pino.Logger): Logger {
  return {
    debug: (fields, message) => {
      log.debug(fields, message);
    },
    info: (fields, message) => {
      log.info(fields, message);
    },
    warn: (fields, message) => {
      log.warn(fields, message);
    },
    error: (fields, message) => {
      log.error(fields, message);
    },
    child: (fields: LogFields) => adapt(log.child(fields)),
  };
}
