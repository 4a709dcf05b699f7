/** Turns one placed instance of a pod into the executor and the tasks that Mesos launches as a group. */
import type { CommandInfo, ContainerInfo, HealthCheckInfo, IdValue, Resource, TaskInfo } from '@stadion/contract/mesos';
import type { CheckInfo, ContainerVolume, EnvironmentVariable, ExecutorInfo } from '@stadion/contract/mesos-workload';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import type { PodCheck, PodContainer } from '@stadion/contract/orchestrator-pods';
import { takesRevocable } from '../app/revocable.ts';
import type { Instance } from '../instance.ts';
import { labelVariables, LABEL_PREFIX, numberText, ownVariables } from '../task/environment.ts';
import { checkCommand, checkTimes, schemeAndPath } from '../task/checks.ts';
import { linuxParts } from '../task/linux-info.ts';
import { secretOf } from '../task/secrets.ts';
import { commandUri, dottedName } from '../task/task-info.ts';
import { textLabels } from '../task/text-labels.ts';
import { endpointsOf, type EndpointOf, type PodParts } from './run-spec.ts';
import { podTaskId } from './pod-tasks.ts';

/** What a launch adds to its pod. */
export interface GroupInput {
  readonly spec: AppDefinition;
  readonly pod: PodParts;
  readonly instance: Pick<Instance, 'id' | 'incarnation'>;
  readonly agentId: IdValue;
  readonly hostname: string;
  /** One entry per endpoint, as the matcher gave them. */
  readonly hostPorts: readonly (number | undefined)[];
  /** The role of the offer. */
  readonly role: string;
}

/** What LAUNCH_GROUP takes. */
export interface TaskGroup {
  readonly executor: ExecutorInfo;
  readonly tasks: readonly TaskInfo[];
}

interface AllocatedPort extends EndpointOf {
  readonly hostPort: number | undefined;
}

/** The group to launch. */
export function buildTaskGroup(input: GroupInput): TaskGroup {
  const { spec, pod, instance } = input;
  const ports = endpointsOf(pod).map((each, index): AllocatedPort => ({ ...each, hostPort: input.hostPorts[index] }));
  const executorId = `${instance.id}.${String(instance.incarnation)}`;
  const { cpus, mem, disk } = pod.executorResources;
  const labels = textLabels(spec.labels);
  return {
    executor: {
      type: 'DEFAULT',
      executor_id: { value: executorId },
      name: spec.id,
      resources: scalars({ cpus, mem, disk }, input),
      container: podContainer(input, ports),
      ...(labels === undefined ? {} : { labels }),
    },
    tasks: pod.containers.map((container) => taskOf(input, container, ports, executorId)),
  };
}

function taskOf(
  input: GroupInput,
  container: PodContainer,
  all: readonly AllocatedPort[],
  executorId: string,
): TaskInfo {
  const { spec, instance, role } = input;
  const own = all.filter((port) => port.container === container);
  const taskId = podTaskId(instance, container.name);
  const grace = container.lifecycle?.killGracePeriodSeconds;
  const health = healthCheckOf(container, own);
  const labels = textLabels(container.labels);
  const containerInfo = containerOf(spec, input.pod, container);
  const facts = podFacts(spec, container, { taskId, executorId, hostname: input.hostname });
  const variables = new Map<string, EnvironmentVariable>();
  for (const variable of [
    ...facts,
    ...all.flatMap(endpointVariables),
    ...ownVariables(spec.env, spec.secrets),
    ...ownVariables(container.environment, spec.secrets),
  ]) {
    variables.set(variable.name, variable);
  }
  return {
    name: container.name,
    task_id: { value: taskId },
    agent_id: input.agentId,
    resources: [...scalars(container.resources, input), ...portsOf(own, role)],
    command: {
      ...commandOf(container),
      ...userOf(spec, container),
      environment: { variables: [...variables.values()] },
    },
    ...(containerInfo === undefined ? {} : { container: containerInfo }),
    ...(labels === undefined ? {} : { labels }),
    ...(grace === undefined ? {} : { kill_policy: { grace_period: { nanoseconds: grace * 1e9 } } }),
    ...(health === undefined ? {} : { health_checks: [health] }),
    ...(container.check === undefined ? {} : { check: checkOf(container.check, own) }),
    discovery: {
      visibility: 'FRAMEWORK',
      name: dottedName(spec.id),
      ...(own.length === 0 ? {} : { ports: { ports: own.flatMap(discoveryPorts) } }),
    },
  };
}

