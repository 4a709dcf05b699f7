/** How a pod and its instances are. */
import { Type, type Static } from '@sinclair/typebox';
import { stringEnum } from '../string-enum.ts';
import { UnreachableStrategy } from './app.ts';
import { InstanceCondition } from './events.ts';
import { PodDefinition, PodResources } from './pod.ts';
import { CheckResult, LocalVolume } from './task.ts';

/** One container of an instance; `containerId` is its task id. */
export const PodContainerStatus = Type.Object({
  name: Type.String(),
  status: Type.String(),
  statusSince: Type.String(),
  conditions: Type.Array(
    Type.Object({
      name: Type.String(),
      value: Type.String(),
      reason: Type.Optional(Type.String()),
      lastChanged: Type.String(),
      lastUpdated: Type.String(),
    }),
  ),
  containerId: Type.String(),
  endpoints: Type.Array(
    Type.Object({
      name: Type.String(),
      allocatedHostPort: Type.Optional(Type.Integer()),
      healthy: Type.Optional(Type.Boolean()),
    }),
  ),
  resources: PodResources,
  /** Of the container's `check`: Stadion's own, and only where there is one. */
  checkResult: Type.Optional(CheckResult),
  termination: Type.Optional(
    Type.Object({ exitCode: Type.Optional(Type.Integer()), message: Type.Optional(Type.String()) }),
  ),
  lastUpdated: Type.String(),
  lastChanged: Type.String(),
});
export type PodContainerStatus = Static<typeof PodContainerStatus>;

/** One instance of a pod. `serving` is Stadion's own, for whoever asks for extensions: whether it may have names and traffic. */
export const PodInstanceStatus = Type.Object({
  id: Type.String(),
  status: stringEnum(['PENDING', 'STAGING', 'STABLE', 'DEGRADED', 'TERMINAL']),
  statusSince: Type.String(),
  agentHostname: Type.Optional(Type.String()),
  agentId: Type.Optional(Type.String()),
  agentRegion: Type.Optional(Type.String()),
  agentZone: Type.Optional(Type.String()),
  resources: PodResources,
  networks: Type.Array(Type.Object({ name: Type.Optional(Type.String()), addresses: Type.Array(Type.String()) })),
  containers: Type.Array(PodContainerStatus),
  specReference: Type.String(),
  localVolumes: Type.Array(LocalVolume),
  role: Type.String(),
  serving: Type.Optional(Type.Boolean()),
  lastUpdated: Type.String(),
  lastChanged: Type.String(),
});
export type PodInstanceStatus = Static<typeof PodInstanceStatus>;

/**
 * An instance as it was when it was told to end: what killing instances answers. Its members are not those of
 * {@link PodInstanceStatus}: so it is in Marathon.
 */
export const KilledPodInstance = Type.Object({
  instanceId: Type.String(),
  /** Absent while it has no place. */
  agentInfo: Type.Optional(
    Type.Object({
      host: Type.String(),
      agentId: Type.Optional(Type.String()),
      region: Type.Optional(Type.String()),
      zone: Type.Optional(Type.String()),
      attributes: Type.Array(Type.Object({ name: Type.String(), text: Type.String() })),
    }),
  ),
  state: Type.Object({
    condition: InstanceCondition,
    since: Type.String(),
    activeSince: Type.Optional(Type.String()),
    healthy: Type.Optional(Type.Boolean()),
    goal: stringEnum(['Running', 'Stopped', 'Decommissioned']),
  }),
  runSpecVersion: Type.String(),
  unreachableStrategy: UnreachableStrategy,
});
export type KilledPodInstance = Static<typeof KilledPodInstance>;

/** A pod with its instances. */
export const PodStatus = Type.Object({
  id: Type.String(),
  spec: PodDefinition,
  status: stringEnum(['DEGRADED', 'STABLE', 'TERMINAL']),
  statusSince: Type.String(),
  instances: Type.Array(PodInstanceStatus),
  terminationHistory: Type.Array(Type.Unknown()),
  lastUpdated: Type.String(),
  lastChanged: Type.String(),
});
export type PodStatus = Static<typeof PodStatus>;
