/** The client of one Docker daemon, loaded only where there is a daemon: it is much code for machines that have none. */
import { existsSync } from 'node:fs';
import { describeError, errorCode } from '@stadion/base';
import type Docker from 'dockerode';

/** Where Docker listens unless told otherwise. */
export const DOCKER_HOST_DEFAULT = 'unix:///var/run/docker.sock';

/** The daemon that answered, or why none did. */
export type Connected =
  | { readonly ok: true; readonly docker: Docker; readonly architecture: string }
  | { readonly ok: false; readonly docker: Docker | undefined; readonly problem: string };

/**
 * Looks for the daemon and asks who it is.
 * @param host as in DOCKER_HOST: `unix:///path` or `tcp://host:port`
 */
export async function connectDocker(host: string): Promise<Connected> {
  const socketPath = host.startsWith('unix://') ? host.slice('unix://'.length) : undefined;
  if (socketPath !== undefined && !existsSync(socketPath)) {
    return { ok: false, docker: undefined, problem: `no Docker daemon listens at ${socketPath}` };
  }
  const docker = await openDocker(host);
  try {
    const { Arch } = await docker.version();
    return { ok: true, docker, architecture: Arch };
  } catch (error) {
    const mayNot = errorCode(error) === 'EACCES' ? '; the agent’s user must be in the group that owns the socket' : '';
    const problem = `the Docker daemon at ${host} does not answer: ${describeError(error)}${mayNot}`;
    return { ok: false, docker, problem };
  }
}

/** A client, without asking whether anybody is there. */
export async function openDocker(host: string): Promise<Docker> {
  const { default: Client } = await import('dockerode');
  if (host.startsWith('unix://')) return new Client({ socketPath: host.slice('unix://'.length) });
  const url = new URL(host.replace(/^tcp:/, 'http:'));
  return new Client({ host: url.hostname, port: url.port === '' ? 2375 : url.port, protocol: 'http' });
}
