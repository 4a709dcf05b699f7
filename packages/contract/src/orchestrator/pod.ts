/** The pod: as people send it, as we answer it (every default filled in), and how its instances are. */
import { Type, type Static, type TObject, type TProperties } from '@sinclair/typebox';
import { stringEnum } from '../string-enum.ts';
import { Artifact, EnvironmentValue, Network, PersistentVolume, UnreachableStrategy } from './app.ts';
import { ContainerLinuxInfo } from './linux-info.ts';

const StringMap = Type.Record(Type.String(), Type.String());
const Seconds = Type.Number({ minimum: 0 });
const Port = Type.Integer({ minimum: 0, maximum: 65535 });

/** cpus in cores, mem and disk in MiB, gpus whole. */
export const PodResources = Type.Object({
  cpus: Type.Number({ minimum: 0 }),
  mem: Type.Number({ minimum: 0 }),
  disk: Type.Number({ minimum: 0 }),
  gpus: Type.Integer({ minimum: 0 }),
});
export type PodResources = Static<typeof PodResources>;

/** What a container executes: a line for the shell, or a program with its arguments. */
export const PodCommand = Type.Union([
  Type.Object({ shell: Type.String({ minLength: 1 }) }),
  Type.Object({ argv: Type.Array(Type.String(), { minItems: 1 }) }),
]);
export type PodCommand = Static<typeof PodCommand>;

/** A port of a container. `containerPort` only on networks of its own; `hostPort` 0 is any. */
export const PodEndpoint = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 63, pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' }),
  containerPort: Type.Optional(Port),
  hostPort: Type.Optional(Port),
  protocol: Type.Optional(Type.Array(stringEnum(['tcp', 'udp']))),
  labels: Type.Optional(StringMap),
  networkNames: Type.Optional(Type.Array(Type.String())),
});
export type PodEndpoint = Static<typeof PodEndpoint>;

const healthTimes = {
  gracePeriodSeconds: Seconds,
  intervalSeconds: Type.Integer({ minimum: 1 }),
  maxConsecutiveFailures: Type.Integer({ minimum: 0 }),
  timeoutSeconds: Type.Integer({ minimum: 1 }),
  delaySeconds: Seconds,
};

const healthWays = {
  http: Type.Optional(
    Type.Object({
      endpoint: Type.String(),
      path: Type.Optional(Type.String()),
      scheme: Type.Optional(stringEnum(['HTTP', 'HTTPS'])),
    }),
  ),
  tcp: Type.Optional(Type.Object({ endpoint: Type.String() })),
  exec: Type.Optional(Type.Object({ command: PodCommand })),
};

const checkTimes = {
  intervalSeconds: Type.Integer({ minimum: 1 }),
  timeoutSeconds: Type.Integer({ minimum: 1 }),
  delaySeconds: Seconds,
};

/** A check of a container that is only told about. */
export const PodCheck = Type.Object({ ...healthWays, ...checkTimes });
export type PodCheck = Static<typeof PodCheck>;

/** How a container is checked, in one of three ways. Of the agent: it kills the pod when the failures are too many. */
export const PodHealthCheck = Type.Object({ ...healthWays, ...healthTimes });
export type PodHealthCheck = Static<typeof PodHealthCheck>;

const PodImage = Type.Object({
  kind: stringEnum(['DOCKER', 'APPC']),
  id: Type.String({ minLength: 1 }),
  forcePull: Type.Optional(Type.Boolean()),
  pullConfig: Type.Optional(Type.Object({ secret: Type.String() })),
  labels: Type.Optional(StringMap),
});

const VolumeMount = Type.Object({
  name: Type.String(),
  mountPath: Type.String({ minLength: 1 }),
  readOnly: Type.Optional(Type.Boolean()),
});

const ResourceLimit = Type.Union([Type.Number({ minimum: 0 }), Type.Literal('unlimited')]);

const containerOptional = {
  exec: Type.Optional(Type.Object({ command: PodCommand, overrideEntrypoint: Type.Optional(Type.Boolean()) })),
  resourceLimits: Type.Optional(Type.Object({ cpus: Type.Optional(ResourceLimit), mem: Type.Optional(ResourceLimit) })),
  endpoints: Type.Optional(Type.Array(PodEndpoint)),
  image: Type.Optional(PodImage),
  environment: Type.Optional(Type.Record(Type.String(), EnvironmentValue)),
  user: Type.Optional(Type.String()),
  volumeMounts: Type.Optional(Type.Array(VolumeMount)),
  labels: Type.Optional(StringMap),
  lifecycle: Type.Optional(Type.Object({ killGracePeriodSeconds: Type.Optional(Seconds) })),
  tty: Type.Optional(Type.Boolean()),
  linuxInfo: Type.Optional(ContainerLinuxInfo),
};

