/** Makes the configuration of a container from what the agent wants and what the machine has. */
import { hostname } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import type { Confinement } from '../../core/oci/confinement.ts';
import { runtimeSpec, type RuntimeDevice, type RuntimeMount, type RuntimeUser } from '../../core/oci/runtime-spec.ts';
import type { SeccompProfile } from '../../core/oci/seccomp.ts';
import { terminalOf } from '../../core/terminal.ts';
import type { ContainerSpec } from '../../ports/containerizer.ts';
import { CONTAINER_VARIABLE } from '../supervised/process-table.ts';
import type { Cgroups } from './cgroups.ts';
import { tmpfs } from './host-root.ts';
import { findInit, INIT_PROGRAMS } from './runtime.ts';

/** What a container runs on. */
export interface BundleRoot {
  readonly path: string;
  readonly readOnly: boolean;
  readonly mounts: readonly RuntimeMount[];
  readonly user: RuntimeUser;
  /** All of it. */
  readonly environment: Readonly<Record<string, string>>;
  /** The sandbox as seen inside. */
  readonly sandbox: string;
  /** Where the command starts. */
  readonly directory: string;
  /** What runs, without an init. */
  readonly argv: readonly string[];
}

/** What a container shares with others, or has of its own instead of what the machine has. */
export interface BundleNamespaces {
  /** Paths of namespaces; absent: the network of the machine, and an IPC namespace of its own. */
  readonly network?: string;
  readonly ipc?: string;
  readonly hostname: string;
  /** Files like /etc/hosts that go with it. */
  readonly mounts: readonly RuntimeMount[];
}

/** How containers of this agent are limited, beyond what each was granted. */
export interface BundleLimits {
  readonly pidsMax: number;
  /** RLIMIT_NOFILE, and bytes of /dev/shm, where a task says nothing. */
  readonly filesMax: number;
  readonly shmBytes: number;
  readonly hardCpuLimit: boolean;
}

/** How a container is kept apart. */
export interface BundleConfinement extends Confinement {
  readonly profile: SeccompProfile | undefined;
  readonly devices: readonly RuntimeDevice[];
}

/** The init inside; /dev is every container's own, so that nothing of it shows in an image. */
const INIT_INSIDE = '/dev/.init';

/** `config.json`, as an object. @param sharedProcesses the path of the process namespace that it shares, if any */
export function makeBundle(
  spec: ContainerSpec,
  root: BundleRoot,
  confinement: BundleConfinement,
  namespaces: BundleNamespaces | undefined,
  cgroups: Cgroups,
  limits: BundleLimits,
  sharedProcesses?: string,
): object {
  const terminal = terminalOf(spec.container);
  const environment = {
    ...(terminal === undefined ? {} : { TERM: 'xterm' }),
    ...root.environment,
    [CONTAINER_VARIABLE]: spec.containerId,
  };
  return runtimeSpec({
    terminal: terminal !== undefined,
    argv: [INIT_INSIDE, '--', ...root.argv],
    environment,
    directory: root.directory,
    user: root.user,
    root: { path: root.path, readOnly: root.readOnly || confinement.readOnlyRoot },
    mounts: [
      ...root.mounts,
      ...confinement.tmpfs.map(({ path, bytes }) =>
        tmpfs(path, ['mode=1777', ...(bytes === undefined ? [] : [`size=${bytes}`])]),
      ),
      {
        destination: INIT_INSIDE,
        type: 'bind',
        source: findInit() ?? INIT_PROGRAMS.join(' or '),
        options: ['bind', 'ro'],
      },
      { destination: root.sandbox, type: 'bind', source: spec.directory, options: ['rbind', 'rprivate', 'rw'] },
      ...(namespaces?.mounts ?? []),
      ...volumeMounts(spec, root.sandbox),
    ],
    hostname: confinement.hostname ?? namespaces?.hostname ?? hostname(),
    cgroupsPath: cgroups.path(spec.containerId),
    namespaces: {
      network: namespaces?.network === undefined ? 'host' : { path: namespaces.network },
      pid: sharedProcesses === undefined ? 'private' : { path: sharedProcesses },
      ipc: namespaces?.ipc === undefined || confinement.ipc === 'own' ? 'private' : { path: namespaces.ipc },
    },
    limits: spec.limits,
    hardCpuLimit: limits.hardCpuLimit,
    limitsSwap: cgroups.limitsSwap,
    killsGroups: cgroups.version === 2,
    pidsMax: limits.pidsMax,
    capabilities: confinement,
    seccomp: confinement.profile,
    rlimits: confinement.rlimits,
    devices: confinement.devices,
    shmBytes: confinement.shmBytes,
  });
}

/** A directory of the machine or of the sandbox as a volume: where it is, and where it appears inside. */
export interface BundleVolume {
  readonly source: string;
  readonly destination: string;
  readonly readOnly: boolean;
  /** Whether it is in the sandbox, where it may be made. */
  readonly isInSandbox: boolean;
}

/** The volumes of a container: those the agent resolved, and those of the machine. */
export function volumesOf(spec: ContainerSpec, sandbox: string): readonly BundleVolume[] {
  const inside = (path: string): string => (isAbsolute(path) ? path : join(sandbox, path));
  const resolved = (spec.mounts ?? []).map(({ source, containerPath, readOnly }) => {
    return { source, destination: inside(containerPath), readOnly, isInSandbox: false };
  });
  const known = new Set(resolved.map(({ destination }) => destination));
  const ofMachine = (spec.container?.volumes ?? []).flatMap((volume): BundleVolume[] => {
    const path = volume.host_path ?? volume.source?.host_path?.path;
    const destination = inside(volume.container_path);
    if (path === undefined || known.has(destination)) return [];
    return [
      {
        source: resolve(spec.directory, path),
        destination,
        readOnly: volume.mode === 'RO',
        isInSandbox: !isAbsolute(path),
      },
    ];
  });
  return [...resolved, ...ofMachine];
}

function volumeMounts(spec: ContainerSpec, sandbox: string): RuntimeMount[] {
  return volumesOf(spec, sandbox).map(({ source, destination, readOnly }) => {
    return { destination, type: 'bind', source, options: ['rbind', 'rslave', readOnly ? 'rro' : 'rw'] };
  });
}
