/** Whether a process of the past is still the same process: a pid alone may have been given to another one. */
import { readFileSync } from 'node:fs';

/** A process, told apart from later ones with the same pid. `startTime` is absent where there is no /proc. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime?: string;
}

/** The identity of a living process, or undefined when there is none with this pid (or only a zombie). */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const stat = readStat(pid);
  if (stat !== undefined) {
    return stat.state === 'Z' || stat.state === 'X' ? undefined : { pid, startTime: stat.startTime };
  }
  if (hasProc()) return undefined;
  return isAlive(pid) ? { pid } : undefined;
}

/** The identity of a process that was just started by this one; it may have ended, but its parent has not waited. */
export function identifyChild(pid: number): ProcessIdentity {
  const startTime = readStat(pid)?.startTime;
  return startTime === undefined ? { pid } : { pid, startTime };
}

/** True when the process is alive and the one that was meant. */
export function isSameProcess(identity: ProcessIdentity): boolean {
  const now = identifyProcess(identity.pid);
  return now !== undefined && (identity.startTime === undefined || now.startTime === identity.startTime);
}

/** What changes with every start of the machine, or undefined where the system does not tell. */
export function readBootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** Fields 3 and 22 of /proc/<pid>/stat (proc_pid_stat(5)); the second field may contain spaces and parentheses. */
function readStat(pid: number): { readonly state: string; readonly startTime: string } | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  const startTime = fields[19];
  return state === undefined || startTime === undefined ? undefined : { state, startTime };
}

function hasProc(): boolean {
  return readStat(process.pid) !== undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return typeof error === 'object' && error !== null && 'code' in error && error.code === 'EPERM';
  }
}
