/** The resource limits of this process: without CAP_SYS_RESOURCE no child can have more. */
import { readFileSync } from 'node:fs';

/** The most files that a process below this one may have open (`RLIMIT_NOFILE`, hard), or undefined for no limit. */
export function ownFilesMax(): number | undefined {
  try {
    const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
    const value = Number(hard);
    return Number.isInteger(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
