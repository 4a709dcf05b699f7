/** The app: as people send it (every form Marathon ever accepted) and as we answer it (one canonical form). */
import { Type, type Static, type TObject, type TProperties } from '@sinclair/typebox';
import { stringEnum } from '../string-enum.ts';
import { ContainerLinuxInfo } from './linux-info.ts';

const Port = Type.Integer({ minimum: 0, maximum: 65535 });
const StringMap = Type.Record(Type.String(), Type.String());
const Seconds = Type.Integer({ minimum: 0 });

/** An environment value: a text, or the name of a secret of the app. */
export const EnvironmentValue = Type.Union([Type.String(), Type.Object({ secret: Type.String() })]);
export type EnvironmentValue = Static<typeof EnvironmentValue>;

/** An artifact fetched into the sandbox before the start. `checksum` (`sha256:<hex>`) is Stadion's own. */
export const Artifact = Type.Object({
  uri: Type.String({ minLength: 1, maxLength: 1024 }),
  extract: Type.Boolean(),
  executable: Type.Boolean(),
  cache: Type.Boolean(),
  destPath: Type.Optional(Type.String()),
  checksum: Type.Optional(Type.String({ pattern: '^sha(256|512):[0-9a-f]+$' })),
});
export type Artifact = Static<typeof Artifact>;

/** `[field, operator]` or `[field, operator, value]`. */
export const Constraint = Type.Array(Type.String(), { minItems: 2, maxItems: 3 });
export type Constraint = Static<typeof Constraint>;

/** A port of an app in host mode. `port` is the service port. */
export const PortDefinition = Type.Object({
  port: Port,
  protocol: stringEnum(['tcp', 'udp', 'udp,tcp']),
  name: Type.Optional(Type.String()),
  labels: Type.Optional(StringMap),
});
export type PortDefinition = Static<typeof PortDefinition>;

/** A port of an app with a network of its own. */
export const PortMapping = Type.Object({
  containerPort: Port,
  hostPort: Type.Optional(Port),
  servicePort: Port,
  protocol: stringEnum(['tcp', 'udp', 'udp,tcp']),
  name: Type.Optional(Type.String()),
  labels: StringMap,
  networkNames: Type.Optional(Type.Array(Type.String())),
});
export type PortMapping = Static<typeof PortMapping>;

/** A network an app is on. */
export const Network = Type.Object({
  mode: stringEnum(['host', 'container', 'container/bridge']),
  name: Type.Optional(Type.String()),
  labels: Type.Optional(StringMap),
});
export type Network = Static<typeof Network>;

/**
 * A directory that stays on one agent and goes with one instance. Sizes in MiB. `root` shares the agent's disk, `path` and
 * `mount` are disks of their own.
 */
export const PersistentVolume = Type.Object({
  type: Type.Optional(stringEnum(['root', 'path', 'mount'])),
  size: Type.Integer({ minimum: 1 }),
  maxSize: Type.Optional(Type.Integer({ minimum: 1 })),
  profileName: Type.Optional(Type.String()),
  constraints: Type.Optional(Type.Array(Type.Array(Type.String()))),
});
export type PersistentVolume = Static<typeof PersistentVolume>;

/** A volume; exactly one of hostPath, persistent, external and secret is given. */
export const Volume = Type.Object({
  containerPath: Type.String(),
  mode: Type.Optional(stringEnum(['RO', 'RW'])),
  hostPath: Type.Optional(Type.String()),
  persistent: Type.Optional(PersistentVolume),
  external: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  secret: Type.Optional(Type.String()),
});
export type Volume = Static<typeof Volume>;

const DockerParameter = Type.Object({ key: Type.String(), value: Type.String() });

/** The Docker part of a container, canonical. */
export const DockerContainer = Type.Object({
  image: Type.String({ minLength: 1 }),
  forcePullImage: Type.Boolean(),
  privileged: Type.Boolean(),
  parameters: Type.Array(DockerParameter),
  pullConfig: Type.Optional(Type.Object({ secret: Type.String() })),
});
export type DockerContainer = Static<typeof DockerContainer>;

