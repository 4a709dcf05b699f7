/** `stadion logs`: what the instances of an app, or one task, have written. */
import { PlatformError } from '@stadion/base';
import { isApiError, type OrchestratorClient } from '@stadion/contract/client';
import type { AppInfo, Task } from '@stadion/contract/orchestrator';
import { isTerminal, type TaskState } from '@stadion/contract/mesos';
import { appId } from '../core/app-condition.ts';
import { safeLogLine, safeText } from '../core/safe-text.ts';
import { didYouMean } from '../core/suggestions.ts';
import { instanceLabel, matchTasks } from '../core/task-names.ts';
import { EXIT } from '../exit-codes.ts';
import { LogFollower, type LogListener } from '../follow/log-follower.ts';
import { SandboxFinder, type TaskPlace } from '../follow/sandboxes.ts';
import { reasonOf, waitFor } from '../follow/waiting.ts';
import { limits } from '../limits.ts';
import { tagStyle } from '../output/style.ts';
import type { Session } from '../platform/session.ts';
import { notFound } from '../report-error.ts';
import type { CommandSpec } from './command.ts';

const LAST_LINES = 20;

/** The command. */
export const logsCommands: readonly CommandSpec[] = [
  {
    path: 'logs',
    arguments: '<app-or-task>',
    summary: 'print the last lines of all instances of an app, or of one task',
    completes: 'app-or-task',
    options: [
      { flags: '-f, --follow', description: 'go on with what is added, and with new instances' },
      {
        flags: '-n, --lines <count>',
        description: `how many of the last lines of each instance (default: ${LAST_LINES})`,
      },
      { flags: '--stderr', description: 'the error output instead of the output' },
    ],
    examples: ['stadion logs -f /shop', 'stadion logs -n 100 --stderr shop.7d2c0a1e'],
    async run(call) {
      const { session } = call;
      const client = await session.orchestrator();
      const signal = session.ports.interruption();
      const target = await findTarget(session, client, call.argument(0));
      const follower = new LogFollower({
        finder: new SandboxFinder(session),
        timers: session.time,
        signal,
        file: call.isSet('stderr') ? 'stderr' : 'stdout',
        lastLines: call.count('lines') ?? LAST_LINES,
        listener: listenerOf(session),
      });
      for (const place of target.places) follower.add(place);
      if (!call.isSet('follow')) {
        const missing = await follower.readOnce();
        for (const id of missing) session.printer.remark(`The log of ${id} is not there any more, or not yet.`);
        return missing.length > 0 && missing.length === target.places.length ? EXIT.error : EXIT.ok;
      }
      await follow(session, client, follower, target, signal);
      return EXIT.ok;
    },
  },
];

/** What is to be read. `app` is set when instances of it may come and go. */
interface LogTarget {
  readonly app: string | undefined;
  readonly places: readonly TaskPlace[];
}

async function findTarget(session: Session, client: OrchestratorClient, written: string): Promise<LogTarget> {
  const app = await findApp(client, written);
  if (app !== undefined) return { app: app.id, places: placesOf(session, app) };
  const { tasks } = await client.listTasks();
  const [task] = matchTasks(tasks, written);
  if (task !== undefined) return { app: undefined, places: [placeOf(task)] };
  // Perhaps a task that has ended: its sandbox stays for a while.
  const place: TaskPlace = { taskId: written, slaveId: undefined };
  const sandbox = await new SandboxFinder(session).find(place, session.ports.interruption());
  if (sandbox !== undefined) return { app: undefined, places: [place] };
  const { apps } = await client.listApps();
  const names = [...apps.map(({ id }) => id), ...tasks.map(({ id }) => instanceLabel(id))];
  throw notFound(`There is no app or task '${written}'.`, didYouMean(written, names) || 'See: stadion app list');
}

