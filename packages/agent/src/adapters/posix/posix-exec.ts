/** Commands beside a plain process: in its directory, as its user, marked as belonging to its container. */
import type { ExecOutcome, ExecRequest } from '../../ports/containerizer.ts';
import { spawnSession } from '../exec-session.ts';
import { CONTAINER_VARIABLE } from '../supervised/process-table.ts';
import { resolveTaskUser } from '../system-users.ts';

/** Starts a command. */
export async function startPosixExec(containerId: string, request: ExecRequest): Promise<ExecOutcome> {
  const { argv, environment, directory, terminal } = request;
  return spawnSession({
    argv,
    environment: { ...environment, [CONTAINER_VARIABLE]: containerId },
    directory,
    terminal,
    user: () => resolveTaskUser(request.user),
  });
}
