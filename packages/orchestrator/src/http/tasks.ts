/** `/v2/tasks`: all tasks, and killing by task id. */
import { violation } from '../core/app/checked.ts';
import { taskIdOf } from '../core/instance.ts';
import { failure, invalidJson, json, pieces, type Answer, type Call } from './answer.ts';
import { writeTasks } from './app-tasks.ts';
import type { Handlers, HandlerContext } from './handler-context.ts';
import { killAndScale, killTasks, readKillMode } from './kill.ts';
import { plainTasks, wantsPlainTasks } from './plain-tasks.ts';
import { wantsExtensions } from './query.ts';
import { wrapped } from './read-apps.ts';
import { readObject } from './read-body.ts';
import { canEnd, isPlaced, stateOf, type PlacedInstance } from './task-view.ts';

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
/** Every form that Marathon's task ids ever had. */
const TASK_ID = new RegExp(`^[^/\\s]+[._](?:instance-|marathon-)?${UUID}(?:\\.[^./\\s]+)?(?:\\.\\d+)?$`);

/** Handlers for tasks of all apps. */
export function taskHandlers(context: HandlerContext): Pick<Handlers, 'listTasks' | 'deleteTasks'> {
  return {
    listTasks: (call) =>
      wantsPlainTasks(call)
        ? plainTasks(context.engine.view, context.engine.view.root.apps(), call)
        : pieces(200, wrapped('tasks', listTasks(context, call))),
    deleteTasks: (call) => deleteTasks(context, call),
  };
}

function* listTasks({ engine, apps }: HandlerContext, call: Call): Generator<string> {
  const { view } = engine;
  const { query } = call;
  const asked = [...query.getAll('status'), ...query.getAll('status[]')];
  const states = new Set(asked.flatMap((status) => STATES_BY_STATUS.get(status) ?? []));
  const selects = (instance: PlacedInstance): boolean => states.size === 0 || states.has(stateOf(instance));
  // A copy: the list is written in several turns, during which apps come and go.
  yield* writeTasks(apps, [...view.root.apps()], {
    withServicePorts: true,
    selects,
    extensions: wantsExtensions(call),
  });
}

const STATES_BY_STATUS: ReadonlyMap<string, readonly string[]> = new Map([
  ['running', ['TASK_RUNNING']],
  ['staging', ['TASK_STAGING']],
]);

async function deleteTasks(context: HandlerContext, call: Call): Promise<Answer> {
  const mode = readKillMode(call);
  if (!mode.ok) return mode.answer;
  const body = readObject(call.request);
  if (!body.ok) return body.answer;
  const { ids } = body.value;
  if (ids === undefined) return invalidJson([violation('/ids', 'error.path.missing')]);
  if (!Array.isArray(ids)) return invalidJson([violation('/ids', 'error.expected.jsarray')]);
  const taskIds = new Set<string>();
  for (const [index, id] of ids.entries()) {
    if (typeof id !== 'string') return invalidJson([violation(`/ids(${String(index)})`, 'error.expected.jsstring')]);
    if (!TASK_ID.test(id)) return failure(400, { message: `Invalid task id '${id}'` });
    taskIds.add(id);
  }
  const chosen = [...taskIds].flatMap((id): readonly PlacedInstance[] => {
    const instance = context.engine.view.instanceByTaskId(id);
    if (instance === undefined || !isPlaced(instance) || taskIdOf(instance) !== id) return [];
    return canEnd(instance, mode) ? [instance] : [];
  });
  if (mode.scale) return killAndScale(context, chosen, call);
  const killed = await killTasks(context, chosen, mode);
  return killed.ok ? json(200, { tasks: killed.tasks }) : killed.answer;
}
