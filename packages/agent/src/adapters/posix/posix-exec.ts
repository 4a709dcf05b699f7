/** Commands beside a plain process: in its directory, as its user, marked as belonging to its container. */
import { describeError, type Timers } from '@stadion/base';
import type { ExecOutcome, ExecRequest } from '../../ports/containerizer.ts';
import { spawnSession } from '../exec-session.ts';
import { CONTAINER_VARIABLE } from '../supervised/process-table.ts';
import { resolveTaskUser } from '../system-users.ts';

/** Starts a command. */
export async function startPosixExec(containerId: string, request: ExecRequest, timers: Timers): Promise<ExecOutcome> {
  const { user: name, ...rest } = request;
  try {
    const user = await resolveTaskUser(name);
    const environment = { ...request.environment, [CONTAINER_VARIABLE]: containerId };
    return await spawnSession({ ...rest, environment }, user, timers);
  } catch (error) {
    return { ok: false, message: describeError(error) };
  }
}
