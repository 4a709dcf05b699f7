/** A platform whose agent has a Docker daemon of the test's own, with the images that suites use. */
import { DockerDaemon, withBusyboxTree } from '@stadion/agent/testing';
import { RunningPlatform } from './running-platform.ts';

const missing = (process.env['STADION_MISSING_PARTS'] ?? '').split(',');

/** Whether Docker can run here. */
export const hasDocker =
  process.getuid?.() === 0 && !['docker', 'busybox', 'curl', 'iproute2'].some((part) => missing.includes(part));

/** A busybox with a shell and the usual commands. */
export const BUSYBOX = 'busybox:test';

/** Starts both. @param flags further flags of `stadion up` */
export async function startDockerPlatform(
  flags: readonly string[] = [],
): Promise<{ readonly daemon: DockerDaemon; readonly platform: RunningPlatform; dispose(): Promise<void> }> {
  const daemon = await DockerDaemon.start();
  await withBusyboxTree((folder) => daemon.importImage(folder, BUSYBOX));
  const platform = await RunningPlatform.start([
    '--containerizers',
    'docker,posix',
    '--docker-host',
    daemon.host,
    ...flags,
  ]);
  return {
    daemon,
    platform,
    dispose: async () => {
      await platform.dispose();
      await daemon.stop();
    },
  };
}

/** A Docker app of one line of shell. */
export function dockerApp(id: string, cmd: string, changes: object = {}): Record<string, unknown> {
  return {
    id,
    cmd,
    cpus: 0.01,
    mem: 32,
    container: { type: 'DOCKER', docker: { image: BUSYBOX } },
    portDefinitions: [],
    ...changes,
  };
}
