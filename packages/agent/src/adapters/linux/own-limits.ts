/** The resource limits of this process: without CAP_SYS_RESOURCE no child can have more. */
import { readFileSync } from 'node:fs';

/** The lines of /proc/self/limits by the names of setrlimit(2). */
const NAMES: Readonly<Record<string, string>> = {
  'Max cpu time': 'CPU',
  'Max file size': 'FSIZE',
  'Max data size': 'DATA',
  'Max stack size': 'STACK',
  'Max core file size': 'CORE',
  'Max resident set': 'RSS',
  'Max processes': 'NPROC',
  'Max open files': 'NOFILE',
  'Max locked memory': 'MEMLOCK',
  'Max address space': 'AS',
  'Max file locks': 'LOCKS',
  'Max pending signals': 'SIGPENDING',
  'Max msgqueue size': 'MSGQUEUE',
  'Max nice priority': 'NICE',
  'Max realtime priority': 'RTPRIO',
  'Max realtime timeout': 'RTTIME',
};

/** The hard limits in force, e.g. `{NOFILE: 65536}`; what is not limited is absent. */
export function readOwnLimits(): Readonly<Record<string, number>> {
  const limits: Record<string, number> = {};
  try {
    for (const line of readFileSync('/proc/self/limits', 'latin1').split('\n')) {
      const [, title = '', hard] = /^(Max [a-z ]+?)\s{2,}\S+\s+(\S+)/.exec(line) ?? [];
      const name = NAMES[title];
      const value = Number(hard);
      if (name !== undefined && Number.isSafeInteger(value)) limits[name] = value;
    }
  } catch {
    // No /proc: then nothing is known to be limited.
  }
  return limits;
}
