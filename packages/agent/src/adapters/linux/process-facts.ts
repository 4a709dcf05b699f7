/** What a process is: who started it, and whether it is a shell. */
import { readFileSync } from 'node:fs';

/** Field 4 of /proc/<pid>/stat (proc_pid_stat(5)); undefined when the process is gone. */
export function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

/** Whether a process runs under the name of the shell that text commands are given to. */
export function isShell(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'latin1').trim() === 'sh';
  } catch {
    return false;
  }
}
