/** What really runs on this machine, by looking into /proc. */
import { readFileSync, readdirSync } from 'node:fs';

/** The processes with all these texts in their environment, e.g. a sandbox, or `MARATHON_APP_ID=/app` and a platform's data. */
export function processesWith(...texts: readonly string[]): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      if (pid === process.pid) return false;
      const environment = environmentOf(pid);
      return texts.every((text) => environment.includes(text));
    });
}

/** The processes of an app of one platform: suites beside this one may have an app of the same name. */
export function processesOfApp(id: string, { dataDirectory }: { readonly dataDirectory: string }): readonly number[] {
  return processesWith(`MARATHON_APP_ID=${id}\0`, `MESOS_SANDBOX=${dataDirectory}/`);
}

/** Whether a process runs: one that has ended and waits for its parent does not. */
export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !['Z', 'X'].includes(stat.slice(stat.lastIndexOf(')') + 2).charAt(0));
  } catch {
    return false;
  }
}

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    // It has ended, or belongs to somebody else.
    return '';
  }
}
