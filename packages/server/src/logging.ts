/** The platform's own log: JSON lines by pino, in a file of bounded size, warnings on the terminal as well. */
import { renameSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { every, type LogFields, type Logger, type Timers } from '@stadion/base';
import pino from 'pino';

/** A log beyond this is moved aside to `stadion.log.1`, replacing the one before. */
const LOG_BYTES_MAX = 20 * 1024 * 1024;
const SIZE_CHECK_INTERVAL_MS = 60_000;

/** The log and its file. */
export interface PlatformLog {
  readonly logger: Logger;
  readonly path: string;
  /** Writes out what waits and closes the file. */
  close(): void;
}

/**
 * Opens `<directory>/stadion.log` for appending.
 * @param level pino's: trace, debug, info, warn, error, fatal
 */
export async function openLog(directory: string, level: string, timers: Timers): Promise<PlatformLog> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, 'stadion.log');
  const destination = pino.destination({ dest: path, sync: true, append: true });
  const root = pino({ level, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime }, destination);
  const sizeCheck = every(timers, SIZE_CHECK_INTERVAL_MS, () => {
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) < LOG_BYTES_MAX) return;
    renameSync(path, `${path}.1`);
    destination.reopen();
  });
  return {
    logger: adapt(root),
    path,
    close() {
      sizeCheck.cancel();
      destination.flushSync();
      destination.end();
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
