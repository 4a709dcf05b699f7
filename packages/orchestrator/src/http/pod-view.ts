/** How a pod and its instances are shown. */
import type { AppDefinition } from '@stadion/contract/orchestrator';
import type {
  KilledPodInstance,
  PodContainer,
  PodContainerStatus,
  PodInstanceStatus,
  PodStatus,
} from '@stadion/contract/orchestrator-pods';
import { formatTimestamp } from '../core/app/timestamp.ts';
import { checkResult } from '../core/check-result.ts';
import { serves } from '../core/health.ts';
import type { Instance } from '../core/instance.ts';
import { toPodDefinition } from '../core/pod/normalize-pod.ts';
import { podTaskId, type PodTask } from '../core/pod/pod-tasks.ts';
import { endpointsOf, podOf, wantedPodPorts, type PodParts } from '../core/pod/run-spec.ts';
import type { EngineView } from '../engine.ts';
import { localVolumesOf } from './task-view.ts';

/**
 * How a pod is; undefined when there is no such pod, not even one that is being deleted.
 * @param isExtended also what Marathon does not tell
 */
export function podStatus(view: EngineView, id: string, isExtended = false): PodStatus | undefined {
  const { root } = view;
  const target = root.spec(id);
  const spec = target ?? root.appAtVersion(id, root.appVersions(id)[0] ?? '');
  const definition = spec && toPodDefinition(spec);
  if (spec === undefined || definition === undefined) return undefined;
  const all = view.instances(id);
  if (target === undefined && all.length === 0 && view.deploymentsOf(id).length === 0) return undefined;
  const instances = all.flatMap((instance) => podInstanceStatus(view, instance, isExtended) ?? []);
  const stable = instances.filter(({ status }) => status === 'STABLE').length;
  const isStable = stable >= spec.instances;
  const changes = [Date.parse(spec.version), ...all.map(({ since }) => since)];
  const lastChanged = formatTimestamp(Math.max(...changes));
  const failure = view.lastTaskFailure(id);
  return {
    id,
    spec: definition,
    status: target === undefined ? 'TERMINAL' : isStable ? 'STABLE' : 'DEGRADED',
    statusSince: lastChanged,
    instances,
    terminationHistory: failure === undefined ? [] : [terminationOf(failure, lastChanged)],
    lastUpdated: lastChanged,
    lastChanged,
  };
}

/** How an instance is; undefined while it has no place, or when nobody knows what it was launched from. */
export function podInstanceStatus(
  view: EngineView,
  instance: Instance,
  isExtended = false,
): PodInstanceStatus | undefined {
  const spec = view.root.appAtVersion(instance.appId, instance.appVersion);
  const pod = spec && podOf(spec);
  // Between two launches, and while it is stopped, an instance is where its volumes are.
  const place = instance.place ?? instance.reservation?.place;
  if (spec === undefined || pod === undefined || place === undefined || instance.incarnation === 0) return undefined;
  const since = formatTimestamp(instance.since);
  const { cpus, mem, disk, gpus } = spec;
  const addresses = instance.ipAddresses.map(({ ipAddress }) => ipAddress);
  return {
    id: instance.id,
    status: statusOf(instance, spec),
    statusSince: since,
    agentHostname: place.hostname,
    agentId: place.agentId,
    ...(place.region === undefined ? {} : { agentRegion: place.region }),
    ...(place.zone === undefined ? {} : { agentZone: place.zone }),
    resources: { cpus, mem, disk, gpus },
    networks: spec.networks.map(({ name }) => ({ ...(name === undefined ? {} : { name }), addresses })),
    containers: (instance.tasks ?? []).flatMap((task) => containerStatus(instance, spec, pod, task) ?? []),
    specReference: `/v2/pods${spec.id}::versions/${spec.version}`,
    localVolumes: localVolumesOf(instance),
    role: spec.role,
    ...(isExtended && { serving: serves(instance, spec) }),
    lastUpdated: since,
    lastChanged: since,
  };
}

