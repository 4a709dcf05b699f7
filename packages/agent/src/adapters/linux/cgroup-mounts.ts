/** Which control group hierarchies are mounted where. */

/** The hierarchies that containers are put into. */
export interface CgroupMounts {
  /** 2 when the controllers are in the one hierarchy of version 2; 1 also for the hybrid form. */
  readonly version: 1 | 2;
  /** Where each controller is, by its name. */
  readonly controllers: ReadonlyMap<string, string>;
  /** Every hierarchy in which groups are made. */
  readonly all: readonly string[];
}

/** Without these nothing is limited or counted. */
const NEEDED_V1 = ['cpu', 'cpuacct', 'memory', 'pids', 'devices'];

/**
 * Reads /proc/self/mountinfo (proc_pid_mountinfo(5)).
 * @returns undefined when controllers that are needed are not mounted
 */
export function parseCgroupMounts(mountinfo: string): CgroupMounts | undefined {
  const controllers = new Map<string, string>();
  const hierarchies = new Set<string>();
  let unified: string | undefined;
  for (const line of mountinfo.split('\n')) {
    const [left, right] = line.split(' - ');
    const mountPoint = unescapePath(left?.split(' ')[4] ?? '');
    const [type, , options] = right?.split(' ') ?? [];
    if (type === 'cgroup2') unified ??= mountPoint;
    if (type !== 'cgroup' || options === undefined) continue;
    hierarchies.add(mountPoint);
    for (const option of options.split(',')) if (!controllers.has(option)) controllers.set(option, mountPoint);
  }
  if (NEEDED_V1.every((name) => controllers.has(name))) {
    return { version: 1, controllers, all: [...hierarchies, ...(unified === undefined ? [] : [unified])] };
  }
  // Some controllers in version 1 and the rest nowhere: not what a runtime can work with.
  if (unified === undefined || NEEDED_V1.some((name) => controllers.has(name))) return undefined;
  const mount = unified;
  return { version: 2, controllers: new Map(NEEDED_V1.map((name) => [name, mount])), all: [mount] };
}

/** Spaces and the like are written as octal numbers. */
function unescapePath(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
