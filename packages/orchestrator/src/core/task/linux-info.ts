/** What Linux is to keep a container from, in Mesos's shape. */
import type { ContainerInfo } from '@stadion/contract/mesos';
import type { ContainerLinuxInfo } from '@stadion/contract/orchestrator-pods';
import { compact } from '../app/checked.ts';

/** The members of a container that follow from `linuxInfo`, of an app, a pod, or a container of one. */
export function linuxParts(given: ContainerLinuxInfo | undefined): Pick<ContainerInfo, 'linux_info' | 'rlimit_info'> {
  if (given === undefined) return {};
  const { seccomp, ipcInfo, capabilities, rlimits = [] } = given;
  return {
    linux_info: compact({
      bounding_capabilities: named(capabilities?.bounding),
      effective_capabilities: named(capabilities?.effective),
      seccomp: seccomp && compact({ profile_name: seccomp.profileName, unconfined: seccomp.unconfined }),
      share_pid_namespace: given.sharePidNamespace,
      ipc_mode: ipcInfo?.mode,
      shm_size: ipcInfo?.shmSize,
      read_only_root: given.readOnlyRoot,
      stop_signal: given.stopSignal,
      tmpfs: given.tmpfs?.map(({ containerPath, sizeMiB }) =>
        compact({ container_path: containerPath, size_mebibytes: sizeMiB }),
      ),
    }),
    ...(rlimits.length === 0 ? {} : { rlimit_info: { rlimits: rlimits.map((each) => compact({ ...each })) } }),
  };
}

/** Mesos writes them without the prefix of the kernel. */
function named(capabilities: readonly string[] | undefined): { capabilities: string[] } | undefined {
  return capabilities && { capabilities: capabilities.map((name) => name.replace(/^CAP_/, '')) };
}
