/** How a container is confined: what its task and its pod want, within what this agent allows. */
import type { ContainerInfo } from '@stadion/contract/mesos';
import { CAPABILITIES_DEFAULT, type RuntimeRlimit } from './runtime-spec.ts';

/** What an agent allows. */
export interface ConfinementPolicy {
  /** Capabilities that tasks may ask for, as the kernel names them. */
  readonly capabilities: readonly string[];
  /** The most that the agent itself may have of a limit, by `NOFILE`, `CORE`; absent: no limit. */
  readonly ownLimits: Readonly<Record<string, number>>;
  readonly filesMax: number;
  readonly shmBytes: number;
}

/** What a container gets. */
export interface Confinement {
  /** What a process of root has; others can get them only by what a file grants. */
  readonly effective: readonly string[];
  readonly bounding: readonly string[];
  /** Whether a task that does not run as root has the effective ones as well: it asked for them. */
  readonly isForAnyUser: boolean;
  /** A name is that of a profile on the agent. */
  readonly seccomp: 'default' | 'none' | { readonly name: string };
  readonly rlimits: readonly RuntimeRlimit[];
  readonly readOnlyRoot: boolean;
  readonly ipc: 'own' | 'pod';
  /** Whose processes it sees. */
  readonly processes: 'own' | 'pod';
  readonly shmBytes: number;
  readonly tmpfs: readonly { readonly path: string; readonly bytes: number | undefined }[];
  /** As the task has it, e.g. `SIGQUIT`. */
  readonly stopSignal: string | undefined;
  readonly hostname: string | undefined;
}

const MEBIBYTE = 1024 * 1024;
/** Where nothing limits, as JSON can carry it exactly. */
const UNLIMITED = Number.MAX_SAFE_INTEGER;
const RLIMITS = new Set([
  'AS',
  'CORE',
  'CPU',
  'DATA',
  'FSIZE',
  'LOCKS',
  'MEMLOCK',
  'MSGQUEUE',
  'NICE',
  'NOFILE',
  'NPROC',
  'RSS',
  'RTPRIO',
  'RTTIME',
  'SIGPENDING',
  'STACK',
]);

/**
 * Decides it. What the task says goes before what its pod says, member by member (Mesos's isolators linux/capabilities,
 * linux/seccomp, namespaces/ipc and posix/rlimits; what is Stadion's own is marked so in the contract).
 * @returns a sentence, with its name in front, when the agent does not allow it
 */
export function confine(
  container: ContainerInfo | undefined,
  pod: { readonly info?: ContainerInfo } | undefined,
  policy: ConfinementPolicy,
): Confinement | { readonly problem: string } {
  const info = { ...pod?.info?.linux_info, ...container?.linux_info };
  const bounding = info.bounding_capabilities?.capabilities.map(kernelName) ?? CAPABILITIES_DEFAULT;
  const effective =
    info.effective_capabilities?.capabilities.map(kernelName) ??
    CAPABILITIES_DEFAULT.filter((name) => bounding.includes(name));
  const limits = rlimitsOf(
    [...(pod?.info?.rlimit_info?.rlimits ?? []), ...(container?.rlimit_info?.rlimits ?? [])],
    policy,
  );
  const problem =
    findCapabilityProblem(effective, bounding, info.bounding_capabilities !== undefined, policy) ??
    findSharingProblem(info, pod !== undefined) ??
    ('problem' in limits ? limits.problem : undefined);
  if (problem !== undefined || 'problem' in limits) return { problem: problem ?? '' };
  const { seccomp } = info;
  return {
    effective,
    // Mesos: without bounds of its own, a container is bound by what it has.
    bounding:
      info.bounding_capabilities === undefined && info.effective_capabilities !== undefined ? effective : bounding,
    isForAnyUser: info.effective_capabilities !== undefined,
    seccomp:
      seccomp?.unconfined === true
        ? 'none'
        : seccomp?.profile_name === undefined
          ? 'default'
          : { name: seccomp.profile_name },
    rlimits: limits.rlimits,
    readOnlyRoot: info.read_only_root ?? false,
    ipc: pod !== undefined && info.ipc_mode !== 'PRIVATE' ? 'pod' : 'own',
    processes: info.share_pid_namespace === true ? 'pod' : 'own',
    shmBytes: info.shm_size === undefined ? policy.shmBytes : info.shm_size * MEBIBYTE,
    tmpfs: (info.tmpfs ?? []).map(({ container_path: path, size_mebibytes: size }) => {
      return { path, bytes: size === undefined ? undefined : size * MEBIBYTE };
    }),
    stopSignal: info.stop_signal,
    hostname: container?.hostname,
  };
}

function kernelName(name: string): string {
  return name.startsWith('CAP_') ? name : `CAP_${name}`;
}

function findCapabilityProblem(
  effective: readonly string[],
  bounding: readonly string[],
  isBounded: boolean,
  { capabilities }: ConfinementPolicy,
): string | undefined {
  const refused = [...effective, ...(isBounded ? bounding : [])].find((name) => !capabilities.includes(name));
  if (refused !== undefined) {
    return `capability-refused: this agent does not allow ${refused}: --allowed-capabilities names what it does`;
  }
  const above = isBounded ? effective.find((name) => !bounding.includes(name)) : undefined;
  return above && `capability-refused: ${above} is effective and not among the bounding capabilities`;
}

function findSharingProblem(
  {
    share_pid_namespace: sharesPids,
    ipc_mode: ipcMode,
    share_cgroups: sharesCgroups,
  }: NonNullable<ContainerInfo['linux_info']>,
  isInPod: boolean,
): string | undefined {
  if (sharesPids === true && !isInPod) {
    return 'namespace-refused: containers here see the processes of others in their pod at the most, never those of the machine';
  }
  // By itself a container is the only one in its group.
  if (sharesCgroups === true && isInPod) {
    return 'cgroups-refused: each container of a pod is limited by itself here: leave share_cgroups out, or set it to false';
  }
  return ipcMode === 'SHARE_PARENT' && !isInPod
    ? 'namespace-refused: containers here do not share the IPC of the machine: ipcInfo needs the mode PRIVATE'
    : undefined;
}

type Rlimits = NonNullable<ContainerInfo['rlimit_info']>['rlimits'];

function rlimitsOf(
  wanted: Rlimits,
  { ownLimits, filesMax }: ConfinementPolicy,
): { readonly rlimits: readonly RuntimeRlimit[] } | { readonly problem: string } {
  const found = new Map([['NOFILE', { soft: filesMax, hard: filesMax }]]);
  for (const { type, soft, hard } of wanted) {
    const name = type.replace(/^RLMT_/, '');
    if (!RLIMITS.has(name)) return { problem: `rlimit-refused: there is no limit ${type}` };
    if ((soft === undefined) !== (hard === undefined)) {
      return { problem: `rlimit-refused: ${type} needs both soft and hard, or neither` };
    }
    const most = ownLimits[name] ?? UNLIMITED;
    const limit = { soft: soft ?? most, hard: hard ?? most };
    if (limit.soft > limit.hard) return { problem: `rlimit-refused: ${type} has a soft limit above its hard one` };
    if (limit.hard > most) {
      return { problem: `rlimit-refused: ${type} of ${limit.hard} is more than the agent itself may have, ${most}` };
    }
    found.set(name, limit);
  }
  return { rlimits: [...found].map(([name, limit]) => ({ type: `RLIMIT_${name}`, ...limit })) };
}
