/** Commands inside a container of the runtime: in its namespaces and control groups, with its rights. */
import { PlatformError } from '@stadion/base';
import type { ExecOutcome, ExecRequest } from '../../ports/containerizer.ts';
import { spawnSession } from '../exec-session.ts';
import { resolveTaskUser } from '../system-users.ts';
import type { Runtime } from './runtime.ts';

/** @param containerId undefined when it does not run */
export async function startLinuxExec(
  runtime: Runtime,
  containerId: string | undefined,
  request: ExecRequest,
): Promise<ExecOutcome> {
  if (containerId === undefined) return { ok: false, message: 'The task does not run' };
  const { environment, directory, terminal } = request;
  try {
    const user = await resolveTaskUser(request.user);
    const options = [
      ...(terminal === undefined ? [] : ['--tty']),
      ...(directory === undefined ? [] : ['--cwd', directory]),
      ...(user === undefined ? [] : ['--user', `${user.uid}:${user.gid}`]),
      ...Object.entries(environment).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    ];
    return await spawnSession({
      argv: [...runtime.execCommand(containerId, options), ...request.argv],
      environment: { PATH: process.env['PATH'] ?? '' },
      directory: undefined,
      terminal,
      user: () => Promise.resolve(undefined),
    });
  } catch (error) {
    if (error instanceof PlatformError) return { ok: false, message: error.message };
    throw error;
  }
}