/** An instance that is about to be told to end. */
export function killedPodInstance(view: EngineView, instance: Instance): KilledPodInstance {
  const { place, goal, startedAt, healthy } = instance;
  const spec = view.root.appAtVersion(instance.appId, instance.appVersion) ?? view.root.spec(instance.appId);
  return {
    instanceId: instance.id,
    ...(place !== undefined && {
      agentInfo: {
        host: place.hostname,
        agentId: place.agentId,
        ...(place.region !== undefined && { region: place.region }),
        ...(place.zone !== undefined && { zone: place.zone }),
        attributes: [...place.attributes].map(([name, text]) => ({ name, text })),
      },
    }),
    state: {
      condition: instance.condition,
      since: formatTimestamp(instance.since),
      ...(startedAt !== undefined && { activeSince: formatTimestamp(startedAt) }),
      ...(healthy !== undefined && { healthy }),
      // One that is kept to be looked at is none that Marathon knows of: to it the instance runs.
      goal: goal === 'Frozen' ? 'Running' : goal,
    },
    runSpecVersion: instance.appVersion,
    unreachableStrategy: spec?.unreachableStrategy ?? 'disabled',
  };
}

function statusOf(instance: Instance, spec: AppDefinition): PodInstanceStatus['status'] {
  switch (instance.condition) {
    case 'Scheduled':
    case 'Provisioned':
      return 'PENDING';
    case 'Staging':
    case 'Starting':
      return 'STAGING';
    case 'Running':
      return serves(instance, spec) ? 'STABLE' : instance.healthy === false ? 'DEGRADED' : 'STAGING';
    case 'Unreachable':
    case 'UnreachableInactive':
      return 'DEGRADED';
    default:
      return 'TERMINAL';
  }
}

function containerStatus(
  instance: Instance,
  spec: AppDefinition,
  pod: PodParts,
  task: PodTask,
): PodContainerStatus | undefined {
  const container = pod.containers.find(({ name }) => name === task.name);
  if (container === undefined) return undefined;
  const since = formatTimestamp(task.since);
  const { healthy } = task;
  const condition = { name: 'healthy', value: String(healthy), reason: 'health-reported-by-mesos' };
  return {
    name: task.name,
    status: task.state ?? 'TASK_STAGING',
    statusSince: since,
    conditions: healthy === undefined ? [] : [{ ...condition, lastChanged: since, lastUpdated: since }],
    containerId: podTaskId(instance, task.name),
    endpoints: endpointStatuses(instance, spec, pod, container, healthy),
    resources: container.resources,
    ...(task.check === undefined ? {} : { checkResult: checkResult(task.check) }),
    ...(task.message === undefined ? {} : { termination: terminationFrom(task.message) }),
    lastUpdated: since,
    lastChanged: since,
  };
}

/** The host ports of an instance are kept in the order of the endpoints that have one. */
function endpointStatuses(
  instance: Instance,
  spec: AppDefinition,
  pod: PodParts,
  container: PodContainer,
  healthy: boolean | undefined,
): PodContainerStatus['endpoints'] {
  const checked = container.healthCheck?.http?.endpoint ?? container.healthCheck?.tcp?.endpoint;
  const wanted = wantedPodPorts(spec, pod);
  let next = 0;
  return endpointsOf(pod).flatMap((each, index) => {
    const hostPort = wanted[index] === undefined ? undefined : instance.hostPorts[next++];
    if (each.container !== container) return [];
    const { name } = each.endpoint;
    return [
      {
        name,
        ...(hostPort === undefined ? {} : { allocatedHostPort: hostPort }),
        ...(healthy === undefined || name !== checked ? {} : { healthy }),
      },
    ];
  });
}

/** The exit code, where the sentence of the agent has one. */
function terminationFrom(message: string): NonNullable<PodContainerStatus['termination']> {
  const code = /exited with status (\d+)/.exec(message)?.[1];
  return code === undefined ? { message } : { exitCode: Number(code), message };
}

function terminationOf(failure: NonNullable<ReturnType<EngineView['lastTaskFailure']>>, at: string) {
  const { taskId, message, timestamp, version, appId } = failure;
  return {
    instanceID: taskId.split('.').slice(0, -2).join('.'),
    startedAt: at,
    terminatedAt: timestamp,
    message,
    specReference: `/v2/pods${appId}::versions/${version}`,
    containers: [{ containerId: taskId, termination: terminationFrom(message) }],
  };
}
