/** What tasks of this machine run in: the wanted containerizers, composed into one. */
import { join } from 'node:path';
import { PlatformError, type Logger } from '@stadion/base';
import {
  createComposedContainerizer,
  createLinuxContainerizer,
  createDockerContainerizer,
  createPosixContainerizer,
  type Containerizer,
} from '@stadion/agent/containerizers';
import type { ServerConfig } from '@stadion/contract';
import type { SystemPorts } from './system-ports.ts';

/** What the operator says of containers of Linux. */
export type ContainerSettings = Pick<
  ServerConfig,
  'hardCpuLimit' | 'cniConfigDir' | 'allowedCapabilities' | 'seccompConfigDir' | 'gpuDevices' | 'gpuSharedDevices'
>;

/** What containerizers are built from. */
export interface ContainerizerParts {
  readonly workDirectory: string;
  /** That of the work directory, for what is elsewhere on the machine. */
  readonly ownName: string;
  readonly dataDirectory: string;
  readonly settings: ContainerSettings;
  /** The agent's own, for what must not get onto a disk. */
  readonly memoryDirectory: string;
  /** Where the Docker daemon listens, as in DOCKER_HOST. */
  readonly dockerHost: string;
  readonly ports: SystemPorts;
  readonly log: Logger;
}

/** Each by its name, best first. */
const MAKERS: Readonly<Record<string, (parts: ContainerizerParts) => Containerizer>> = {
  linux: ({ workDirectory, ownName, dataDirectory, settings, memoryDirectory, ports: { time }, log }) =>
    createLinuxContainerizer({
      runtimeDirectory: join(workDirectory, 'linux'),
      ownName: join(ownName, 'linux'),
      hiddenDirectories: [dataDirectory, workDirectory],
      memoryDirectory: `${memoryDirectory}-bundles`,
      clock: time,
      timers: time,
      log,
      ...linuxOptions(settings),
    }),
  docker: ({ workDirectory, dockerHost, ports: { time, random }, log }) =>
    createDockerContainerizer({
      host: dockerHost,
      runtimeDirectory: join(workDirectory, 'docker'),
      clock: time,
      timers: time,
      random: random.stream('docker'),
      log,
    }),
  posix: ({ workDirectory, ports: { time }, log }) =>
    createPosixContainerizer({
      runtimeDirectory: join(workDirectory, 'runtime'),
      clock: time,
      timers: time,
      log,
    }),
};

/**
 * Makes them; which of them work here is found out when the agent starts.
 * @param wanted names in order, separated by commas; undefined: all
 * @throws PlatformError `flag-invalid` for a name that is none
 */
export function buildContainerizer(wanted: string | undefined, parts: ContainerizerParts): Containerizer {
  const known = Object.keys(MAKERS);
  const names = wanted === undefined ? known : wanted.split(',').map((name) => name.trim());
  const containerizers = [...new Set(names)].map((name) => {
    const make = Object.hasOwn(MAKERS, name) ? MAKERS[name] : undefined;
    if (make !== undefined) return make(parts);
    throw new PlatformError(
      'flag-invalid',
      `--containerizers knows no "${name}": name some of ${known.join(', ')}, separated by commas.`,
    );
  });
  return createComposedContainerizer({ containerizers, log: parts.log });
}

function linuxOptions(settings: ContainerSettings) {
  const { hardCpuLimit, cniConfigDir, seccompConfigDir, gpuDevices, gpuSharedDevices } = settings;
  return {
    limits: { hardCpuLimit },
    moreCapabilities: listOf(settings.allowedCapabilities).map((name) => `CAP_${name.replace(/^CAP_/, '')}`),
    gpus: { devices: listOf(gpuDevices), shared: listOf(gpuSharedDevices) },
    ...(cniConfigDir === undefined ? {} : { networkConfigDirectory: cniConfigDir }),
    ...(seccompConfigDir === undefined ? {} : { seccompDirectory: seccompConfigDir }),
  };
}

/** The items of `a, b`. */
export function listOf(text: string | undefined): readonly string[] {
  return (text ?? '').split(',').flatMap((item) => (item.trim() === '' ? [] : [item.trim()]));
}
