/** `/v2/apps/{id}/tasks`: list and kill the tasks of an app. */
import { resolveId } from '../core/app/app-id.ts';
import { noSuchApp } from '../core/root/change.ts';
import { taskIdOf } from '../core/instance.ts';
import { failure, json, pieces, rejection, type Answer, type Call } from './answer.ts';
import type { AppView, TaskListOptions } from './app-view.ts';
import type { Handlers, HandlerContext } from './handler-context.ts';
import { killAndScale, killTasks, readKillMode } from './kill.ts';
import { plainTasks, wantsPlainTasks } from './plain-tasks.ts';
import { wantsExtensions } from './query.ts';
import { readTarget, wrapped } from './read-apps.ts';
import { parameter } from './route-table.ts';
import { canEnd, isPlaced, agentPlaceOf, taskView } from './task-view.ts';
import type { AppDefinition } from '@stadion/contract/orchestrator';

/** Handlers for the tasks of one app. */
export function appTaskHandlers(
  context: HandlerContext,
): Pick<Handlers, 'listAppTasks' | 'killAppTasks' | 'killAppTask'> {
  const { view } = context.engine;
  return {
    listAppTasks(call) {
      const target = readTarget(view, parameter(call.parameters, 'id'));
      if (!target.ok) return target.answer;
      if (wantsPlainTasks(call)) return plainTasks(view, target.apps, call);
      const options = { extensions: wantsExtensions(call) };
      return pieces(200, wrapped('tasks', writeTasks(context.apps, target.apps, options)));
    },
    killAppTasks: (call) => killAll(context, call),
    killAppTask: (call) => killOne(context, call),
  };
}

/** The tasks of several apps, separated by commas. */
export function* writeTasks(
  apps: AppView,
  definitions: Iterable<AppDefinition>,
  options: TaskListOptions = {},
): Generator<string> {
  let isFirst = true;
  for (const app of definitions) {
    for (const text of apps.writeTasks(app, { ...options, isFirst })) {
      isFirst = false;
      yield text;
    }
    // Nothing to send, but a moment to let others work: thousands of apps may have no task at all.
    yield '';
  }
}

async function killAll(context: HandlerContext, call: Call): Promise<Answer> {
  const mode = readKillMode(call);
  if (!mode.ok) return mode.answer;
  const { view } = context.engine;
  const id = resolveId(parameter(call.parameters, 'id'));
  if (view.root.app(id) === undefined) return rejection(noSuchApp(id).rejection);
  const placed = view
    .instances(id)
    .filter(isPlaced)
    .filter((instance) => canEnd(instance, mode));
  if (mode.scale && placed.length === 0) return failure(404, { message: `Path '${id}' does not exist` });
  const host = call.query.get('host') ?? '*';
  const chosen = placed.filter((instance) => host === '*' || agentPlaceOf(instance).hostname === host);
  if (mode.scale) return killAndScale(context, chosen, call);
  const killed = await killTasks(context, chosen, mode);
  return killed.ok ? json(200, { tasks: killed.tasks }) : killed.answer;
}

async function killOne(context: HandlerContext, call: Call): Promise<Answer> {
  const mode = readKillMode(call);
  if (!mode.ok) return mode.answer;
  const { view } = context.engine;
  const id = resolveId(parameter(call.parameters, 'id'));
  const app = view.root.app(id);
  if (app === undefined) return rejection(noSuchApp(id).rejection);
  const taskId = parameter(call.parameters, 'taskId');
  const chosen = view
    .instances(id)
    .filter(isPlaced)
    .find((instance) => taskIdOf(instance) === taskId);
  if (chosen === undefined) return failure(404, { message: `Task '${taskId}' does not exist` });
  if (mode.scale) return killAndScale(context, [chosen], call);
  const killed = await killTasks(context, [chosen], mode);
  // One that was told to end before is told no second time; it is the answer all the same.
  return killed.ok ? json(200, { task: killed.tasks[0] ?? taskView(chosen, app) }) : killed.answer;
}