/** What an app runs in. */
export const Container = Type.Object({
  type: stringEnum(['DOCKER', 'MESOS']),
  docker: Type.Optional(DockerContainer),
  volumes: Type.Array(Volume),
  portMappings: Type.Optional(Type.Array(PortMapping)),
  linuxInfo: Type.Optional(ContainerLinuxInfo),
});
export type Container = Static<typeof Container>;

const HEALTH_PROTOCOLS = ['HTTP', 'HTTPS', 'TCP', 'COMMAND', 'MESOS_HTTP', 'MESOS_HTTPS', 'MESOS_TCP'] as const;

/** A health check, canonical: every time filled in. */
export const HealthCheck = Type.Object({
  protocol: stringEnum(HEALTH_PROTOCOLS),
  path: Type.Optional(Type.String()),
  portIndex: Type.Optional(Type.Integer({ minimum: 0 })),
  port: Type.Optional(Port),
  command: Type.Optional(Type.Object({ value: Type.String({ minLength: 1 }) })),
  gracePeriodSeconds: Seconds,
  intervalSeconds: Type.Integer({ minimum: 1 }),
  timeoutSeconds: Type.Integer({ minimum: 1 }),
  maxConsecutiveFailures: Type.Integer({ minimum: 0 }),
  delaySeconds: Type.Optional(Seconds),
  ignoreHttp1xx: Type.Optional(Type.Boolean()),
  ipProtocol: Type.Optional(stringEnum(['IPv4', 'IPv6'])),
});
export type HealthCheck = Static<typeof HealthCheck>;

/** A readiness check, canonical. */
export const ReadinessCheck = Type.Object({
  name: Type.String({ minLength: 1 }),
  protocol: stringEnum(['HTTP', 'HTTPS']),
  path: Type.String(),
  portName: Type.String(),
  intervalSeconds: Type.Integer({ minimum: 1 }),
  timeoutSeconds: Type.Integer({ minimum: 1 }),
  httpStatusCodesForReady: Type.Array(Type.Integer({ minimum: 100, maximum: 999 })),
  preserveLastResponse: Type.Boolean(),
});
export type ReadinessCheck = Static<typeof ReadinessCheck>;

/** The longest drain time and pause that can be asked for, in seconds. */
const PAUSE_SECONDS_MAX = 86_400;

/**
 * Bounds of a rolling change, as fractions of the wanted instances. The members after them are Stadion's own:
 * - `minimumHealthy`, `maximumOver`: the same bounds in instances; each takes the place of its fraction.
 * - `drainSeconds`: how long an instance that is to go still runs after it was announced as draining; absent: as the
 *   platform is set.
 * - `batchPauseSeconds`: how long to wait after new instances have come up before going on.
 * - `canary`: replace so many instances, then wait until somebody promotes the deployment. While there are no more of them, the
 *   edge gives them `weight` percent of the requests; absent: as many each as the others.
 * - `rollback`: take the deployment back when so many of its new instances have failed, it is not done in time, or, of the
 *   `minRequests` (50) or more that the edge has sent to new instances (or fewer, where it sends them no more), more than `errorPercent` failed or one in a hundred of
 *   a route's took longer than `p99Ms`.
 */
export const UpgradeStrategy = Type.Object({
  minimumHealthCapacity: Type.Number({ minimum: 0, maximum: 1 }),
  maximumOverCapacity: Type.Number({ minimum: 0, maximum: 1 }),
  minimumHealthy: Type.Optional(Type.Integer({ minimum: 0 })),
  maximumOver: Type.Optional(Type.Integer({ minimum: 0 })),
  drainSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: PAUSE_SECONDS_MAX })),
  batchPauseSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: PAUSE_SECONDS_MAX })),
  canary: Type.Optional(
    Type.Object({
      instances: Type.Integer({ minimum: 1 }),
      weight: Type.Optional(Type.Integer({ minimum: 1, maximum: 99 })),
    }),
  ),
  rollback: Type.Optional(
    Type.Object({
      afterFailures: Type.Optional(Type.Integer({ minimum: 1 })),
      deadlineSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 31_536_000 })),
      edge: Type.Optional(
        Type.Object({
          errorPercent: Type.Optional(Type.Number({ minimum: 0, maximum: 100 })),
          p99Ms: Type.Optional(Type.Integer({ minimum: 1 })),
          minRequests: Type.Optional(Type.Integer({ minimum: 1 })),
        }),
      ),
    }),
  ),
});
export type UpgradeStrategy = Static<typeof UpgradeStrategy>;

