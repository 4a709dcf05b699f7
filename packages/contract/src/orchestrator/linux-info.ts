/** What an app or a pod says of how Linux confines its containers. */
import { Type, type Static } from '@sinclair/typebox';
import { stringEnum } from '../string-enum.ts';

const Capabilities = Type.Array(Type.String({ pattern: '^(CAP_)?[A-Z][A-Z0-9_]*$' }), { maxItems: 64 });
const RLIMIT_TYPES = [
  'RLMT_AS',
  'RLMT_CORE',
  'RLMT_CPU',
  'RLMT_DATA',
  'RLMT_FSIZE',
  'RLMT_LOCKS',
  'RLMT_MEMLOCK',
  'RLMT_MSGQUEUE',
  'RLMT_NICE',
  'RLMT_NOFILE',
  'RLMT_NPROC',
  'RLMT_RSS',
  'RLMT_RTPRIO',
  'RLMT_RTTIME',
  'RLMT_SIGPENDING',
  'RLMT_STACK',
] as const;

/**
 * Marathon's `linuxInfo` (`seccomp`, `ipcInfo`), and Stadion's own members beside them. Only with type MESOS: for Docker the
 * same are `parameters`.
 */
export const ContainerLinuxInfo = Type.Object({
  seccomp: Type.Optional(
    Type.Object({
      profileName: Type.Optional(Type.String({ minLength: 1, pattern: '^[^/\\s]+$' })),
      unconfined: Type.Optional(Type.Boolean()),
    }),
  ),
  ipcInfo: Type.Optional(
    Type.Object({
      mode: stringEnum(['PRIVATE', 'SHARE_PARENT']),
      /** Mebibytes of /dev/shm. */
      shmSize: Type.Optional(Type.Integer({ minimum: 1 })),
    }),
  ),
  /** Of a pod, or a container of one: its processes see those of others in the pod that say the same. */
  sharePidNamespace: Type.Optional(Type.Boolean()),
  /** What a process can have at the most, and has from the start; the agent must allow each. */
  capabilities: Type.Optional(
    Type.Object({ bounding: Type.Optional(Capabilities), effective: Type.Optional(Capabilities) }),
  ),
  /** Both limits or none: as much as the agent itself may have. */
  rlimits: Type.Optional(
    Type.Array(
      Type.Object({
        type: stringEnum(RLIMIT_TYPES),
        soft: Type.Optional(Type.Integer({ minimum: 0 })),
        hard: Type.Optional(Type.Integer({ minimum: 0 })),
      }),
      { maxItems: RLIMIT_TYPES.length },
    ),
  ),
  readOnlyRoot: Type.Optional(Type.Boolean()),
  /** Asks the app to end, instead of the signal of its image or SIGTERM: `SIGQUIT`. */
  stopSignal: Type.Optional(Type.String({ pattern: '^SIG[A-Z0-9]{2,8}$' })),
  /** Directories in memory, which counts as memory of the container. */
  tmpfs: Type.Optional(
    Type.Array(
      Type.Object({
        containerPath: Type.String({ pattern: '^/.' }),
        sizeMiB: Type.Optional(Type.Integer({ minimum: 1 })),
      }),
      { maxItems: 32 },
    ),
  ),
});
export type ContainerLinuxInfo = Static<typeof ContainerLinuxInfo>;