const ContainerName = Type.String({ minLength: 1, maxLength: 63, pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' });

/** One container of a pod, canonical. */
export const PodContainer = Type.Object({
  name: ContainerName,
  ...containerOptional,
  resources: PodResources,
  healthCheck: Type.Optional(PodHealthCheck),
  check: Type.Optional(PodCheck),
  artifacts: Type.Optional(Type.Array(Artifact)),
});
export type PodContainer = Static<typeof PodContainer>;

/** A volume that containers mount: of the host, a secret, one that stays (`persistent`), or one that lives with the pod. */
export const PodVolume = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 63, pattern: '^[a-zA-Z0-9][-a-zA-Z0-9_.]*$' }),
  host: Type.Optional(Type.String()),
  secret: Type.Optional(Type.String()),
  persistent: Type.Optional(PersistentVolume),
});
export type PodVolume = Static<typeof PodVolume>;

const Backoff = Type.Object({
  backoff: Type.Number({ minimum: 0 }),
  backoffFactor: Type.Number({ minimum: 1 }),
  maxLaunchDelay: Type.Number({ minimum: 0 }),
});
const Upgrade = Type.Object({
  minimumHealthCapacity: Type.Number({ minimum: 0, maximum: 1 }),
  maximumOverCapacity: Type.Number({ minimum: 0, maximum: 1 }),
});
const PodConstraint = Type.Object({
  fieldName: Type.String(),
  operator: Type.String(),
  value: Type.Optional(Type.String()),
});
const Placement = Type.Object({
  constraints: Type.Array(PodConstraint),
  acceptedResourceRoles: Type.Optional(Type.Array(Type.String())),
});
const KillSelection = stringEnum(['YOUNGEST_FIRST', 'OLDEST_FIRST']);

/** How instances are launched, placed, replaced and chosen to go. */
export const PodScheduling = Type.Object({
  backoff: Backoff,
  upgrade: Upgrade,
  placement: Placement,
  killSelection: KillSelection,
  unreachableStrategy: UnreachableStrategy,
});
export type PodScheduling = Static<typeof PodScheduling>;

const Scaling = Type.Object({ kind: Type.Literal('fixed'), instances: Type.Integer({ minimum: 0 }) });
const Secrets = Type.Record(Type.String(), Type.Object({ source: Type.String() }));
const Executor = Type.Object({
  cpus: Type.Number({ minimum: 0 }),
  mem: Type.Number({ minimum: 0 }),
  disk: Type.Number({ minimum: 0 }),
});

/** Makes every member of an object schema optional. */
function partial<Properties extends TProperties>(schema: TObject<Properties>) {
  return Type.Partial(schema);
}

const podOptional = {
  labels: Type.Optional(StringMap),
  user: Type.Optional(Type.String()),
  environment: Type.Optional(Type.Record(Type.String(), EnvironmentValue)),
  secrets: Type.Optional(Secrets),
  volumes: Type.Optional(Type.Array(PodVolume)),
  linuxInfo: Type.Optional(ContainerLinuxInfo),
  legacySharedCgroups: Type.Optional(Type.Boolean()),
};

/** A pod in canonical form. */
export const PodDefinition = Type.Object({
  id: Type.String(),
  ...podOptional,
  containers: Type.Array(PodContainer),
  networks: Type.Array(Network),
  scaling: Scaling,
  scheduling: PodScheduling,
  executorResources: Executor,
  role: Type.String(),
  version: Type.String(),
});
export type PodDefinition = Static<typeof PodDefinition>;

const SchedulingInput = Type.Object({
  backoff: Type.Optional(partial(Backoff)),
  upgrade: Type.Optional(partial(Upgrade)),
  placement: Type.Optional(partial(Placement)),
  killSelection: Type.Optional(KillSelection),
  unreachableStrategy: Type.Optional(UnreachableStrategy),
});

/** A pod as people send it. Unknown members are ignored, as for apps. */
export const PodInput = Type.Object({
  id: Type.String(),
  ...podOptional,
  containers: Type.Array(
    Type.Object({
      name: ContainerName,
      ...containerOptional,
      resources: Type.Optional(partial(PodResources)),
      healthCheck: Type.Optional(Type.Object({ ...healthWays, ...partial(Type.Object(healthTimes)).properties })),
      check: Type.Optional(Type.Object({ ...healthWays, ...partial(Type.Object(checkTimes)).properties })),
      artifacts: Type.Optional(Type.Array(Type.Composite([partial(Artifact), Type.Pick(Artifact, ['uri'])]))),
    }),
    { minItems: 1 },
  ),
  networks: Type.Optional(Type.Array(partial(Network))),
  scaling: Type.Optional(
    Type.Object({ kind: Type.Optional(Type.Literal('fixed')), instances: Type.Optional(Type.Integer({ minimum: 0 })) }),
  ),
  scheduling: Type.Optional(SchedulingInput),
  executorResources: Type.Optional(partial(Executor)),
  role: Type.Optional(Type.String()),
  version: Type.Optional(Type.String()),
});
export type PodInput = Static<typeof PodInput>;
