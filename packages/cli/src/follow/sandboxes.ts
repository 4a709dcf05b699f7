/** Finds the sandbox of a task: which agent has it, and where on that agent it lies. */
import { isApiError, type AgentClient } from '@stadion/contract/client';
import { sandboxPath, type AgentState, type StateSlave, type StateTask } from '@stadion/contract/mesos-state';
import { limits } from '../limits.ts';
import type { Session } from '../platform/session.ts';

/** A place on an agent. `directory` is the path that the agent's `/files` API knows. */
export interface Sandbox {
  readonly agent: AgentClient;
  readonly directory: string;
}

/** Which task, and its agent's id where that is known. */
export interface TaskPlace {
  readonly taskId: string;
  readonly slaveId: string | undefined;
}

/** The agent may tell this caller nothing of what it runs. */
const NOT_PERMITTED = Symbol('not permitted');

/** Looks sandboxes up; the list of agents is asked for once. */
export class SandboxFinder {
  private readonly session: Session;
  private slaves: Promise<readonly StateSlave[]> | undefined;

  constructor(session: Session) {
    this.session = session;
  }

  /** The sandbox, running tasks before ended ones; undefined when no agent that answers has it. */
  async find(task: TaskPlace, signal: AbortSignal): Promise<Sandbox | undefined> {
    const slaves = await this.listSlaves(signal);
    const slaveId = task.slaveId ?? (await this.askMaster(task.taskId, signal))?.slave_id;
    const known = slaves.filter(({ id }) => id === slaveId);
    for (const slave of known.length > 0 ? known : slaves.slice(0, limits.agentsSearched)) {
      const agent = await this.session.agent(slave);
      const directory = await findDirectory(agent, task.taskId, signal);
      if (directory !== NOT_PERMITTED && directory !== undefined) return { agent, directory };
      // Whoever may read the files of some apps only may not know what else runs there.
      const known = directory === NOT_PERMITTED ? await this.askMaster(task.taskId, signal) : undefined;
      if (known?.slave_id === slave.id) return { agent, directory: sandboxPath(known) };
    }
    return undefined;
  }

  private async listSlaves(signal: AbortSignal): Promise<readonly StateSlave[]> {
    this.slaves ??= this.session
      .master()
      .then((master) => master.slaves({ signal }))
      .then((list) => list.slaves);
    const slaves = await this.slaves;
    // Agents come and go: an empty list is asked for again.
    if (slaves.length === 0) this.slaves = undefined;
    return slaves;
  }

  private async askMaster(taskId: string, signal: AbortSignal): Promise<StateTask | undefined> {
    const master = await this.session.master();
    const { tasks } = await master.tasks({ taskId, limit: 1, signal });
    return tasks.find(({ id }) => id === taskId);
  }
}

/** An agent that does not answer, or is still recovering, has nothing to show. */
async function findDirectory(
  agent: AgentClient,
  taskId: string,
  signal: AbortSignal,
): Promise<string | typeof NOT_PERMITTED | undefined> {
  let state: AgentState;
  try {
    state = await agent.state({ signal });
  } catch (error) {
    if (signal.aborted) throw error;
    return isApiError(error) && error.status === 403 ? NOT_PERMITTED : undefined;
  }
  for (const executors of [
    state.frameworks.flatMap((framework) => framework.executors),
    state.frameworks.flatMap((framework) => framework.completed_executors),
  ]) {
    const executor = executors.find(
      ({ id, tasks = [], completed_tasks: completed = [] }) =>
        id === taskId || tasks.some((task) => task.id === taskId) || completed.some((task) => task.id === taskId),
    );
    if (executor !== undefined) return executor.directory;
  }
  return undefined;
}
