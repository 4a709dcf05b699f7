/** How a container of Linux is confined, in the shape of the Mesos v1 API. */
import { Type, type Static } from '@sinclair/typebox';
import { stringEnum } from '../string-enum.ts';

/** Names as Mesos has them: without `CAP_`, e.g. `NET_RAW`. */
const CapabilityInfo = Type.Object({ capabilities: Type.Array(Type.String()) });

/** What Linux can keep a container from, or let it do. Of a pod, what its executor has holds where a task says nothing. */
export const LinuxInfo = Type.Object({
  bounding_capabilities: Type.Optional(CapabilityInfo),
  effective_capabilities: Type.Optional(CapabilityInfo),
  share_pid_namespace: Type.Optional(Type.Boolean()),
  /** A profile of the agent's directory by name, or none at all. Absent: the agent's default. */
  seccomp: Type.Optional(
    Type.Object({ profile_name: Type.Optional(Type.String()), unconfined: Type.Optional(Type.Boolean()) }),
  ),
  ipc_mode: Type.Optional(stringEnum(['UNKNOWN', 'PRIVATE', 'SHARE_PARENT'])),
  /** Mebibytes of /dev/shm. */
  shm_size: Type.Optional(Type.Integer({ minimum: 1 })),
  share_cgroups: Type.Optional(Type.Boolean()),
  /** Stadion's own: nothing of the image can be written to, but the sandbox, volumes and `tmpfs`. */
  read_only_root: Type.Optional(Type.Boolean()),
  /** Stadion's own: the signal that asks the task to end, e.g. `SIGQUIT`. Absent: the image's, or SIGTERM. */
  stop_signal: Type.Optional(Type.String()),
  /** Stadion's own: directories in the memory of the container. */
  tmpfs: Type.Optional(
    Type.Array(
      Type.Object({ container_path: Type.String(), size_mebibytes: Type.Optional(Type.Integer({ minimum: 1 })) }),
    ),
  ),
});
export type LinuxInfo = Static<typeof LinuxInfo>;

/** Limits of the process (setrlimit(2)), as `RLMT_NOFILE`; without `soft` and `hard` as much as the agent itself may have. */
export const RLimitInfo = Type.Object({
  rlimits: Type.Array(
    Type.Object({
      type: Type.String(),
      hard: Type.Optional(Type.Integer({ minimum: 0 })),
      soft: Type.Optional(Type.Integer({ minimum: 0 })),
    }),
  ),
});
export type RLimitInfo = Static<typeof RLimitInfo>;
