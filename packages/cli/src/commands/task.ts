/** `stadion task list|kill`. */
import type { OrchestratorClient } from '@stadion/contract/client';
import { safeText } from '../core/safe-text.ts';
import { instanceLabel, matchTasks } from '../core/task-names.ts';
import { plural } from '../core/why.ts';
import { EXIT } from '../exit-codes.ts';
import { notFound, usageError } from '../report-error.ts';
import { carryOut, changeOptions, forceOf } from './changing.ts';
import type { CommandSpec } from './command.ts';
import { getApp, taskHint } from './lookup.ts';
import { taskTable } from './views.ts';

/** The commands. */
export const taskCommands: readonly CommandSpec[] = [
  {
    path: 'task list',
    arguments: '[app]',
    summary: 'list the tasks, of all apps or of one',
    completes: 'app',
    async run(call) {
      const { printer, time } = call.session;
      const client = await call.session.orchestrator();
      const [app] = call.arguments;
      const tasks = app === undefined ? (await client.listTasks()).tasks : ((await getApp(client, app)).tasks ?? []);
      printer.answer(
        tasks,
        () => taskTable(printer, tasks, time.now()),
        tasks.map(({ id }) => id),
      );
      return EXIT.ok;
    },
  },
  {
    path: 'task kill',
    arguments: '<task...>',
    summary: 'kill tasks; their app starts others in their place, unless --scale',
    completes: 'task',
    options: [
      { flags: '--scale', description: 'lower the number of instances by those that are killed' },
      { flags: '--wipe', description: 'give up their reservations and volumes as well' },
      ...changeOptions,
    ],
    async run(call) {
      const { printer } = call.session;
      if (call.isSet('scale') && call.isSet('wipe')) throw usageError('--scale and --wipe exclude each other.');
      const client = await call.session.orchestrator();
      const ids = await findTaskIds(client, call.arguments);
      if (call.isSet('scale')) {
        return await carryOut(call, `told ${plural(ids.length, 'task')} to end`, async () => {
          const result = await client.deleteTasks({ query: { scale: true, ...forceOf(call) }, body: { ids } });
          if ('deploymentId' in result) return result;
          throw notFound('None of these tasks is running any more.', '');
        });
      }
      const query = call.isSet('wipe') ? { wipe: true } : {};
      const result = await client.deleteTasks({ query, body: { ids } });
      const killed = 'tasks' in result ? result.tasks : [];
      printer.answer(
        killed,
        () => [
          `Told ${plural(killed.length, 'task')} to end: ${killed.map(({ id }) => safeText(instanceLabel(id))).join(', ')}`,
        ],
        killed.map(({ id }) => id),
      );
      return EXIT.ok;
    },
  },
  {
    path: 'task freeze',
    arguments: '<task>',
    summary: 'take a task out of rotation and keep it to be looked at; another is started in its place',
    completes: 'task',
    async run(call) {
      const { printer } = call.session;
      const client = await call.session.orchestrator();
      const [id = ''] = await findTaskIds(client, call.arguments);
      const appId = (await client.listTasks()).tasks.find((task) => task.id === id)?.appId ?? '';
      const { task } = await client.freezeTask({ params: { id: appId, taskId: id } });
      printer.answer(
        task,
        () => [`Frozen: ${safeText(task.id)}. When you are done: stadion task kill ${safeText(task.id)}`],
        [task.id],
      );
      return EXIT.ok;
    },
  },
];

/** The full ids of the tasks that are meant. @throws when one fits none, or several */
export async function findTaskIds(client: OrchestratorClient, written: readonly string[]): Promise<string[]> {
  const { tasks } = await client.listTasks();
  return written.map((name) => {
    const matches = matchTasks(tasks, name);
    const [match, second] = matches;
    if (match === undefined) throw notFound(`There is no task ${name}.`, taskHint(name, tasks));
    if (second !== undefined) {
      throw usageError(`'${name}' fits ${matches.length} tasks, e.g. ${match.id} and ${second.id}. Write more of it.`);
    }
    return match.id;
  });
}
