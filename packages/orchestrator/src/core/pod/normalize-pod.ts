/** Brings a pod into the form in which it runs, and back into the one in which it is answered. Reference, 3.7. */
import type { AppDefinition } from '@stadion/contract/orchestrator';
import type { PodDefinition, PodInput } from '@stadion/contract/orchestrator-pods';
import { compact, unlessEmpty, violation, type Checked } from '../app/checked.ts';
import { normalizeNetworks } from '../app/normalize-network.ts';
import { normalizePersistent, type AppDefaults } from '../app/spec.ts';
import { podOf, type PodSpec } from './run-spec.ts';

const EXECUTOR = { cpus: 0.1, mem: 32, disk: 10 };
const RESOURCES = { cpus: 1, mem: 128, disk: 0, gpus: 0 };

type ContainerInput = PodInput['containers'][number];
type Container = PodDefinition['containers'][number];

/** @param id the absolute id of the pod */
export function normalizePod(input: PodInput, id: string, defaults: AppDefaults): Checked<PodSpec> {
  const networks = normalizeNetworks(input.networks, defaults);
  const nameless = networks.findIndex((network) => network.mode === 'container' && network.name === undefined);
  if (nameless >= 0) {
    const message = 'must be set for a container network: this installation has no default network name';
    return { ok: false, violations: [violation(`/networks(${String(nameless)})/name`, message)] };
  }
  const containers = input.containers.map(normalizeContainer);
  const executorResources = { ...EXECUTOR, ...input.executorResources };
  const isResident = (input.volumes ?? []).some(({ persistent }) => persistent !== undefined);
  const { backoff, upgrade, placement, killSelection, unreachableStrategy } = input.scheduling ?? {};
  const sum = (name: 'cpus' | 'mem' | 'disk' | 'gpus'): number => {
    const own = name === 'gpus' ? 0 : executorResources[name];
    return Math.round(containers.reduce((total, { resources }) => total + resources[name], own) * 1000) / 1000;
  };
  const constraints = placement?.constraints?.map(({ fieldName, operator, value }) => {
    return value === undefined ? [fieldName, operator.toUpperCase()] : [fieldName, operator.toUpperCase(), value];
  });
  return {
    ok: true,
    value: compact({
      id,
      user: input.user,
      env: unlessEmpty(input.environment),
      instances: input.scaling?.instances ?? 1,
      cpus: sum('cpus'),
      mem: sum('mem'),
      disk: sum('disk'),
      gpus: sum('gpus'),
      executor: '',
      constraints: unlessEmpty(constraints),
      requirePorts: false,
      networks,
      upgradeStrategy: {
        minimumHealthCapacity: upgrade?.minimumHealthCapacity ?? (isResident ? 0.5 : 1),
        maximumOverCapacity: upgrade?.maximumOverCapacity ?? (isResident ? 0 : 1),
      },
      backoffSeconds: backoff?.backoff ?? 1,
      backoffFactor: backoff?.backoffFactor ?? 1.15,
      maxLaunchDelaySeconds: backoff?.maxLaunchDelay ?? 300,
      killSelection: killSelection ?? ('YOUNGEST_FIRST' as const),
      unreachableStrategy:
        unreachableStrategy ??
        (isResident ? ('disabled' as const) : { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 }),
      labels: input.labels ?? {},
      secrets: unlessEmpty(input.secrets),
      acceptedResourceRoles: placement?.acceptedResourceRoles ?? (isResident ? ['*'] : undefined),
      role: input.role ?? defaults.role,
      pod: compact({
        containers,
        volumes: unlessEmpty(input.volumes)?.map(({ persistent, ...volume }) =>
          persistent === undefined ? volume : { ...volume, persistent: normalizePersistent(persistent) },
        ),
        executorResources,
        linuxInfo: input.linuxInfo,
        legacySharedCgroups: input.legacySharedCgroups,
      }),
    }),
  };
}

/** The pod as it is answered; undefined when the definition is an app. */
export function toPodDefinition(spec: AppDefinition): PodDefinition | undefined {
  const pod = podOf(spec);
  if (pod === undefined) return undefined;
  const constraints = (spec.constraints ?? []).map(([fieldName = '', operator = '', value]) => {
    return value === undefined ? { fieldName, operator } : { fieldName, operator, value };
  });
  return compact({
    id: spec.id,
    labels: spec.labels,
    version: spec.version,
    user: spec.user,
    environment: spec.env,
    containers: pod.containers,
    secrets: spec.secrets,
    volumes: pod.volumes,
    networks: spec.networks,
    scaling: { kind: 'fixed' as const, instances: spec.instances },
    scheduling: {
      backoff: {
        backoff: spec.backoffSeconds,
        backoffFactor: spec.backoffFactor,
        maxLaunchDelay: spec.maxLaunchDelaySeconds,
      },
      upgrade: {
        minimumHealthCapacity: spec.upgradeStrategy.minimumHealthCapacity,
        maximumOverCapacity: spec.upgradeStrategy.maximumOverCapacity,
      },
      placement: compact({ constraints, acceptedResourceRoles: spec.acceptedResourceRoles }),
      killSelection: spec.killSelection,
      unreachableStrategy: spec.unreachableStrategy,
    },
    executorResources: pod.executorResources,
    role: spec.role,
    linuxInfo: pod.linuxInfo,
    legacySharedCgroups: pod.legacySharedCgroups,
  });
}

function normalizeContainer(input: ContainerInput): Container {
  const { healthCheck, check, artifacts, resources, ...rest } = input;
  const health = healthCheck && {
    gracePeriodSeconds: 300,
    intervalSeconds: 60,
    maxConsecutiveFailures: 3,
    timeoutSeconds: 20,
    delaySeconds: 15,
    ...healthCheck,
  };
  return compact({
    ...rest,
    environment: unlessEmpty(rest.environment),
    endpoints: unlessEmpty(rest.endpoints),
    volumeMounts: unlessEmpty(rest.volumeMounts),
    labels: unlessEmpty(rest.labels),
    resources: { ...RESOURCES, ...resources },
    healthCheck: health,
    check: check && { intervalSeconds: 60, timeoutSeconds: 20, delaySeconds: 15, ...check },
    artifacts: unlessEmpty(
      artifacts?.map((artifact) => ({ extract: true, executable: false, cache: false, ...artifact })),
    ),
  });
}
