/** Files that may change while they are in use: the access file, the secret of the cluster, routes of the edge. */
import { stat } from 'node:fs/promises';
import { describeError, errorCode, every, type Clock, type Logger, type TimerHandle, type Timers } from '@stadion/base';

/** How often a file is looked at. */
const LOOK_MS = 1_000;

/** A file and what becomes of its contents. */
export interface FollowedFile {
  readonly path: string;
  /** What it is called in the log: `The access file`. */
  readonly name: string;
  /**
   * Reads it and takes over what it says, all of it or, by throwing, nothing.
   * @returns whether anything is different
   */
  readonly read: () => Promise<boolean>;
}

/**
 * Reads a file now, and again whenever it has changed. One that cannot be read changes nothing: it is an error in the log, once,
 * and is tried again at each look, for what is wrong may be in another file that it names.
 * @returns ends it
 * @throws whatever the first reading does
 */
export async function followFile(file: FollowedFile, time: Clock & Timers, log: Logger): Promise<TimerHandle> {
  const { path, name, read } = file;
  // Before it is read: what is written meanwhile is another version.
  let seen = await versionOf(path);
  await read();
  let complaint = '';
  let isLooking = false;
  const look = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    try {
      const version = await versionOf(path);
      if (version !== seen || complaint !== '') {
        const isOther = await read();
        seen = version;
        complaint = '';
        if (isOther) log.info({ path }, `${name} was read again`);
      }
    } catch (error) {
      const text = `${errorCode(error) ?? ''} ${describeError(error)}`;
      if (text !== complaint) {
        log.error({ path, error: describeError(error) }, `${name} cannot be read: what it said before still holds`);
      }
      complaint = text;
    } finally {
      isLooking = false;
    }
  };
  return every(time, LOOK_MS, () => void look());
}

/**
 * Another one even when whoever exchanged the file kept its time and its size: secrets are often as long as each other. Of a
 * file that is not there, reading it says so better.
 */
async function versionOf(path: string): Promise<string> {
  const facts = await stat(path).catch(() => undefined);
  return facts === undefined ? '' : [facts.mtimeMs, facts.ctimeMs, facts.size, facts.ino].join(' ');
}
