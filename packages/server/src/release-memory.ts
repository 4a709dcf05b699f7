/** Gives memory back that a lot of work has left behind. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { every, type TimerHandle, type Timers } from '@stadion/base';

/** The space for new objects is made smaller by a collection that finds few since the one before. */
const AGAIN_MS = 1000;

/** Every thread that starts has V8 forget that it was told. */
const TOLD_MS = 1000;

/**
 * Keeps the space for new objects as small as it is at the start, until cancelled. For a process that does nothing but
 * answer: what it makes is garbage a moment later, and a space that grows under load (up to 48 MB) is only filled with more
 * of it.
 */
export function keepNewSpaceSmall(timers: Timers): TimerHandle {
  const tell = (): void => setFlagsFromString('--semi-space-growth-factor=1');
  tell();
  return every(timers, TOLD_MS, tell);
}

/**
 * Collects all garbage, twice: tens of milliseconds each, for moments when a process has just taken over very much. V8
 * collects what has grown old only under pressure, and a server that is at rest afterwards would hold half as much again
 * as it needs for ever. There is no other door to this than the one that tests use.
 */
export function releaseMemory(timers: Timers): void {
  collect();
  timers.after(AGAIN_MS, collect);
}

function collect(): void {
  setFlagsFromString('--expose-gc');
  const garbageCollection: unknown = runInNewContext('gc');
  if (typeof garbageCollection === 'function') Reflect.apply(garbageCollection, undefined, []);
}