/** What to do when the agent of an instance is out of contact. */
export const UnreachableStrategy = Type.Union([
  Type.Literal('disabled'),
  Type.Object({ inactiveAfterSeconds: Seconds, expungeAfterSeconds: Seconds }),
]);
export type UnreachableStrategy = Static<typeof UnreachableStrategy>;

const ResourceLimit = Type.Union([Type.Number({ minimum: 0 }), Type.Literal('unlimited')]);

/** A check that is only told about, in one of three ways; how it went is `checkResult` of a task. */
export const AppCheck = Type.Object({
  http: Type.Optional(
    Type.Object({
      portIndex: Type.Optional(Type.Integer({ minimum: 0 })),
      port: Type.Optional(Port),
      path: Type.Optional(Type.String()),
      scheme: Type.Optional(stringEnum(['HTTP', 'HTTPS'])),
    }),
  ),
  tcp: Type.Optional(
    Type.Object({ portIndex: Type.Optional(Type.Integer({ minimum: 0 })), port: Type.Optional(Port) }),
  ),
  exec: Type.Optional(
    Type.Object({
      command: Type.Union([
        Type.Object({ shell: Type.String({ minLength: 1 }) }),
        Type.Object({ argv: Type.Array(Type.String(), { minItems: 1 }) }),
      ]),
    }),
  ),
  intervalSeconds: Type.Optional(Type.Integer({ minimum: 1 })),
  timeoutSeconds: Type.Optional(Type.Integer({ minimum: 1 })),
  delaySeconds: Type.Optional(Seconds),
});
export type AppCheck = Static<typeof AppCheck>;

/** Members that are the same in the canonical form and in what people send. */
const commonOptional = {
  cmd: Type.Optional(Type.String({ minLength: 1 })),
  args: Type.Optional(Type.Array(Type.String())),
  user: Type.Optional(Type.String()),
  env: Type.Optional(Type.Record(Type.String(), EnvironmentValue)),
  executorResources: Type.Optional(
    Type.Object({
      cpus: Type.Optional(Type.Number({ minimum: 0.1 })),
      mem: Type.Optional(Type.Number({ minimum: 32 })),
      disk: Type.Optional(Type.Number({ minimum: 10 })),
    }),
  ),
  resourceLimits: Type.Optional(Type.Object({ cpus: Type.Optional(ResourceLimit), mem: Type.Optional(ResourceLimit) })),
  check: Type.Optional(AppCheck),
  dependencies: Type.Optional(Type.Array(Type.String())),
  taskKillGracePeriodSeconds: Type.Optional(Seconds),
  residency: Type.Optional(
    Type.Object({
      relaunchEscalationTimeoutSeconds: Type.Optional(Seconds),
      taskLostBehavior: Type.Optional(stringEnum(['WAIT_FOREVER', 'RELAUNCH_AFTER_TIMEOUT'])),
    }),
  ),
  secrets: Type.Optional(Type.Record(Type.String(), Type.Object({ source: Type.String() }))),
  acceptedResourceRoles: Type.Optional(Type.Array(Type.String())),
  tty: Type.Optional(Type.Boolean()),
};

const KillSelection = stringEnum(['YOUNGEST_FIRST', 'OLDEST_FIRST']);