function scalars(amounts: Readonly<Record<string, number>>, { spec, role }: GroupInput): Resource[] {
  return Object.entries(amounts).flatMap(([name, value]): Resource[] => {
    if (value <= 0) return [];
    const lent = name === 'cpus' && takesRevocable(spec) ? { revocable: {} } : {};
    return [{ name, type: 'SCALAR', scalar: { value }, role: '*', allocation_info: { role }, ...lent }];
  });
}

function portsOf(ports: readonly AllocatedPort[], role: string): Resource[] {
  const range = ports.flatMap(({ hostPort }) => (hostPort === undefined ? [] : [{ begin: hostPort, end: hostPort }]));
  if (range.length === 0) return [];
  range.sort((left, right) => left.begin - right.begin);
  return [{ name: 'ports', type: 'RANGES', ranges: { range }, role: '*', allocation_info: { role } }];
}

/** A line goes through the shell. `argv` is a program, or with an image arguments of its entrypoint. */
function commandOf({ exec, image, artifacts }: PodContainer): CommandInfo {
  const uris = (artifacts ?? []).map(commandUri);
  const rest = uris.length === 0 ? {} : { uris };
  if (exec === undefined) return { shell: false, ...rest };
  if ('shell' in exec.command) return { shell: true, value: exec.command.shell, ...rest };
  const { argv } = exec.command;
  const isProgram = image === undefined || exec.overrideEntrypoint === true;
  return { shell: false, ...(isProgram ? { value: argv[0] ?? '' } : {}), arguments: argv, ...rest };
}

function userOf(spec: AppDefinition, { user = spec.user }: PodContainer): { user?: string } {
  return user === undefined ? {} : { user };
}

/** Networks belong to the pod as a whole, with all host ports that lead to them. */
function podContainer({ spec, pod }: GroupInput, ports: readonly AllocatedPort[]): ContainerInfo {
  const networks = spec.networks.flatMap(({ mode, name, labels }) => {
    if (mode === 'host') return [];
    const network = mode === 'container/bridge' ? 'mesos-bridge' : (name ?? '');
    const mappings = ports.flatMap(({ endpoint, hostPort }) => {
      const isHere = endpoint.networkNames === undefined || endpoint.networkNames.includes(network);
      if (hostPort === undefined || !isHere) return [];
      return protocolsOf(endpoint.protocol).map((protocol) => ({
        host_port: hostPort,
        container_port: containerPortOf(endpoint.containerPort, hostPort),
        protocol,
      }));
    });
    const texts = textLabels(labels);
    return [
      {
        name: network,
        ...(texts === undefined ? {} : { labels: texts }),
        ...(mappings.length === 0 ? {} : { port_mappings: mappings }),
      },
    ];
  });
  return {
    type: 'MESOS',
    ...(networks.length === 0 ? {} : { network_infos: networks }),
    ...linuxParts(pod.linuxInfo),
  };
}

function containerOf(spec: AppDefinition, pod: PodParts, container: PodContainer): ContainerInfo | undefined {
  const volumes = (container.volumeMounts ?? []).map((mount): ContainerVolume => {
    const volume = pod.volumes?.find(({ name }) => name === mount.name);
    const rest = { mode: mount.readOnly === true ? ('RO' as const) : ('RW' as const), container_path: mount.mountPath };
    if (volume?.host !== undefined) return { ...rest, host_path: volume.host };
    if (volume?.secret !== undefined) {
      return { ...rest, mode: 'RO', source: { type: 'SECRET', secret: secretOf(volume.secret, spec.secrets) } };
    }
    return { ...rest, source: { type: 'SANDBOX_PATH', sandbox_path: { type: 'PARENT', path: mount.name } } };
  });
  const { image, linuxInfo, tty } = container;
  const isPlain = image === undefined && volumes.length === 0 && linuxInfo === undefined;
  if (isPlain && tty !== true) return undefined;
  const config = image?.pullConfig === undefined ? {} : { config: secretOf(image.pullConfig.secret, spec.secrets) };
  const docker = image && { type: 'DOCKER', docker: { name: image.id, ...config }, cached: image.forcePull !== true };
  return {
    type: 'MESOS',
    ...(docker === undefined ? {} : { mesos: { image: docker } }),
    ...(volumes.length === 0 ? {} : { volumes }),
    ...linuxParts(linuxInfo),
    ...(tty === true ? { tty_info: {} } : {}),
  };
}

