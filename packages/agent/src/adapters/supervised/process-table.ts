/** One look at all processes of the machine, from /proc, and who belongs to which container. */
import { readdirSync, readFileSync } from 'node:fs';
import { delay, type Timers } from '@stadion/base';
import type { ProcessIdentity } from '../process-identity.ts';

/** The variable by which a process is known to belong to a container, whatever it did to its session. */
export const CONTAINER_VARIABLE = 'STADION_CONTAINER_ID';

/** One process, from /proc/<pid>/stat (proc_pid_stat(5)). Times in clock ticks, memory in pages. */
export interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  readonly userTicks: number;
  readonly systemTicks: number;
  readonly threads: number;
  readonly startTime: string;
  readonly rssPages: number;
}

/** Processes that are read before others get the event loop. */
const PROCESSES_PER_TURN = 64;

/** Looks at /proc; remembers which processes carry no marker, because a process cannot get one later. */
export class ProcessTable {
  private readonly timers: Timers;
  /** What the environment of a process said, by pid and start time; '' for no marker. */
  private markers = new Map<string, string>();

  constructor(timers: Timers) {
    this.timers = timers;
  }

  /** True where there is a /proc of this kind. */
  static works(): boolean {
    return readStat(process.pid) !== undefined;
  }

  /**
   * Groups the living processes by container.
   * @param supervisors by container id; the session and the descendants of one are the container's. When its pid now
   *   belongs to another process, its session is long empty (the kernel keeps the number while a session has members),
   *   and only the marker counts.
   */
  async group(supervisors: ReadonlyMap<string, ProcessIdentity>): Promise<ReadonlyMap<string, readonly ProcessStat[]>> {
    const processes = await this.readAll();
    const byPid = new Map(processes.map((each) => [each.pid, each]));
    const containerOfRoot = new Map<number, string>();
    for (const [containerId, { pid, startTime }] of supervisors) {
      const now = byPid.get(pid);
      if (now === undefined || startTime === undefined || now.startTime === startTime) {
        containerOfRoot.set(pid, containerId);
      }
    }
    const markers = new Map<string, string>();
    const groups = new Map<string, ProcessStat[]>();
    let count = 0;
    for (const each of processes) {
      let containerId = containerOfRoot.get(each.session) ?? findAncestor(each, byPid, containerOfRoot);
      // Session 0 is the kernel's own.
      if (containerId === undefined && each.session !== 0) {
        count += 1;
        if (count % PROCESSES_PER_TURN === 0) await delay(this.timers, 0);
        const key = `${each.pid}/${each.startTime}`;
        const marker = this.markers.get(key) ?? readMarker(each.pid);
        // Unknown in the moment of an exec: look again next time.
        if (marker !== undefined) markers.set(key, marker);
        if (marker !== undefined && marker !== '') containerId = marker;
      }
      if (containerId === undefined) continue;
      const group = groups.get(containerId);
      if (group === undefined) groups.set(containerId, [each]);
      else group.push(each);
    }
    this.markers = markers;
    return groups;
  }

  private async readAll(): Promise<ProcessStat[]> {
    const processes: ProcessStat[] = [];
    let count = 0;
    for (const name of readdirSync('/proc')) {
      const pid = Number(name);
      if (!Number.isInteger(pid)) continue;
      count += 1;
      if (count % PROCESSES_PER_TURN === 0) await delay(this.timers, 0);
      const stat = readStat(pid);
      if (stat !== undefined) processes.push(stat);
    }
    return processes;
  }
}

/** The container whose supervisor is an ancestor. The chain is short, and broken where a parent has died. */
function findAncestor(
  process: ProcessStat,
  byPid: ReadonlyMap<number, ProcessStat>,
  containerOfRoot: ReadonlyMap<number, string>,
): string | undefined {
  let current: ProcessStat | undefined = process;
  for (let depth = 0; current !== undefined && depth < 1000; depth += 1) {
    const containerId = containerOfRoot.get(current.pid) ?? containerOfRoot.get(current.session);
    if (containerId !== undefined) return containerId;
    current = byPid.get(current.parent);
  }
  return undefined;
}

/** Whether a child has not begun its own program yet; it is none where that cannot be seen. */
export function isCopyOf(child: number, parent: number): boolean {
  try {
    const commandOf = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, 'latin1');
    return commandOf(child) === commandOf(parent);
  } catch {
    return false;
  }
}

/** Zombies and the dead are left out. */
function readStat(pid: number): ProcessStat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The name in parentheses may itself contain anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  if (state === undefined || state === 'Z' || state === 'X') return undefined;
  const number = (index: number): number => Number(fields[index] ?? 0);
  return {
    pid,
    parent: number(1),
    session: number(3),
    userTicks: number(11) + number(13),
    systemTicks: number(12) + number(14),
    threads: number(17),
    startTime: fields[19] ?? '',
    rssPages: number(21),
  };
}

function readMarker(pid: number): string | undefined {
  let environment: string;
  try {
    environment = readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    // Another user's process, or gone: not ours either way.
    return '';
  }
  if (environment === '') return undefined;
  const prefix = `${CONTAINER_VARIABLE}=`;
  const start = environment.startsWith(prefix) ? 0 : environment.indexOf(`\0${prefix}`) + 1;
  if (start === 0 && !environment.startsWith(prefix)) return '';
  const end = environment.indexOf('\0', start);
  return environment.slice(start + prefix.length, end === -1 ? undefined : end);
}
