/** What a container may leave on a machine, counted: a suite compares before with after. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Lists of what there is of each kind, as far as it belongs to a runtime directory. */
export interface Leftovers {
  readonly processes: readonly string[];
  readonly mounts: readonly string[];
  readonly groups: readonly string[];
  readonly interfaces: readonly string[];
  readonly rules: readonly string[];
}

/**
 * Everything on this machine that has to do with one agent.
 * @param root its folder, which its mounts are below and its processes name
 * @param names texts in the names of its control groups, interfaces and rules
 */
export function leftoversOf(root: string, names: readonly string[]): Leftovers {
  const isOurs = (text: string): boolean => names.some((name) => text.includes(name));
  return {
    processes: readdirSync('/proc').flatMap((pid) => {
      const command = /^\d+$/.test(pid) ? commandLine(pid) : '';
      return command.includes(root) && Number(pid) !== process.pid ? [command] : [];
    }),
    mounts: readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .filter((line) => line.includes(root.replaceAll(' ', '\\040'))),
    groups: groupsBelow('/sys/fs/cgroup').filter(isOurs),
    interfaces: readdirSync('/sys/class/net').filter(isOurs),
    rules: firewallRules().filter(isOurs),
  };
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

function groupsBelow(top: string): string[] {
  return ['', ...(existsSync(top) ? readdirSync(top) : [])].flatMap((hierarchy) => {
    const parent = join(top, hierarchy, 'stadion');
    return existsSync(parent) ? readdirSync(parent).map((name) => join(parent, name)) : [];
  });
}

function firewallRules(): string[] {
  try {
    return execFileSync('iptables-save', { encoding: 'utf8' }).split('\n');
  } catch {
    return [];
  }
}
