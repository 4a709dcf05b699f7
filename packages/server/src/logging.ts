/** The platform's own log: JSON lines by pino, in a file of bounded size. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LogVerbosity, type LogFields, type Logger, type Timers } from '@stadion/base';
import pino from 'pino';
import { LogFile } from './log-file.ts';

/** A log beyond this is moved aside to `stadion.log.1`, replacing the one before. */
const LOG_BYTES_MAX = 20 * 1024 * 1024;

/** The log and its file. */
export interface PlatformLog {
  readonly logger: Logger;
  readonly path: string;
  /** How much each room logs. */
  readonly levels: RoomLevels;
  /** How much more than that all of them log for a while, as Mesos counts it. */
  readonly verbosity: LogVerbosity;
  /** Closes the file. */
  close(): void;
}

/**
 * Opens `<directory>/stadion.log` for appending. Lines are written as they come, so a crash loses none; a full disk
 * loses lines, and not the platform.
 * @param level pino's: trace, debug, info, warn, error, fatal
 */
export async function openLog(directory: string, level: string, timers: Timers): Promise<PlatformLog> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, 'stadion.log');
  const file = new LogFile(path, LOG_BYTES_MAX);
  const root = pino({ level: 'trace', base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime }, file);
  const levels = new RoomLevels(level);
  const logger = adapt(root, levels);
  const verbosity = new LogVerbosity(Math.max(0, VERBOSE.indexOf(level)), timers, (now) => {
    logger.warn({ verbosity: now }, 'The log tells as much as somebody asked for');
    levels.atLeast = VERBOSE[Math.min(now, VERBOSE.length - 1)];
  });
  return {
    logger,
    path,
    levels,
    verbosity,
    close() {
      verbosity.close();
      file.close();
    },
  };
}

const ROOT = 'root';
const RANKS: ReadonlyMap<string, number> = new Map(
  ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'].map((level, rank) => [level, rank]),
);

function rankOf(level: string): number {
  return RANKS.get(level) ?? 0;
}

/** What each of Mesos's levels makes of the log; from the last one on it is the same. */
const VERBOSE: readonly (string | undefined)[] = [undefined, 'debug', 'trace'];

/** The levels of the log: one for all, and one for each room that was given its own. */
export class RoomLevels {
  private readonly first: string;
  private readonly rooms = new Set<string>();
  private readonly own = new Map<string, string>();
  /** Whatever is set: all of this level is told. */
  atLeast: string | undefined = undefined;

  constructor(level: string) {
    this.first = level;
  }

  /** A room logs, too. */
  add(room: string): void {
    this.rooms.add(room);
  }

  all(): ReadonlyMap<string, string> {
    return new Map([ROOT, ...[...this.rooms].sort()].map((room) => [room, this.levelOf(room)] as const));
  }

  /** @returns false when there is no such room */
  set(room: string, level: string): boolean {
    if (room !== ROOT && !this.rooms.has(room)) return false;
    this.own.set(room, level);
    return true;
  }

  reset(room: string): void {
    this.own.delete(room);
  }

  /** Whether a room's lines of this level are written. */
  allows(room: string, level: string): boolean {
    return rankOf(level) >= rankOf(this.levelOf(room));
  }

  private levelOf(room: string): string {
    const set = this.own.get(room) ?? this.own.get(ROOT) ?? this.first;
    const { atLeast } = this;
    return atLeast !== undefined && rankOf(atLeast) < rankOf(set) ? atLeast : set;
  }
}

function adapt(log: pino.Logger, levels: RoomLevels, room = ROOT): Logger {
  const at =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (fields: LogFields, message: string): void => {
      if (levels.allows(room, level)) log[level](fields, message);
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child(fields: LogFields) {
      const own = typeof fields.room === 'string' ? fields.room : room;
      if (own !== ROOT) levels.add(own);
      return adapt(log.child(fields), levels, own);
    },
  };
}
