/**
 * The configuration of one container for an OCI runtime (runtime-spec 1.0, config.json), from plain decisions. Whoever
 * calls has looked up users, paths and networks; here nothing is looked at.
 */
import type { ContainerLimits } from '../container.ts';
import type { SeccompProfile } from './seccomp.ts';

/** One entry of `mounts`. */
export interface RuntimeMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

/** Who the process is. */
export interface RuntimeUser {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids?: readonly number[];
}

/** Namespaces that are joined instead of made, by the path of each; `host` stays in the machine's own. */
export interface RuntimeNamespaces {
  readonly network: 'host' | { readonly path: string };
  readonly ipc: 'private' | { readonly path: string };
  readonly pid: 'private' | { readonly path: string };
}

/** A resource limit of the process (setrlimit(2)), by name, e.g. `RLIMIT_NOFILE`. */
export interface RuntimeRlimit {
  readonly type: string;
  readonly soft: number;
  readonly hard: number;
}

/** A device of the machine that the container may use. */
export interface RuntimeDevice {
  readonly path: string;
  readonly type: 'c' | 'b';
  readonly major: number;
  readonly minor: number;
}

/** Everything that one container's configuration follows from. */
export interface RuntimeChoices {
  /** Whether the command has a terminal. */
  readonly terminal: boolean;
  /** With the init in front. */
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly directory: string;
  readonly user: RuntimeUser;
  readonly root: { readonly path: string; readonly readOnly: boolean };
  /** After those that every container has. */
  readonly mounts: readonly RuntimeMount[];
  readonly hostname: string;
  readonly cgroupsPath: string;
  readonly namespaces: RuntimeNamespaces;
  readonly limits: ContainerLimits | undefined;
  /** Whether `limits.cpus` is also the most it gets. */
  readonly hardCpuLimit: boolean;
  /** Whether the kernel accounts swap per group: then there is none. */
  readonly limitsSwap: boolean;
  /** Whether the kernel can end a whole group that is out of memory (cgroup v2). */
  readonly killsGroups: boolean;
  readonly pidsMax: number;
  readonly capabilities: {
    readonly bounding: readonly string[];
    readonly effective: readonly string[];
    /** Whether others than root have the effective ones, too. */
    readonly isForAnyUser: boolean;
  };
  readonly seccomp: SeccompProfile | undefined;
  readonly rlimits: readonly RuntimeRlimit[];
  readonly devices: readonly RuntimeDevice[];
  readonly shmBytes: number;
}

/** What root may in a container: enough to install and serve, nothing that reaches the machine. */
export const CAPABILITIES_DEFAULT: readonly string[] = [
  'CAP_AUDIT_WRITE',
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_MKNOD',
  'CAP_NET_BIND_SERVICE',
  'CAP_NET_RAW',
  'CAP_SETFCAP',
  'CAP_SETGID',
  'CAP_SETPCAP',
  'CAP_SETUID',
  'CAP_SYS_CHROOT',
];

const CPU_SHARES_PER_CPU = 1024;
const CPU_SHARES_MIN = 2;
/** The most that the kernel takes, and that is a weight of 10,000 in version 2, which takes no more. */
const CPU_SHARES_MAX = 262_144;
const CPU_PERIOD_MICROSECONDS = 100_000;
const CPU_QUOTA_MICROSECONDS_MIN = 1000;
/** Mesos's least: below it, hardly a runtime starts. */
const MEMORY_BYTES_MIN = 32 * 1024 * 1024;

/** What of /proc tells about the machine or reaches into it. */
const MASKED_PATHS = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/firmware',
];
const READ_ONLY_PATHS = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** The weight of so many cpus, as version 1 has it; the least where they are only lent, so that any other goes before. */
export function cpuShares({ cpus, isRevocable }: Pick<ContainerLimits, 'cpus' | 'isRevocable'>): number {
  if (isRevocable === true) return CPU_SHARES_MIN;
  return Math.min(CPU_SHARES_MAX, Math.max(CPU_SHARES_MIN, Math.round(cpus * CPU_SHARES_PER_CPU)));
}

/** The limit in force for an amount of memory asked for. */
export function memoryLimit(bytes: number): number {
  return Math.max(MEMORY_BYTES_MIN, Math.round(bytes));
}

