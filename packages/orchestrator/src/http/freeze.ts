/** Freezing a task: out of rotation, kept to be looked at, replaced. */
import { resolveId } from '../core/app/app-id.ts';
import { taskIdOf } from '../core/instance.ts';
import { noSuchApp } from '../core/root/change.ts';
import { failure, json, rejection } from './answer.ts';
import type { Handlers, HandlerContext } from './handler-context.ts';
import { parameter } from './route-table.ts';
import { isPlaced, taskView } from './task-view.ts';

/** The handler. */
export function freezeHandlers({ engine }: HandlerContext): Pick<Handlers, 'freezeTask'> {
  return {
    async freezeTask({ parameters }) {
      const id = resolveId(parameter(parameters, 'id'));
      const app = engine.view.root.app(id);
      if (app === undefined) return rejection(noSuchApp(id).rejection);
      const taskId = parameter(parameters, 'taskId');
      const chosen = engine.view.instances(id).find((one) => isPlaced(one) && taskIdOf(one) === taskId);
      if (chosen === undefined) return failure(404, { message: `Task '${taskId}' does not exist` });
      const outcome = await engine.freezeInstance(chosen.id);
      if (!outcome.ok) return rejection(outcome.rejection);
      return json(200, { task: isPlaced(outcome.value) ? taskView(outcome.value, app) : undefined });
    },
  };
}
