/** What a task executes and what it runs in, in the shape of the Mesos v1 API. */
import { Type, type Static } from '@sinclair/typebox';
import { stringEnum } from '../string-enum.ts';
import { LinuxInfo, RLimitInfo } from './linux-info.ts';
import { Labels } from './resources.ts';

/** One artifact to fetch into the sandbox before the command starts. */
export const CommandUri = Type.Object({
  value: Type.String(),
  executable: Type.Optional(Type.Boolean()),
  extract: Type.Optional(Type.Boolean()),
  cache: Type.Optional(Type.Boolean()),
  output_file: Type.Optional(Type.String()),
  /** Stadion's own: `sha256:<hex>` or `sha512:<hex>` of what is fetched. */
  checksum: Type.Optional(Type.String()),
});
export type CommandUri = Static<typeof CommandUri>;

/**
 * A secret: by its name in the agent's secret store (`REFERENCE`), or itself (`VALUE`, base64). Whoever shows or logs a
 * task leaves values out.
 */
export const Secret = Type.Object({
  type: stringEnum(['REFERENCE', 'VALUE']),
  reference: Type.Optional(Type.Object({ name: Type.String(), key: Type.Optional(Type.String()) })),
  value: Type.Optional(Type.Object({ data: Type.String() })),
});
export type Secret = Static<typeof Secret>;

/** One environment variable: a `value`, or with type `SECRET` a `secret` that the agent resolves. */
export const EnvironmentVariable = Type.Object({
  name: Type.String(),
  type: Type.Optional(stringEnum(['VALUE', 'SECRET'])),
  value: Type.Optional(Type.String()),
  secret: Type.Optional(Secret),
});
export type EnvironmentVariable = Static<typeof EnvironmentVariable>;

/** `shell` (default true): `/bin/sh -c value`; otherwise `value` is executed with `arguments` (first is argv[0]). */
export const CommandInfo = Type.Object({
  value: Type.Optional(Type.String()),
  shell: Type.Optional(Type.Boolean()),
  arguments: Type.Optional(Type.Array(Type.String())),
  uris: Type.Optional(Type.Array(CommandUri)),
  environment: Type.Optional(Type.Object({ variables: Type.Array(EnvironmentVariable) })),
  user: Type.Optional(Type.String()),
});
export type CommandInfo = Static<typeof CommandInfo>;

const PortMapping = Type.Object({
  host_port: Type.Integer(),
  container_port: Type.Integer(),
  protocol: Type.Optional(Type.String()),
});

/**
 * Where the content of a volume comes from. `SANDBOX_PATH` of type `PARENT`: a directory in the sandbox of the executor,
 * which the containers of a pod share; `SELF`: in the task's own.
 */
export const VolumeSource = Type.Object({
  type: stringEnum(['HOST_PATH', 'SANDBOX_PATH', 'SECRET', 'DOCKER_VOLUME', 'CSI_VOLUME']),
  host_path: Type.Optional(Type.Object({ path: Type.String() })),
  sandbox_path: Type.Optional(Type.Object({ type: stringEnum(['SELF', 'PARENT']), path: Type.String() })),
  secret: Type.Optional(Secret),
  docker_volume: Type.Optional(
    Type.Object({
      driver: Type.Optional(Type.String()),
      name: Type.String(),
      driver_options: Type.Optional(
        Type.Object({ parameter: Type.Array(Type.Object({ key: Type.String(), value: Type.String() })) }),
      ),
    }),
  ),
  csi_volume: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});
export type VolumeSource = Static<typeof VolumeSource>;

/** Something that appears at a path of the container: by `host_path`, or from a `source`. */
export const ContainerVolume = Type.Object({
  mode: stringEnum(['RW', 'RO']),
  container_path: Type.String(),
  host_path: Type.Optional(Type.String()),
  source: Type.Optional(VolumeSource),
});
export type ContainerVolume = Static<typeof ContainerVolume>;

/** What the task runs in. Absent: a plain process. */
export const ContainerInfo = Type.Object({
  type: stringEnum(['DOCKER', 'MESOS']),
  volumes: Type.Optional(Type.Array(ContainerVolume)),
  hostname: Type.Optional(Type.String()),
  docker: Type.Optional(
    Type.Object({
      image: Type.String(),
      network: Type.Optional(Type.String()),
      port_mappings: Type.Optional(Type.Array(PortMapping)),
      privileged: Type.Optional(Type.Boolean()),
      parameters: Type.Optional(Type.Array(Type.Object({ key: Type.String(), value: Type.String() }))),
      force_pull_image: Type.Optional(Type.Boolean()),
    }),
  ),
  mesos: Type.Optional(
    Type.Object({
      image: Type.Optional(
        Type.Object({
          type: Type.String(),
          docker: Type.Optional(
            Type.Object({
              name: Type.String(),
              /** Credentials for its registry, as a `config.json` of Docker. */
              config: Type.Optional(Secret),
            }),
          ),
          cached: Type.Optional(Type.Boolean()),
        }),
      ),
    }),
  ),
  network_infos: Type.Optional(
    Type.Array(
      Type.Object({
        name: Type.Optional(Type.String()),
        labels: Type.Optional(Labels),
        port_mappings: Type.Optional(Type.Array(PortMapping)),
      }),
    ),
  ),
  linux_info: Type.Optional(LinuxInfo),
  rlimit_info: Type.Optional(RLimitInfo),
  /** The command runs in a terminal, of this size at first. */
  tty_info: Type.Optional(
    Type.Object({
      window_size: Type.Optional(
        Type.Object({ rows: Type.Integer({ minimum: 1 }), columns: Type.Integer({ minimum: 1 }) }),
      ),
    }),
  ),
});
export type ContainerInfo = Static<typeof ContainerInfo>;
