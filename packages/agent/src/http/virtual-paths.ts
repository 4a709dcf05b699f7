/** The paths under which sandboxes are known to `/files`: the real one, `…/runs/latest`, and one without the work directory. */
import { dirname } from 'node:path';
import type { AgentView } from '../agent-view.ts';
import type { Task } from '../core/task.ts';

/** A path inside an attached sandbox. */
export type ResolvedPath =
  | { readonly ok: true; readonly root: string; readonly rest: readonly string[] }
  | { readonly ok: false; readonly status: 400 | 404; readonly problem: string };

/** Finds the sandbox that a path begins with. Paths with `..` or NUL are refused before anything is looked at. */
export function resolveVirtualPath(agent: AgentView, path: string): ResolvedPath {
  if (path.includes('\0')) return { ok: false, status: 400, problem: 'The path contains a NUL character' };
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (segments.includes('..')) return { ok: false, status: 400, problem: 'The path contains ".."' };
  if (path.startsWith('/')) {
    // frameworks/<F>/executors/<E>/runs/<C or latest>/…, after the work directory or nothing.
    for (let index = 0; index + 5 < segments.length; index += 1) {
      const root = rootAt(agent, segments, index);
      if (root !== undefined) return { ok: true, root, rest: segments.slice(index + 6) };
    }
  }
  return { ok: false, status: 404, problem: 'File not found' };
}

/** All roots as `/files/debug` shows them. Tasks of a pod are below that of their executor. */
export function* virtualRoots(agent: AgentView): Iterable<readonly [string, string]> {
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