function healthCheckOf({ healthCheck }: PodContainer, ports: readonly AllocatedPort[]): HealthCheckInfo | undefined {
  if (healthCheck === undefined) return undefined;
  const times = {
    delay_seconds: healthCheck.delaySeconds,
    interval_seconds: healthCheck.intervalSeconds,
    timeout_seconds: healthCheck.timeoutSeconds,
    consecutive_failures: Math.max(1, healthCheck.maxConsecutiveFailures),
    grace_period_seconds: healthCheck.gracePeriodSeconds,
    kill_on_failure: true,
  };
  const { http, tcp, exec } = healthCheck;
  if (http !== undefined) {
    return { type: 'HTTP', http: { ...schemeAndPath(http), port: endpointPort(ports, http.endpoint) }, ...times };
  }
  if (tcp !== undefined) return { type: 'TCP', tcp: { port: endpointPort(ports, tcp.endpoint) }, ...times };
  return { type: 'COMMAND', command: checkCommand(exec?.command), ...times };
}

function checkOf(check: PodCheck, ports: readonly AllocatedPort[]): CheckInfo {
  const { http, tcp, exec } = check;
  const times = checkTimes(check);
  if (http !== undefined) {
    return { type: 'HTTP', http: { ...schemeAndPath(http), port: endpointPort(ports, http.endpoint) }, ...times };
  }
  if (tcp !== undefined) return { type: 'TCP', tcp: { port: endpointPort(ports, tcp.endpoint) }, ...times };
  return { type: 'COMMAND', command: { command: checkCommand(exec?.command) }, ...times };
}

/** Where a check inside the pod finds an endpoint. */
function endpointPort(ports: readonly AllocatedPort[], name: string): number {
  const port = ports.find(({ endpoint }) => endpoint.name === name);
  return port === undefined ? 0 : containerPortOf(port.endpoint.containerPort, port.hostPort ?? 0);
}

/** The port inside: of the host itself where the pod has no network of its own, or asks for the same one. */
function containerPortOf(containerPort: number | undefined, hostPort: number): number {
  return containerPort === undefined || containerPort === 0 ? hostPort : containerPort;
}

function protocolsOf(protocols: readonly string[] | undefined): readonly string[] {
  return protocols === undefined || protocols.length === 0 ? ['tcp'] : protocols;
}

function discoveryPorts({ endpoint, hostPort }: AllocatedPort) {
  const labels = textLabels(endpoint.labels);
  const number = hostPort ?? endpoint.containerPort ?? 0;
  return protocolsOf(endpoint.protocol).map((protocol) => ({
    number,
    name: endpoint.name,
    protocol,
    ...(labels === undefined ? {} : { labels }),
  }));
}

/** Every container sees every endpoint of the pod. */
function endpointVariables({ endpoint, hostPort }: AllocatedPort): EnvironmentVariable[] {
  const name = endpoint.name.toUpperCase().replaceAll('-', '_');
  const inside = containerPortOf(endpoint.containerPort, hostPort ?? 0);
  return [
    { name: `ENDPOINT_${name}`, value: String(hostPort ?? inside) },
    ...(hostPort === undefined ? [] : [{ name: `EP_HOST_${name}`, value: String(hostPort) }]),
    { name: `EP_CONTAINER_${name}`, value: String(inside) },
  ];
}

function podFacts(
  spec: AppDefinition,
  container: PodContainer,
  launch: { readonly taskId: string; readonly executorId: string; readonly hostname: string },
): EnvironmentVariable[] {
  const labels = labelVariables({ ...spec.labels, ...container.labels });
  const { cpus, mem, disk, gpus } = container.resources;
  return [
    { name: 'HOST', value: launch.hostname },
    { name: 'MESOS_TASK_ID', value: launch.taskId },
    { name: 'MESOS_EXECUTOR_ID', value: launch.executorId },
    { name: 'MARATHON_APP_ID', value: spec.id },
    { name: 'MARATHON_APP_VERSION', value: spec.version },
    { name: 'MARATHON_CONTAINER_ID', value: container.name },
    { name: 'MARATHON_CONTAINER_RESOURCE_CPUS', value: numberText(cpus) },
    { name: 'MARATHON_CONTAINER_RESOURCE_MEM', value: numberText(mem) },
    { name: 'MARATHON_CONTAINER_RESOURCE_DISK', value: numberText(disk) },
    { name: 'MARATHON_CONTAINER_RESOURCE_GPUS', value: String(gpus) },
    { name: 'MARATHON_APP_LABELS', value: [...labels.keys()].join(' ') },
    ...[...labels].map(([key, value]) => ({ name: `${LABEL_PREFIX}${key}`, value })),
  ];
}
