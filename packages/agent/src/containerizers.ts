/** What tasks run in: the real containerizers, and several as one. */
export {
  createComposedContainerizer,
  type ComposedContainerizerOptions,
} from './adapters/composed/composed-containerizer.ts';
export { createDockerContainerizer, type DockerContainerizerOptions } from './adapters/docker/docker-containerizer.ts';
export { DOCKER_HOST_DEFAULT } from './adapters/docker/docker-client.ts';
export { createLinuxContainerizer } from './adapters/linux/linux-containerizer.ts';
export type { LinuxContainerizerOptions } from './adapters/linux/linux-options.ts';
export { createPosixContainerizer, type PosixContainerizerOptions } from './adapters/posix/posix-containerizer.ts';
export { withDiskLimits, type DiskLimitOptions } from './adapters/disk-limits/disk-limits.ts';
export type { Containerizer } from './ports/containerizer.ts';
export { withSecrets, type SecretContainerizerOptions } from './adapters/secrets/secret-containerizer.ts';
export type { FoundSecret, SecretSource } from './ports/secrets.ts';
