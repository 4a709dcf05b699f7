/** What the Engine API is told to create for a container, from the task's own description (mesos.proto's ContainerInfo). */
import { isAbsolute, join, posix } from 'node:path';
import type { ContainerInfo } from '@stadion/contract/mesos';
import type { ContainerCreateOptions, MountSettings } from 'dockerode';
import { SANDBOX_INSIDE } from '../../core/task-environment.ts';
import { cpuShares, memoryLimit } from '../../core/oci/runtime-spec.ts';
import { terminalOf } from '../../core/terminal.ts';
import type { ContainerLimits } from '../../core/container.ts';
import type { ContainerSpec } from '../../ports/containerizer.ts';
import { applyParameters, type Draft } from './parameters.ts';

/** Labels by which our containers are known again; nothing without the first is ever touched. */
export const OWNER_LABEL = 'stadion.agent';
export const CONTAINER_LABEL = 'stadion.container';

/** Names containers as Mesos does, so that tools which look for them find them. */
export function containerName(containerId: string): string {
  return `mesos-${containerId}`;
}

/** What a fork bomb can make, unless the parameter `pids-limit` says otherwise. */
const PIDS_MAX = 4096;
/** What Docker keeps of the output besides the sandbox: enough to go on after the agent was away. */
const LOG_CONFIG = { Type: 'json-file', Config: { 'max-size': '16m', 'max-file': '4' } };
/** Mesos's CNI network that stands for the bridge. */
const BRIDGE_NETWORK = 'mesos-bridge';

const HOST_PART = '[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?';
const PATH_PART = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const IMAGE_NAME = new RegExp(
  `^(?:${HOST_PART}(?:\\.${HOST_PART})*(?::\\d+)?/)?${PATH_PART}(?:/${PATH_PART})*(?::\\w[\\w.-]{0,127})?(?:@[a-z0-9]+:[a-f0-9]{32,})?$`,
);

/** A sentence when a name is none of an image (the grammar of distribution/reference): it becomes part of URLs. */
export function findImageNameProblem(name: string): string | undefined {
  if (name.length <= 512 && IMAGE_NAME.test(name)) return undefined;
  return `image-name-invalid: "${name.slice(0, 512)}" is not the name of an image, such as registry.example.com/team/app:1.0`;
}

/** What is asked for, in the words of both kinds of containers. */
export interface DockerDescription {
  readonly image: string;
  readonly forcePull: boolean;
  readonly privileged: boolean;
  readonly parameters: readonly { readonly key: string; readonly value: string }[];
  /** A mode or the name of a network, as `--network` has it. */
  readonly network: string;
  readonly portMappings: readonly {
    readonly host_port: number;
    readonly container_port: number;
    readonly protocol?: string | undefined;
  }[];
}

/** Reads either kind of container: `DOCKER`, or `MESOS` with a Docker image. Undefined when there is no image. */
export function describeDocker(container: ContainerInfo | undefined): DockerDescription | undefined {
  const networks = container?.network_infos ?? [];
  if (container?.type === 'DOCKER' && container.docker !== undefined) {
    const { docker } = container;
    return {
      image: docker.image,
      forcePull: docker.force_pull_image ?? false,
      privileged: docker.privileged ?? false,
      parameters: docker.parameters ?? [],
      network: networkOf(docker.network ?? 'HOST', networks[0]?.name),
      portMappings: docker.port_mappings ?? [],
    };
  }
  const image = container?.mesos?.image;
  if (image?.docker === undefined) return undefined;
  const name = networks[0]?.name;
  return {
    image: image.docker.name,
    forcePull: image.cached === false,
    privileged: false,
    parameters: [],
    network: networks[0] === undefined ? 'host' : name === undefined || name === BRIDGE_NETWORK ? 'bridge' : name,
    portMappings: networks.flatMap((each) => each.port_mappings ?? []),
  };
}

/** Options, or a sentence about what is wrong with the description. */
export type BuiltOptions =
  { readonly ok: true; readonly options: ContainerCreateOptions } | { readonly ok: false; readonly message: string };

/**
 * @param facts.owner the value of {@link OWNER_LABEL}
 * @param facts.user who to run as, `uid:gid`; undefined: whom the image names
 */
export function buildContainerOptions(
  spec: ContainerSpec,
  facts: { readonly owner: string; readonly user: string | undefined; readonly init: boolean },
): BuiltOptions {
  const docker = describeDocker(spec.container);
  if (docker === undefined) return { ok: false, message: 'The task names no Docker image' };
  const draft: Draft = {
    options: {
      name: containerName(spec.containerId),
      Image: docker.image,
      Env: Object.entries({ ...spec.environment, MESOS_CONTAINER_NAME: containerName(spec.containerId) }).map(
        ([name, value]) => `${name}=${value}`,
      ),
      Labels: {},
      ...commandOf(spec),
      ...(terminalOf(spec.container) === undefined ? {} : { Tty: true, OpenStdin: true }),
      ...(facts.user === undefined ? {} : { User: facts.user }),
    },
    host: {
      Binds: [],
      PortBindings: {},
      NetworkMode: docker.network,
      Privileged: docker.privileged,
      // Reaps orphans and passes signals on, which the first process of a container otherwise does not get.
      Init: facts.init,
      LogConfig: LOG_CONFIG,
      ...limitsOf(spec),
    },
  };
  const { options, host } = draft;
  for (const { host_port, container_port, protocol = 'tcp' } of docker.portMappings) {
    if (docker.network === 'host' || docker.network === 'none') break;
    const port = `${container_port}/${protocol}`;
    options.ExposedPorts = { ...options.ExposedPorts, [port]: {} };
    (host.PortBindings[port] ??= []).push({ HostPort: String(host_port) });
  }
  const problem = applyParameters(draft, docker.parameters);
  if (problem !== undefined) return { ok: false, message: `parameter-invalid: ${problem}` };
  options.Labels = { ...options.Labels, [OWNER_LABEL]: facts.owner, [CONTAINER_LABEL]: spec.containerId };
  const sandbox: MountSettings = { Type: 'bind', Target: SANDBOX_INSIDE, Source: spec.directory };
  const Mounts = [sandbox, ...mountsOf(spec).map(toMountSettings)];
  return { ok: true, options: { ...options, HostConfig: { ...host, Mounts } } };
}

