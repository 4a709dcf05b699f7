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
import type { SystemPorts } from './system-ports.ts';

/** What containerizers are built from. */
export interface ContainerizerParts {
  readonly workDirectory: string;
  readonly dataDirectory: string;
  /** Whether the cpus of a task are also the most it gets. */
  readonly hardCpuLimit: boolean;
  /** Where the Docker daemon listens, as in DOCKER_HOST. */
  readonly dockerHost: string;
  /** Where the machine has networks configured for CNI. */
  readonly cniConfigDir: string | undefined;
  readonly ports: SystemPorts;
  readonly log: Logger;
}

/** Each by its name, best first. */
const MAKERS: Readonly<Record<string, (parts: ContainerizerParts) => Containerizer>> = {
  linux: ({ workDirectory, dataDirectory, hardCpuLimit, cniConfigDir, ports: { time }, log }) =>
    createLinuxContainerizer({
      runtimeDirectory: join(workDirectory, 'linux'),
      hiddenDirectories: [dataDirectory, workDirectory],
      clock: time,
      timers: time,
      log,
      limits: { hardCpuLimit },
      ...(cniConfigDir === undefined ? {} : { networkConfigDirectory: cniConfigDir }),
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
