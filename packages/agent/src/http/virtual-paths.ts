/**
 * The paths under which sandboxes are known to `/files`: the real one, `…/runs/latest`, and one without the work directory;
 * and that of the agent's own log.
 */
import { dirname } from 'node:path';
import type { VirtualFiles } from '@stadion/base/virtual-files';
import type { AgentView } from '../agent-view.ts';
import type { Task } from '../core/task.ts';

/** Where Mesos's agents show their own log. */
const LOG_PATH = '/slave/log';

/**
 * What an agent shows: sandboxes, and its own log.
 * @param log path of the file; undefined: it has none
 */
export function agentFiles(agent: AgentView, log: string | undefined): VirtualFiles {
  return {
    resolve(segments) {
      if (log !== undefined && `/${segments.join('/')}` === LOG_PATH) return { root: log, rest: [] };
      // frameworks/<F>/executors/<E>/runs/<C or latest>/…, after the work directory or nothing.
      for (let index = 0; index + 5 < segments.length; index += 1) {
        const root = rootAt(agent, segments, index);
        if (root !== undefined) return { root, rest: segments.slice(index + 6) };
      }
      return undefined;
    },
    *roots() {
      if (log !== undefined) yield [LOG_PATH, log];
      yield* sandboxRoots(agent);
    },
  };
}

/** Tasks of a pod are below the root of their executor. */
function* sandboxRoots(agent: AgentView): Iterable<readonly [string, string]> {
  const seen = new Set<string>();
  const rootsOf = function* (task: Task, agentId: string | undefined): Iterable<readonly [string, string]> {
    const { root, executorId } = executorRoot(agent, task, agentId);
    if (seen.has(root)) return;
    seen.add(root);
    yield [root, root];
    yield [`${dirname(root)}/latest`, root];
    yield [`/frameworks/${task.frameworkId}/executors/${executorId}/runs/latest`, root];
  };
  for (const task of agent.tasks()) yield* rootsOf(task, undefined);
  for (const { task, agentId } of agent.endedTasks()) yield* rootsOf(task, agentId);
}

/** The directory and the name of a task's executor: its pod's, or its own. */
function executorRoot(
  agent: AgentView,
  task: Task,
  agentId: string | undefined,
): { readonly root: string; readonly executorId: string } {
  const executorId = task.pod?.executor.executor_id.value ?? task.info.task_id.value;
  return { root: agent.podDirectoryOf(task, agentId) ?? agent.sandboxOf(task, agentId), executorId };
}

function rootAt(agent: AgentView, segments: readonly string[], index: number): string | undefined {
  const [frameworks, frameworkId = '', executors, executorId = '', runs, run] = segments.slice(index, index + 6);
  if (frameworks !== 'frameworks' || executors !== 'executors' || runs !== 'runs') return undefined;
  const found = agent.findTask(frameworkId, executorId) ?? agent.findExecutor(frameworkId, executorId);
  if (found === undefined) return undefined;
  const { root } = executorRoot(agent, found.task, found.agentId);
  if (index === 0) return run === 'latest' ? root : undefined;
  const asked = `/${segments.slice(0, index + 6).join('/')}`;
  const isRun = asked === root;
  const isLatest = run === 'latest' && asked === `${dirname(root)}/latest`;
  return isRun || isLatest ? root : undefined;
}
