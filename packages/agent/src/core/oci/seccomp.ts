/**
 * The default seccomp profile: what no ordinary program needs and what has let programs out of containers. It refuses by
 * name, as Docker documents for its own default ("significant syscalls blocked by the default profile"), extended by
 * the calls that have appeared since; everything else is allowed. Decision 0026 says why not the other way round.
 */

import { Type, type Static } from '@sinclair/typebox';

/** What an argument of a call is compared with. */
export const SeccompArgument = Type.Object({
  index: Type.Integer(),
  value: Type.Integer(),
  valueTwo: Type.Optional(Type.Integer()),
  op: Type.String(),
});
export type SeccompArgument = Static<typeof SeccompArgument>;

/** The part of `linux.seccomp` in an OCI runtime configuration that is used here. */
export interface SeccompProfile {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  readonly architectures: readonly string[];
  readonly syscalls: readonly SeccompRule[];
}

interface SeccompRule {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly SeccompArgument[];
}

const EPERM = 1;
const ENOSYS = 38;

/** Modules, other kernels, and the clock of the machine. */
const MACHINE = [
  'acct',
  'adjtimex',
  'clock_adjtime',
  'clock_adjtime64',
  'clock_settime',
  'clock_settime64',
  'create_module',
  'delete_module',
  'finit_module',
  'get_kernel_syms',
  'init_module',
  'ioperm',
  'iopl',
  'kexec_file_load',
  'kexec_load',
  'nfsservctl',
  'query_module',
  'quotactl',
  'quotactl_fd',
  'reboot',
  'settimeofday',
  'stime',
  'swapoff',
  'swapon',
  'syslog',
  '_sysctl',
  'sysfs',
  'uselib',
  'ustat',
  'vm86',
  'vm86old',
];

/** Other namespaces and mounts, old and new ways. */
const NAMESPACES = [
  'fsconfig',
  'fsmount',
  'fsopen',
  'fspick',
  'mount',
  'mount_setattr',
  'move_mount',
  'open_tree',
  'pivot_root',
  'setns',
  'umount',
  'umount2',
  'unshare',
];

/** What the kernel does not keep apart by namespaces, and wide doors into it. */
const SHARED = [
  'add_key',
  'bpf',
  'fanotify_init',
  'get_mempolicy',
  'io_uring_enter',
  'io_uring_register',
  'io_uring_setup',
  'kcmp',
  'keyctl',
  'lookup_dcookie',
  'mbind',
  'migrate_pages',
  'move_pages',
  'name_to_handle_at',
  'open_by_handle_at',
  'perf_event_open',
  'process_vm_readv',
  'process_vm_writev',
  'request_key',
  'set_mempolicy',
  'userfaultfd',
];

/** The flags of clone(2) that make namespaces: cgroup, uts, ipc, user, pid, network, mount. */
const CLONE_NAMESPACE_FLAGS = [0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000, 0x00020000];

const ARCHITECTURES: Readonly<Record<string, readonly string[]>> = {
  x64: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'],
  arm64: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
  riscv64: ['SCMP_ARCH_RISCV64'],
  s390x: ['SCMP_ARCH_S390X'],
  ppc64: ['SCMP_ARCH_PPC64LE'],
};

/** @param architecture as Node names it (`process.arch`); an unknown one gets the native one alone */
export function defaultSeccompProfile(architecture: string): SeccompProfile {
  return {
    defaultAction: 'SCMP_ACT_ALLOW',
    architectures: ARCHITECTURES[architecture] ?? [],
    syscalls: [
      { names: [...MACHINE, ...NAMESPACES, ...SHARED], action: 'SCMP_ACT_ERRNO', errnoRet: EPERM },
      // Its flags are in memory, where a filter cannot look; C libraries then take clone.
      { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS },
      // One rule a flag: a filter compares for equality under a mask.
      ...CLONE_NAMESPACE_FLAGS.map((flag): SeccompRule => {
        return {
          names: ['clone'],
          action: 'SCMP_ACT_ERRNO',
          errnoRet: EPERM,
          args: [{ index: 0, value: flag, valueTwo: flag, op: 'SCMP_CMP_MASKED_EQ' }],
        };
      }),
    ],
  };
}