async function findApp(client: OrchestratorClient, written: string): Promise<AppInfo | undefined> {
  try {
    return (await client.getApp({ params: { id: appId(written) } })).app;
  } catch (error) {
    if (isApiError(error) && (error.status === 404 || error.status === 422)) return undefined;
    throw error;
  }
}

/** The instances of an app; when it has none, the one that failed last. */
function placesOf({ printer }: Session, app: AppInfo): TaskPlace[] {
  const tasks = app.tasks ?? [];
  if (tasks.length > 0) return tasks.map(placeOf);
  const failure = app.lastTaskFailure;
  if (failure === undefined) {
    printer.remark(`${app.id} has no instances. See why with: stadion app why ${app.id}`);
    return [];
  }
  printer.remark(`${app.id} has no instances; this is the one that failed last: ${failure.state} ${failure.message}`);
  return [{ taskId: failure.taskId, slaveId: failure.slaveId }];
}

function placeOf(task: Task): TaskPlace {
  return { taskId: task.id, slaveId: task.slaveId };
}

/** Follows until Ctrl-C, or until the one task has ended; both are a proper end. */
async function follow(
  session: Session,
  client: OrchestratorClient,
  follower: LogFollower,
  target: LogTarget,
  signal: AbortSignal,
): Promise<void> {
  const done = new AbortController();
  const watching = AbortSignal.any([signal, done.signal]);
  const watchers = [
    watchEvents(client, follower, target, watching),
    watchTasks(session, client, follower, target, watching),
  ].map((watcher) => watcher.catch(() => undefined));
  try {
    await follower.follow({ untilAllEnded: target.app === undefined });
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    done.abort(new PlatformError('closed', 'No longer following.'));
    await Promise.all(watchers);
  }
}

async function watchEvents(
  client: OrchestratorClient,
  follower: LogFollower,
  target: LogTarget,
  signal: AbortSignal,
): Promise<void> {
  const events = await client.events({ types: ['status_update_event'], signal });
  for await (const event of events) {
    if (event.eventType !== 'status_update_event') continue;
    if (isTerminal(event.taskStatus)) follower.end(event.taskId);
    else if (event.appId === target.app) follower.add({ taskId: event.taskId, slaveId: event.slaveId });
  }
}

/** The backstop, should events be missed: new instances are found late, but found. */
async function watchTasks(
  session: Session,
  client: OrchestratorClient,
  follower: LogFollower,
  target: LogTarget,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await waitFor(session.time, limits.instancePollMs, signal);
    try {
      const { tasks } = await client.listTasks({ signal });
      const running = new Map(tasks.map((task) => [task.id, task]));
      for (const task of tasks) if (task.appId === target.app) follower.add(placeOf(task));
      for (const id of follower.taskIds()) {
        const task = running.get(id);
        if (task === undefined || isTerminal(task.state as TaskState)) follower.end(id);
      }
    } catch (error) {
      if (signal.aborted) throw reasonOf(signal);
      // The orchestrator may be starting again; the logs come from the agents meanwhile.
      if (isApiError(error)) throw error;
    }
  }
}

/** On a terminal, log text is made harmless and each line says whose it is; elsewhere it stays as it was written. */
function listenerOf(session: Session): LogListener {
  const { printer } = session;
  const { isTerminal: isShown } = printer.stdout;
  const styles = printer.paint('dim', 'x') !== 'x';
  const prefixOf = (taskId: string, index: number): string =>
    printer.quiet ? '' : `${printer.paint(tagStyle(index), safeText(instanceLabel(taskId)))} `;
  return {
    onLines(taskId, index, lines) {
      if (printer.format !== 'table') {
        for (const line of lines) printer.item({ task: taskId, line }, () => line);
        return;
      }
      const prefix = prefixOf(taskId, index);
      printer.lines(lines.map((line) => `${prefix}${isShown ? safeLogLine(line, styles) : line}`));
    },
    onNote: (taskId, _index, note) => printer.remark(`--- ${instanceLabel(taskId)}: ${note} ---`),
  };
}
