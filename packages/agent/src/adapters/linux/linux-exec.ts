/** Commands inside a container of the runtime: in its namespaces and control groups, with its rights. */
import { describeError, type Timers } from '@stadion/base';
import type { ExecOutcome, ExecRequest } from '../../ports/containerizer.ts';
import { spawnSession } from '../exec-session.ts';
import { resolveTaskUser } from '../system-users.ts';
import type { Runtime } from './runtime.ts';

/** @param containerId undefined when it does not run */
export async function startLinuxExec(
  runtime: Runtime,
  containerId: string | undefined,
  request: ExecRequest,
  timers: Timers,
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
    const argv = [...runtime.execCommand(containerId, options), ...request.argv];
    const own = { argv, environment: runtime.environment };
    return await spawnSession(terminal === undefined ? own : { ...own, terminal }, undefined, timers);
  } catch (error) {
    return { ok: false, message: describeError(error) };
  }
}
