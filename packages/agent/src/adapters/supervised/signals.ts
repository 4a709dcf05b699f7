/** Signals to processes that may be gone, or have been replaced by others under the same number. */
import { constants } from 'node:os';
import { isSameProcess } from '../process-identity.ts';
import type { ProcessStat } from './process-table.ts';

/** To each of them. Looks once more: the list may be many turns of the event loop old, and a pid somebody else's by now. */
export function signalAll(processes: readonly ProcessStat[], name: NodeJS.Signals): void {
  for (const each of processes) if (isSameProcess(each)) signal(each.pid, name);
}

/** To one process. */
export function signal(pid: number, name: NodeJS.Signals | number): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile, or changed its user: the next look tells.
  }
}

/** To a whole process group. */
export function signalGroup(pid: number, name: NodeJS.Signals): void {
  signal(-pid, name);
}

/** The number of a signal on this system; 0 for none. */
export function signalNumber(name: NodeJS.Signals | null): number {
  return name === null ? 0 : constants.signals[name];
}