const required = {
  instances: Type.Integer({ minimum: 0 }),
  cpus: Type.Number({ minimum: 0.001 }),
  mem: Type.Number({ minimum: 0 }),
  disk: Type.Number({ minimum: 0 }),
  gpus: Type.Integer({ minimum: 0 }),
  executor: Type.String(),
  requirePorts: Type.Boolean(),
  backoffSeconds: Type.Integer({ minimum: 0 }),
  backoffFactor: Type.Number({ minimum: 1 }),
  maxLaunchDelaySeconds: Seconds,
  killSelection: KillSelection,
  unreachableStrategy: UnreachableStrategy,
  labels: StringMap,
  role: Type.String(),
};

/**
 * An app in canonical form: what is stored, compared, launched and answered. Every default is filled in; a list or
 * map that is empty is absent (save `labels` and `networks`). Units: mem and disk in MiB, cpus in cores.
 */
export const AppDefinition = Type.Object({
  id: Type.String(),
  ...commonOptional,
  ...required,
  constraints: Type.Optional(Type.Array(Constraint)),
  fetch: Type.Optional(Type.Array(Artifact)),
  portDefinitions: Type.Optional(Type.Array(PortDefinition)),
  networks: Type.Array(Network),
  container: Type.Optional(Container),
  healthChecks: Type.Optional(Type.Array(HealthCheck)),
  readinessChecks: Type.Optional(Type.Array(ReadinessCheck)),
  upgradeStrategy: UpgradeStrategy,
  version: Type.String(),
  versionInfo: Type.Object({ lastScalingAt: Type.String(), lastConfigChangeAt: Type.String() }),
});
export type AppDefinition = Static<typeof AppDefinition>;

/** Makes every member of an object schema optional. */
function partial<Properties extends TProperties>(schema: TObject<Properties>) {
  return Type.Partial(schema);
}

const LegacyDocker = Type.Composite([
  partial(DockerContainer),
  Type.Object({
    image: Type.String({ minLength: 1 }),
    network: Type.Optional(stringEnum(['BRIDGE', 'HOST', 'NONE', 'USER'])),
    portMappings: Type.Optional(Type.Array(partial(PortMapping))),
    credential: Type.Optional(Type.Unknown()),
  }),
]);

/**
 * An app as people send it: everything optional, the deprecated forms of Marathon 0.x to 1.4 included.
 * Unknown members are ignored, as Marathon does; `null` counts as absent.
 */
export const AppInput = Type.Object({
  id: Type.Optional(Type.String()),
  ...commonOptional,
  ...Type.Partial(Type.Object(required)).properties,
  constraints: Type.Optional(Type.Array(Constraint)),
  fetch: Type.Optional(Type.Array(Type.Composite([partial(Artifact), Type.Pick(Artifact, ['uri'])]))),
  portDefinitions: Type.Optional(Type.Array(partial(PortDefinition))),
  networks: Type.Optional(Type.Array(partial(Network))),
  container: Type.Optional(
    Type.Object({
      type: Type.Optional(stringEnum(['DOCKER', 'MESOS'])),
      docker: Type.Optional(LegacyDocker),
      volumes: Type.Optional(Type.Array(Volume)),
      portMappings: Type.Optional(Type.Array(partial(PortMapping))),
      linuxInfo: Type.Optional(ContainerLinuxInfo),
    }),
  ),
  healthChecks: Type.Optional(Type.Array(partial(HealthCheck))),
  readinessChecks: Type.Optional(Type.Array(partial(ReadinessCheck))),
  upgradeStrategy: Type.Optional(UpgradeStrategy),
  version: Type.Optional(Type.String()),
  uris: Type.Optional(Type.Array(Type.String())),
  ports: Type.Optional(Type.Array(Port)),
  ipAddress: Type.Optional(
    Type.Object({
      networkName: Type.Optional(Type.String()),
      labels: Type.Optional(StringMap),
      groups: Type.Optional(Type.Array(Type.String())),
      discovery: Type.Optional(
        Type.Object({
          ports: Type.Optional(
            Type.Array(
              Type.Object({
                number: Port,
                name: Type.Optional(Type.String()),
                protocol: Type.Optional(Type.String()),
                labels: Type.Optional(StringMap),
              }),
            ),
          ),
        }),
      ),
    }),
  ),
});
export type AppInput = Static<typeof AppInput>;