/**
 * A volume of the task: a path of this machine (one within the sandbox is made when it is missing), a volume that Docker
 * keeps under a name, or an empty one that goes with the container.
 */
export type VolumeMount = { readonly target: string; readonly readOnly: boolean } & (
  | { readonly kind: 'path'; readonly source: string; readonly isInSandbox: boolean }
  | { readonly kind: 'named'; readonly name: string; readonly driver: string; readonly options: Record<string, string> }
  | { readonly kind: 'empty' }
);

/** The volumes; relative paths are relative to the sandbox, outside as inside. */
export function mountsOf(spec: Pick<ContainerSpec, 'container' | 'directory' | 'mounts'>): VolumeMount[] {
  const { container, directory, mounts = [] } = spec;
  const inside = (path: string): string => (isAbsolute(path) ? path : posix.join(SANDBOX_INSIDE, path));
  const resolved = mounts.map(({ source, containerPath, readOnly }) => {
    return { target: inside(containerPath), readOnly, kind: 'path' as const, source, isInSandbox: false };
  });
  // Those that the agent resolves are among the mounts.
  const volumes = (container?.volumes ?? []).filter(({ source }) => {
    return source?.secret === undefined && source?.sandbox_path?.type !== 'PARENT';
  });
  const described = volumes.map((volume): VolumeMount => {
    const { container_path: path, source } = volume;
    const target = { target: inside(path), readOnly: volume.mode === 'RO' };
    if (source?.docker_volume !== undefined) {
      const { name, driver = 'local', driver_options } = source.docker_volume;
      const options = Object.fromEntries(driver_options?.parameter.map(({ key, value }) => [key, value]) ?? []);
      return { ...target, kind: 'named', name, driver, options };
    }
    const hostPath = volume.host_path ?? source?.host_path?.path ?? source?.sandbox_path?.path;
    if (hostPath === undefined) return { ...target, kind: 'empty' };
    const isInSandbox = !isAbsolute(hostPath) || source?.sandbox_path !== undefined;
    // Normalized below a root, so that no ".." leads out of the sandbox.
    const inSandbox = join(directory, posix.normalize(posix.join('/', hostPath)));
    return { ...target, kind: 'path', source: isInSandbox ? inSandbox : hostPath, isInSandbox };
  });
  return [...resolved, ...described];
}

function toMountSettings(mount: VolumeMount): MountSettings {
  const { target: Target, readOnly: ReadOnly } = mount;
  switch (mount.kind) {
    case 'path':
      return { Type: 'bind', Target, Source: mount.source, ReadOnly };
    case 'empty':
      return { Type: 'volume', Target, Source: '', ReadOnly };
    case 'named': {
      const DriverConfig = { Name: mount.driver, Options: mount.options };
      return {
        Type: 'volume',
        Target,
        Source: mount.name,
        ReadOnly,
        VolumeOptions: { NoCopy: false, Labels: {}, DriverConfig },
      };
    }
  }
}

function networkOf(mode: string, name: string | undefined): string {
  switch (mode) {
    case 'BRIDGE':
      return 'bridge';
    case 'NONE':
      return 'none';
    case 'USER':
      return name ?? 'bridge';
    default:
      return 'host';
  }
}

function commandOf({ command }: ContainerSpec): Pick<ContainerCreateOptions, 'Entrypoint' | 'Cmd'> {
  switch (command.kind) {
    case 'shell':
      return { Entrypoint: ['/bin/sh'], Cmd: ['-c', command.text] };
    case 'program':
      return { Cmd: [command.file, ...command.arguments] };
    case 'image':
      return command.arguments.length === 0 ? {} : { Cmd: [...command.arguments] };
  }
}

/** What of a running container is changed to. */
export function changedLimits(limits: ContainerLimits): object {
  const { PidsLimit: _stays, ...changed } = limitsOf({ limits });
  return changed;
}

/** Weight by cpus; memory is a hard limit, and swap does not extend it; processes as many as in containers of `linux`. */
function limitsOf({
  limits,
}: Pick<ContainerSpec, 'limits'>): Partial<Record<'CpuShares' | 'Memory' | 'MemorySwap' | 'PidsLimit', number>> {
  if (limits === undefined) return { PidsLimit: PIDS_MAX };
  const Memory = memoryLimit(limits.memoryBytes);
  return {
    PidsLimit: PIDS_MAX,
    ...(limits.cpus > 0 ? { CpuShares: cpuShares(limits) } : {}),
    ...(limits.memoryBytes > 0 ? { Memory, MemorySwap: Memory } : {}),
  };
}