/** The configuration, as JSON wants it. */
export function runtimeSpec(choices: RuntimeChoices): object {
  const { user, root } = choices;
  const { bounding, effective, isForAnyUser } = choices.capabilities;
  // Without root, capabilities are only what a program with file capabilities could get; and none can get more.
  const held = user.uid === 0 || isForAnyUser ? effective : [];
  // Who is not root loses them at the first exec otherwise.
  const kept = user.uid !== 0 && isForAnyUser ? { inheritable: effective, ambient: effective } : {};
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: choices.terminal,
      user: { uid: user.uid, gid: user.gid, additionalGids: user.additionalGids ?? [] },
      args: choices.argv,
      env: Object.entries(choices.environment).map(([name, value]) => `${name}=${value}`),
      cwd: choices.directory,
      capabilities: { bounding, effective: held, permitted: held, ...kept },
      rlimits: choices.rlimits,
      noNewPrivileges: true,
    },
    root: { path: root.path, readonly: root.readOnly },
    hostname: choices.hostname,
    mounts: [...baseMounts(choices.shmBytes), ...choices.mounts],
    linux: {
      cgroupsPath: choices.cgroupsPath,
      namespaces: namespaceList(choices.namespaces),
      resources: resources(choices),
      devices: choices.devices.map((device) => ({ ...device, fileMode: 0o666, uid: 0, gid: 0 })),
      maskedPaths: MASKED_PATHS,
      readonlyPaths: READ_ONLY_PATHS,
      ...(choices.seccomp === undefined ? {} : { seccomp: choices.seccomp }),
    },
  };
}

/** What of a running container's resources is changed to, as `runc update` takes it. Pids and devices stay. */
export function changedResources(
  limits: ContainerLimits,
  choices: Pick<RuntimeChoices, 'hardCpuLimit' | 'limitsSwap'>,
): object {
  const memory = memoryLimit(limits.memoryBytes);
  return {
    ...(limits.cpus <= 0 ? {} : { cpu: cpuResources(limits, choices.hardCpuLimit) }),
    ...(limits.memoryBytes <= 0 ? {} : { memory: { limit: memory, ...(choices.limitsSwap ? { swap: memory } : {}) } }),
  };
}

function baseMounts(shmBytes: number): RuntimeMount[] {
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
    },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    {
      destination: '/dev/shm',
      type: 'tmpfs',
      source: 'shm',
      options: ['nosuid', 'noexec', 'nodev', 'mode=1777', `size=${shmBytes}`],
    },
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
  ];
}

function namespaceList({ network, ipc, pid }: RuntimeNamespaces): object[] {
  return [
    pid === 'private' ? { type: 'pid' } : { type: 'pid', path: pid.path },
    { type: 'mount' },
    { type: 'uts' },
    ipc === 'private' ? { type: 'ipc' } : { type: 'ipc', path: ipc.path },
    ...(network === 'host' ? [] : [{ type: 'network', path: network.path }]),
  ];
}

function resources(choices: RuntimeChoices): object {
  const { limits, devices } = choices;
  return {
    devices: [
      { allow: false, access: 'rwm' },
      ...devices.map(({ type, major, minor }) => ({ allow: true, type, major, minor, access: 'rwm' })),
    ],
    pids: { limit: choices.pidsMax },
    ...(limits === undefined || limits.cpus <= 0 ? {} : { cpu: cpuResources(limits, choices.hardCpuLimit) }),
    ...(limits === undefined || limits.memoryBytes <= 0 ? {} : memoryResources(limits.memoryBytes, choices)),
  };
}

function cpuResources(limits: ContainerLimits, hard: boolean): object {
  const { cpus, isRevocable } = limits;
  const shares = cpuShares(limits);
  if (!hard || isRevocable === true) return { shares };
  const quota = Math.max(CPU_QUOTA_MICROSECONDS_MIN, Math.round(cpus * CPU_PERIOD_MICROSECONDS));
  return { shares, quota, period: CPU_PERIOD_MICROSECONDS };
}

function memoryResources(bytes: number, { limitsSwap, killsGroups }: RuntimeChoices): object {
  const limit = memoryLimit(bytes);
  return {
    memory: { limit, ...(limitsSwap ? { swap: limit } : {}) },
    ...(killsGroups ? { unified: { 'memory.oom.group': '1' } } : {}),
  };
}
